// Runs a TypeScript program of the tests: it is bundled (packages stay packages) and run by the pinned Node.
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { cacheFolder, pinnedNode, repositoryRoot } from "./paths.mjs";
import { runToEnd } from "./processes.mjs";

/**
 * The scripts find the repository by their own place, so they are imported from there.
 * @type {esbuild.Plugin}
 */
const keepScripts = {
  name: "keep-scripts",
  setup(build) {
    build.onResolve({ filter: /^\..*\.mjs$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(resolve(resolveDir, path)).href,
      external: true,
    }));
  },
};

/**
 * @param {string} source relative to the repository
 * @param {readonly string[]} programArguments
 * @param {{ nodeOptions?: readonly string[] }} [options]
 * @returns {Promise<number>} its exit code
 */
export async function runTypeScript(source, programArguments, { nodeOptions = [] } = {}) {
  const outfile = join(cacheFolder, "programs", `${source.replaceAll("/", "-")}.${process.pid}.mjs`);
  await esbuild.build({
    absWorkingDir: repositoryRoot,
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    packages: "external",
    plugins: [keepScripts],
    sourcemap: "inline",
    logLevel: "warning",
  });
  try {
    return await runToEnd(pinnedNode, ["--enable-source-maps", ...nodeOptions, outfile, ...programArguments]);
  } finally {
    await rm(outfile, { force: true });
  }
}
