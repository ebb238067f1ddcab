// `npm start [-- --server] [--port <number>]`: opens the extension in a real VS Code on the sample workspace. That is
// desktop VS Code where `code` is on the PATH, else (or with --server) the VS Code server on a loopback port.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../esbuild.mjs";
import { cacheFolder, repositoryRoot, sampleWorkspaceFolder } from "./lib/paths.mjs";
import { createSampleWorkspace } from "./lib/sampleWorkspace.mjs";
import { installExtension, startServer } from "./lib/vscodeServer.mjs";
import { packageExtension } from "./lib/vsix.mjs";

/** A browser at `localhost:PORT` keeps its layout there, so the port stays the same from start to start when it can. */
const usualPort = 8917;

try {
  const { values } = parseArgs({ options: { server: { type: "boolean" }, port: { type: "string" } } });
  const workspace = await createSampleWorkspace(sampleWorkspaceFolder);
  if (values.server !== true && values.port === undefined && hasDesktop()) await openDesktop(workspace);
  else await serve(workspace, values.port === undefined ? undefined : Number(values.port));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Inside a remote window `code` is another program, which opens no development host. */
function hasDesktop() {
  if (process.env.VSCODE_IPC_HOOK_CLI !== undefined) return false;
  return spawnSync("code", ["--version"], { stdio: "ignore", shell: process.platform === "win32" }).status === 0;
}

/** @param {string} workspace */
async function openDesktop(workspace) {
  await build();
  const options = ["--new-window", "--disable-workspace-trust", `--extensionDevelopmentPath=${repositoryRoot}`];
  const { status } = spawnSync("code", [...options, workspace], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`code ended with ${status}; try \`npm start -- --server\`.`);
  console.log(`Opened ${workspace} in VS Code.`);
}

/**
 * @param {string} workspace
 * @param {number | undefined} port
 */
async function serve(workspace, port) {
  const folder = await mkdtemp(join(tmpdir(), "tracekeeper-start-"));
  try {
    const vsixPath = join(folder, "tracekeeper.vsix");
    await packageExtension(join(cacheFolder, `start-${process.pid}`), vsixPath, { budgets: false });
    const extensionsFolder = join(folder, "extensions");
    await installExtension(vsixPath, extensionsFolder);
    const request = { dataFolder: join(folder, "data"), extensionsFolder };
    const server =
      port === undefined
        ? await startServer({ ...request, port: usualPort }).catch(() => startServer(request))
        : await startServer({ ...request, port });
    const interrupted = new Promise((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
    console.log(`\nVS Code with Tracekeeper: ${server.url(workspace)}\nCtrl+C ends it.`);
    await Promise.race([interrupted, server.ended]);
    await server.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
