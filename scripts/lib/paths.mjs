// Where things are in this repository. Everything that is made here and not kept lies in a folder that git ignores.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Downloaded or unpacked programs: the VS Code server, desktop VS Code, the browser. */
export const programsFolder = join(repositoryRoot, ".vscode-test");

/** Results, bundles of tests, packages on trial. */
export const cacheFolder = join(repositoryRoot, ".cache");

export const sampleWorkspaceFolder = join(repositoryRoot, ".sample-workspace");
export const screenshotsFolder = join(repositoryRoot, ".screenshots");
export const benchFolder = join(repositoryRoot, ".bench");

/** The pinned Node, which the npm package `node` brings. */
export const pinnedNode = join(
  repositoryRoot,
  "node_modules/node/bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** @param {string} name a program that an npm package brings, as a JavaScript file */
export function packageFile(name) {
  return join(repositoryRoot, "node_modules", name);
}
