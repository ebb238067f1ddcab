// Loads and activates the production bundle in fresh processes, against compiling alone; and the sizes of the bundles.
import { execFile } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { budgetsKb, build } from "../../esbuild.mjs";
import { activateAlone } from "../support/activateAlone";
import { type Figure, median, reportBench } from "../support/bench";
import { makeTempDir } from "../support/tempDir";

const rounds = 9;
const compileAlone = `
  const startMs = performance.now();
  const { readFileSync } = require("node:fs");
  new (require("node:vm").Script)(require("node:module").wrap(readFileSync(process.argv[1], "utf8")));
  process.stdout.write(String(performance.now() - startMs));
`;

await using folder = await makeTempDir();
await build({ production: true, outputFolder: folder.join("dist"), quiet: true, budgets: false });
await mkdir(folder.join("workspace"));
const bundle = folder.join("dist/extension.js");
const runs = { load: [] as number[], activate: [] as number[], both: [] as number[], compile: [] as number[] };
// The first round warms the page cache.
for (let round = 0; round <= rounds; round++) {
  const run = await activateAlone(bundle, {
    folder: folder.join("workspace"),
    storage: folder.join("storage"),
    until: "rest",
  });
  const compiled = await promisify(execFile)(process.execPath, ["-e", compileAlone, bundle]);
  if (round === 0) continue;
  runs.load.push(run.loadMs);
  runs.activate.push(run.activateMs);
  runs.both.push(run.loadMs + run.activateMs);
  runs.compile.push(Number(compiled.stdout));
}
const sizes: Figure[] = [];
for (const [file, budgetKb] of Object.entries(budgetsKb)) {
  const { size } = await stat(join(folder.path, "dist", file));
  sizes.push({ what: `size of ${file}`, unit: "KB", value: size / 1000, reach: budgetKb });
}
await reportBench("activate", [
  { what: "load and activate", unit: "ms", value: median(runs.both), reach: 50 },
  { what: "the same against compiling alone", unit: "ms", value: median(runs.both), reference: median(runs.compile) },
  { what: "  load", unit: "ms", value: median(runs.load) },
  { what: "  activate", unit: "ms", value: median(runs.activate) },
  ...sizes,
]);
