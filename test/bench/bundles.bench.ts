// Sizes of the production bundles, against their budgets.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { budgetsKb, build } from "../../esbuild.mjs";
import { type Figure, reportBench } from "../support/bench";
import { makeTempDir } from "../support/tempDir";

await using folder = await makeTempDir();
await build({ production: true, outputFolder: folder.path, quiet: true });
const figures: Figure[] = [];
for (const file of await readdir(folder.path, { recursive: true })) {
  if (!/\.(js|css)$/.test(file)) continue;
  const { size } = await stat(join(folder.path, file));
  figures.push({ what: file, unit: "KB", value: size / 1000, reach: budgetsKb[file] });
}
await reportBench("bundles", figures);
