// `npm run bench -- <name> [argument...]`: runs test/bench/<name>.bench.ts, which prints a table and writes
// .bench/<name>.json. Without a name it lists the benchmarks. They compare side by side in one run; no test times anything.
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { benchFolder, repositoryRoot } from "./lib/paths.mjs";
import { runTypeScript } from "./lib/runTypeScript.mjs";

const folder = join(repositoryRoot, "test/bench");
const ending = ".bench.ts";
const files = existsSync(folder) ? (await readdir(folder)).filter((file) => file.endsWith(ending)).sort() : [];
const names = files.map((file) => file.slice(0, -ending.length));
const [name, ...benchArguments] = process.argv.slice(2);

if (name === undefined) {
  console.log("npm run bench -- <name>");
  for (const known of names) console.log(`  ${known.padEnd(16)} ${firstComment(join(folder, `${known}${ending}`))}`);
  if (names.length === 0) console.log("  There is none yet.");
} else if (names.includes(name)) {
  process.exitCode = await runTypeScript(`test/bench/${name}${ending}`, benchArguments, {
    nodeOptions: ["--expose-gc"],
  });
  if (process.exitCode === 0) console.log(`\n${join(benchFolder, `${name}.json`)}`);
} else {
  console.error(`There is no benchmark "${name}". There are: ${names.join(", ")}.`);
  process.exitCode = 2;
}

/** @param {string} file */
function firstComment(file) {
  return /^\/\/ (.*)/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
}
