// `npm test [-- <suite>... [option...]]`: runs every suite, or the named ones, and ends with `N passed, N failed`.
// Before that stands once more what failed, because the end of a long log is what is read, and what is kept of it.
// Options go to the suites that take them: `npm test -- workbench -t "reload"`. A suite that crashes, or that runs no
// test at all, counts as one failure: silence is never success.
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { build } from "../esbuild.mjs";
import { findChromium } from "./lib/chromium.mjs";
import { runExtensionSuite } from "./lib/extensionSuite.mjs";
import { cacheFolder, packageFile, pinnedNode, repositoryRoot } from "./lib/paths.mjs";
import { runToEnd } from "./lib/processes.mjs";
import { failuresIn } from "./lib/testReport.mjs";
import { installServer } from "./lib/vscodeServer.mjs";

/** @typedef {{ passed: number, failed: number, failures?: readonly string[] }} Counts with what failed: name, message */
/** @typedef {{ name: string, about: string, needsServer?: boolean, run: (options: readonly string[]) => Promise<Counts> }} Suite */

const worlds = ["src/tsconfig.pure.json", "src", "webview", "test", "scripts"];
const resultsFolder = join(cacheFolder, "results");

/** @type {readonly Suite[]} */
const suites = [
  { name: "types", about: "each TypeScript project", run: checkTypes },
  { name: "lint", about: "Biome: lint rules and format", run: () => check(biome(), ["check", "--error-on-warnings"]) },
  { name: "imports", about: "the directions of imports", run: checkImports },
  { name: "bundles", about: "every program builds for production, within its budget", run: checkBundles },
  { name: "unit", about: "everything that runs in Node", run: (options) => vitest("unit", options) },
  { name: "browser", about: "the built panel in Chromium", run: (options) => vitest("browser", options) },
  { name: "vscode", about: "inside the extension host", needsServer: true, run: extensionHost },
  {
    name: "workbench",
    about: "the packaged extension, by keyboard and mouse",
    needsServer: true,
    run: (options) => vitest("workbench", options),
  },
];

async function main() {
  const { chosen, options } = parse(process.argv.slice(2));
  await rm(resultsFolder, { recursive: true, force: true });
  await mkdir(resultsFolder, { recursive: true });
  if (chosen.some(({ needsServer }) => needsServer === true)) await installServer();
  if (chosen.some(({ name }) => ["browser", "vscode", "workbench"].includes(name))) await findChromium();
  /** @type {{ name: string, counts: Counts, seconds: number }[]} */
  const results = [];
  for (const { name, about, run } of chosen) {
    console.log(`\n== ${name}: ${about}`);
    const startMs = performance.now();
    const counts = await run(options).catch((error) => {
      console.error(error instanceof Error ? error.message : error);
      return { passed: 0, failed: 1, failures: [String(error)] };
    });
    if (counts.passed + counts.failed === 0) {
      console.error(`${name} ran no test.`);
      counts.failed = 1;
    }
    results.push({ name, counts, seconds: (performance.now() - startMs) / 1000 });
  }
  for (const { name, counts } of results) {
    for (const failure of counts.failures ?? []) console.log(`\nFAILED (${name}): ${inShort(failure)}`);
  }
  console.log("");
  for (const { name, counts, seconds } of results) {
    const { passed, failed } = counts;
    console.log(`${name.padEnd(10)} ${pad(passed)} passed ${pad(failed)} failed ${seconds.toFixed(1).padStart(7)} s`);
  }
  const passed = results.reduce((sum, { counts }) => sum + counts.passed, 0);
  const failed = results.reduce((sum, { counts }) => sum + counts.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** @param {readonly string[]} words */
function parse(words) {
  const suiteNames = new Set(suites.map(({ name }) => name));
  const firstOption = words.findIndex((word) => !suiteNames.has(word));
  const names = firstOption < 0 ? words : words.slice(0, firstOption);
  const options = firstOption < 0 ? [] : words.slice(firstOption);
  if (names.length === 0 && options[0]?.startsWith("-") === false) {
    const known = suites.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n");
    throw new Error(`There is no suite "${options[0]}". There are:\n${known}`);
  }
  return { chosen: names.length === 0 ? suites : suites.filter(({ name }) => names.includes(name)), options };
}

/** @param {string} failure */
function inShort(failure) {
  const lines = stripVTControlCharacters(failure).split("\n");
  return lines.slice(0, 12).join("\n  ").slice(0, 1500);
}

/** @param {number} count */
function pad(count) {
  return String(count).padStart(6);
}

/** @returns {Promise<Counts>} */
async function checkTypes() {
  const counts = { passed: 0, failed: 0, failures: /** @type {string[]} */ ([]) };
  for (const world of worlds) {
    const result = await check(packageFile("@typescript/native/bin/tsc"), ["-p", world]);
    counts.passed += result.passed;
    counts.failed += result.failed;
    counts.failures.push(...(result.failures ?? []));
  }
  return counts;
}

async function checkImports() {
  const folders = ["src", "webview", "test"].filter((folder) => existsSync(join(repositoryRoot, folder)));
  const program = packageFile("dependency-cruiser/bin/dependency-cruise.mjs");
  return await check(program, ["--config", ".dependency-cruiser.cjs", ...folders]);
}

async function checkBundles() {
  const folder = join(cacheFolder, `bundles-${process.pid}`);
  try {
    await build({ production: true, outputFolder: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { passed: 1, failed: 0 };
}

function biome() {
  return packageFile("@biomejs/biome/bin/biome");
}

/**
 * A check that says only yes or no: one count.
 * @param {string} program
 * @param {readonly string[]} programArguments
 * @returns {Promise<Counts>}
 */
async function check(program, programArguments) {
  const code = await runToEnd(pinnedNode, [program, ...programArguments]);
  console.log(`${code === 0 ? "ok" : "FAILED"}: ${programArguments.join(" ")}`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, failures: [programArguments.join(" ")] };
}

/**
 * @param {string} project
 * @param {readonly string[]} options
 * @returns {Promise<Counts>}
 */
async function vitest(project, options) {
  const file = join(resultsFolder, `${project}.json`);
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${file}`];
  const commandLine = [
    "run",
    "--config",
    "test/vitest.config.mts",
    "--project",
    project,
    "--passWithNoTests=false",
    ...reporters,
    ...(process.stdout.isTTY ? [] : ["--no-color"]),
    ...options,
  ];
  const code = await runToEnd(pinnedNode, [packageFile("vitest/vitest.mjs"), ...commandLine]);
  /** @type {import("./lib/testReport.mjs").TestReport | null} */
  const report = JSON.parse(await readFile(file, "utf8").catch(() => "null"));
  if (report === null) throw new Error(`${project} ended with ${code} and wrote no result.`);
  // Tests that `-t` passes over are not skipped ones.
  const filtered = options.some((option) => option === "-t" || option.startsWith("--testNamePattern"));
  const skipped = filtered ? 0 : report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.error(`${skipped} skipped test(s) count as failed.`);
  const failures = failuresIn(report);
  const failed = failures.length + skipped;
  return { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed, failures };
}

/**
 * @param {readonly string[]} options
 * @returns {Promise<Counts>}
 */
async function extensionHost(options) {
  const name = options.indexOf("-t");
  // Nothing listens at a port that others may want.
  const settings = { "tracekeeper.collector.port": 0 };
  return await runExtensionSuite({ grep: name < 0 ? "" : (options[name + 1] ?? ""), settings });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  process.exitCode = 1;
}
