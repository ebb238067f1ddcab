// Bundles every program of the extension: `node esbuild.mjs [--watch] [--production] [name...]`.
// The table of programs is the plan: an entry whose source is not there is no program yet. Nothing else is skipped.

import { existsSync, globSync, readFileSync } from "node:fs";
import { cp, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

export const repositoryRoot = dirname(fileURLToPath(import.meta.url));

/** What is bundled must run on the Node of the oldest supported VS Code (1.101), the npm package on Node 20. */
const vscodeNode = "node22.15";
const packageNode = "node20";
/** Electron 35, the browser of VS Code 1.101. */
const vscodeBrowser = "chrome134";

/**
 * A name, its source, its bundle below the output folder, the size that a production build may reach, and for a library
 * the file of its types.
 */
/** @typedef {{ name: string, source: string, outfile: string, options: esbuild.BuildOptions, budgetKb?: number, devOnly?: boolean, declarations?: string }} Entry */

/** @type {esbuild.BuildOptions} */
const nodeProgram = { platform: "node", format: "cjs", target: vscodeNode };

/** @type {readonly Entry[]} */
const entries = [
  {
    name: "host",
    source: "src/extension.ts",
    outfile: "extension.js",
    options: { ...nodeProgram, external: ["vscode"] },
    budgetKb: 600,
  },
  {
    name: "playbooks",
    source: "src/host/playbook/playbookTools.ts",
    outfile: "playbooks.js",
    options: nodeProgram,
  },
  { name: "session", source: "src/session/main.ts", outfile: "session.js", options: nodeProgram },
  { name: "collector", source: "src/collector/main.ts", outfile: "collector.js", options: nodeProgram },
  {
    name: "cli",
    source: "src/cli.ts",
    outfile: "cli.js",
    options: { ...nodeProgram, target: packageNode, banner: { js: "#!/usr/bin/env node" } },
  },
  {
    name: "recorder",
    source: "src/recorder/index.ts",
    outfile: "recorder.js",
    options: { ...nodeProgram, target: packageNode },
    declarations: "recorder.d.ts",
  },
  { name: "reader", source: "src/reader/main.ts", outfile: "reader.js", options: nodeProgram },
  { name: "partScanner", source: "src/reader/partScanner.ts", outfile: "partScanner.js", options: nodeProgram },
  {
    name: "webview",
    source: "webview/main.tsx",
    outfile: "webview/main.js",
    options: {
      platform: "browser",
      format: "esm",
      // What is wanted later is loaded later.
      splitting: true,
      chunkNames: "[name]-[hash]",
      target: vscodeBrowser,
      jsx: "automatic",
      jsxImportSource: "preact",
      // Copied beside the bundle, so that the style sheet finds it there.
      external: ["./codicon.ttf"],
    },
    budgetKb: 300,
  },
  {
    name: "batchPage",
    source: "webview/batch/batch.tsx",
    outfile: "webview/batch.js",
    options: {
      platform: "browser",
      format: "esm",
      target: vscodeBrowser,
      jsx: "automatic",
      jsxImportSource: "preact",
      external: ["../codicon.ttf", "./codicon.ttf"],
    },
    budgetKb: 200,
  },
  {
    name: "tests",
    source: "test/vscode/index.ts",
    outfile: "test/index.js",
    // Mocha stays a package: it loads its parts by name and the suite must share its one instance.
    options: { ...nodeProgram, external: ["vscode", "mocha"], plugins: [allSuites()] },
    devOnly: true,
  },
];

/**
 * What a production bundle may weigh, in KB (1,000 bytes), by its file below the output folder.
 * @type {Readonly<Record<string, number>>}
 */
export const budgetsKb = Object.fromEntries(
  entries.flatMap(({ outfile, budgetKb }) => (budgetKb === undefined ? [] : [[outfile, budgetKb]])),
);

/**
 * Resolves the module `suite:all` to an import of every `test/vscode/suite` test, found by glob, so that no list of
 * tests is kept by hand.
 * @returns {esbuild.Plugin}
 */
function allSuites() {
  const suiteFolder = join(repositoryRoot, "test/vscode/suite");
  return {
    name: "all-suites",
    setup(build) {
      build.onResolve({ filter: /^suite:all$/ }, () => ({ path: "all", namespace: "suite" }));
      build.onLoad({ filter: /.*/, namespace: "suite" }, () => {
        const files = globSync("**/*.test.ts", { cwd: suiteFolder }).sort();
        return {
          contents: files.map((file) => `import ${JSON.stringify(`./${file.split(sep).join("/")}`)};`).join("\n"),
          resolveDir: suiteFolder,
          watchDirs: [suiteFolder],
          watchFiles: files.map((file) => join(suiteFolder, file)),
        };
      });
    },
  };
}

/**
 * Prints one line when a build begins and one when none is under way any more, by which a background task of VS Code
 * knows that it may start what waits for it; between them the errors, as its problem matcher reads them.
 * @returns {esbuild.Plugin}
 */
function watchReport() {
  return {
    name: "watch-report",
    setup(build) {
      build.onStart(() => {
        if (buildsUnderWay === 0) console.log("[watch] build started");
        buildsUnderWay += 1;
      });
      build.onEnd((result) => {
        for (const { text, location } of result.errors) {
          const place = location ? `${location.file}:${location.line}:${location.column + 1}` : "esbuild.mjs:1:1";
          console.error(`✘ [ERROR] ${text}\n    ${place}:`);
        }
        buildsUnderWay -= 1;
        if (buildsUnderWay === 0) console.log("[watch] build finished");
      });
    },
  };
}

let buildsUnderWay = 0;

/**
 * @param {Entry} entry
 * @param {{ production: boolean, outputFolder: string }} mode
 * @returns {esbuild.BuildOptions}
 */
function optionsOf(entry, { production, outputFolder }) {
  return {
    absWorkingDir: repositoryRoot,
    entryPoints: [entry.source],
    ...(entry.options.splitting === true
      ? { outdir: dirname(join(outputFolder, entry.outfile)) }
      : { outfile: join(outputFolder, entry.outfile) }),
    bundle: true,
    minify: production,
    sourcemap: production ? false : "linked",
    sourcesContent: false,
    legalComments: "none",
    charset: "utf8",
    define: { "process.env.NODE_ENV": JSON.stringify(production ? "production" : "development") },
    logLevel: "silent",
    metafile: true,
    ...entry.options,
  };
}

/** @param {string} outputFolder */
async function copyIconFont(outputFolder) {
  const source = join(repositoryRoot, "node_modules/@vscode/codicons/dist/codicon.ttf");
  await mkdir(join(outputFolder, "webview"), { recursive: true });
  await cp(source, join(outputFolder, "webview/codicon.ttf"));
}

/**
 * Builds the named entries (all of them when none is named) and checks the production budgets.
 * @param {{ names?: readonly string[], production?: boolean, outputFolder?: string, quiet?: boolean, budgets?: boolean }} [request]
 *   `budgets: false` lets a production bundle be of any size
 * @returns {Promise<void>} rejects when an entry does not build, is unknown, or is over its budget
 */
export async function build({ names = [], production = false, outputFolder, quiet = false, budgets = true } = {}) {
  const folder = resolve(repositoryRoot, outputFolder ?? "dist");
  const chosen = chosenEntries(names, production);
  // Only a package must hold nothing old; a development build leaves alone what a running VS Code has loaded.
  if (production && names.length === 0) await rm(folder, { recursive: true, force: true });
  /** @type {string[]} */
  const failures = [];
  for (const entry of chosen) {
    if (!existsSync(join(repositoryRoot, entry.source))) continue;
    const built = await buildEntry(entry, { production, outputFolder: folder });
    if (typeof built === "string") {
      failures.push(built);
      continue;
    }
    if (dirname(entry.outfile) === "webview") await copyIconFont(folder);
    const files = Object.keys(built.metafile?.outputs ?? {}).filter((file) => !file.endsWith(".map"));
    if (entry.declarations !== undefined) {
      const written = await writeDeclarations(entry, join(folder, entry.declarations));
      if (typeof written === "string") failures.push(written);
      else files.push(written.file);
    }
    const sizes = await Promise.all(
      files.map(async (file) => {
        const path = resolve(repositoryRoot, file);
        return { file, bytes: (await stat(path)).size, gzipped: gzipSync(readFileSync(path)).length };
      }),
    );
    const atStart = filesAtStart(built.metafile, entry.source);
    const bundles = sizes.filter(({ file }) => !file.endsWith(".d.ts") && (atStart.has(file) || file.endsWith(".css")));
    const totalKb = bundles.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
    if (!quiet) {
      for (const { file, bytes, gzipped } of sizes) {
        const shown = relative(repositoryRoot, resolve(repositoryRoot, file));
        console.log(`  ${entry.name.padEnd(10)} ${shown.padEnd(28)} ${kilobytes(bytes)}  (gzip ${kilobytes(gzipped)})`);
      }
    }
    if (production && budgets && entry.budgetKb !== undefined && totalKb > entry.budgetKb) {
      failures.push(`${entry.name} is ${totalKb.toFixed(0)} KB, over its budget of ${entry.budgetKb} KB.`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

/**
 * The program itself and what it imports before it runs.
 * @param {esbuild.Metafile | undefined} metafile
 * @param {string} source
 */
function filesAtStart(metafile, source) {
  const outputs = metafile?.outputs ?? {};
  const files = new Set(Object.keys(outputs).filter((file) => outputs[file]?.entryPoint === source));
  for (const file of files) {
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === "import-statement") files.add(path);
  }
  return files;
}

/**
 * The result, or a text on why there is none, so that one broken program does not hide what is wrong with another.
 * @param {Entry} entry
 * @param {{ production: boolean, outputFolder: string }} mode
 * @returns {Promise<esbuild.BuildResult | string>}
 */
async function buildEntry(entry, mode) {
  try {
    return await esbuild.build(optionsOf(entry, mode));
  } catch (error) {
    const errors = /** @type {Partial<esbuild.BuildFailure>} */ (error).errors;
    if (errors === undefined) throw error;
    const text = await esbuild.formatMessages(errors, { kind: "error", color: process.stdout.isTTY === true });
    return `${entry.name} does not build.\n${text.join("")}`;
  }
}

/**
 * Writes the types of an entry as one file, without what is marked `@internal`. It may import Node's own modules and
 * nothing else: not a file of ours, and no package, for what is bundled is no dependency of the one who uses it.
 * @param {Entry} entry
 * @param {string} file
 * @returns {Promise<{ file: string } | string>} a text where it could not be written
 */
async function writeDeclarations(entry, file) {
  // Loaded here, because they load a compiler, which the other programs need not wait for.
  const { rollup } = await import("rollup");
  const { dts } = await import("rollup-plugin-dts");
  try {
    const bundle = await rollup({
      input: join(repositoryRoot, entry.source),
      plugins: [dts({ tsconfig: join(repositoryRoot, "src/tsconfig.json"), compilerOptions: { stripInternal: true } })],
      external: isBuiltin,
      onLog: (_level, { message }) => {
        throw new Error(message);
      },
    });
    const { output } = await bundle.generate({ format: "es" });
    await bundle.close();
    const foreign = output.flatMap((part) => (part.type === "chunk" ? part.imports : [part.fileName]));
    const notOurs = foreign.filter((name) => !isBuiltin(name));
    if (notOurs.length > 0) return `The types of ${entry.name} are not to be had without ${notOurs.join(", ")}.`;
    await writeFile(file, output[0].code);
    return { file };
  } catch (error) {
    return `${entry.name} has no types. ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * @param {readonly string[]} names
 * @param {boolean} production
 */
function chosenEntries(names, production) {
  const unknown = names.filter((name) => !entries.some((entry) => entry.name === name));
  if (unknown.length > 0) {
    throw new Error(`No such entry: ${unknown.join(", ")}. There are ${entries.map(({ name }) => name).join(", ")}.`);
  }
  if (names.length > 0) return entries.filter(({ name }) => names.includes(name));
  return entries.filter(({ devOnly }) => !production || devOnly !== true);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(7)} KB`;
}

async function watch() {
  const outputFolder = join(repositoryRoot, "dist");
  const present = entries.filter(({ source }) => existsSync(join(repositoryRoot, source)));
  if (present.some(({ outfile }) => dirname(outfile) === "webview")) await copyIconFont(outputFolder);
  const contexts = await Promise.all(
    present.map((entry) => {
      const options = optionsOf(entry, { production: false, outputFolder });
      return esbuild.context({ ...options, plugins: [...(options.plugins ?? []), watchReport()] });
    }),
  );
  await Promise.all(contexts.map((context) => context.watch()));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const flags = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  try {
    if (flags.includes("--watch")) await watch();
    else await build({ names, production: flags.includes("--production") });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
