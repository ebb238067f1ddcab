// A real VS Code without a desktop: the server inside the npm package `code-server`, installed on demand into an ignored
// folder, pinned to one version. Each start gets folders of its own, listens on the loopback address only, and `stop`
// ends exactly the processes that were started here.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { installOnce } from "./installOnce.mjs";
import { pinnedNode, programsFolder } from "./paths.mjs";
import { npmProgram, pinnedEnvironment, runQuietly } from "./processes.mjs";

/** code-server 4.139.1 ships VS Code 1.139.1. */
export const codeServerVersion = "4.139.1";

/** Native modules without which the server does not start; the others bring prebuilt binaries or are not needed. */
const nativeModules = ["@vscode/spdlog", "@vscode/native-watchdog"];

/** Settings of a quiet workbench; a caller's settings win. */
export const quietSettings = {
  "chat.disableAIFeatures": true,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

/**
 * Installs the server when it is not there yet.
 * @returns {Promise<string>} absolute path of its program, to be run by the pinned Node
 */
export async function installServer() {
  if (process.platform === "win32") {
    throw new Error("The VS Code server does not run on Windows; use desktop VS Code (`code` on the PATH) there.");
  }
  // The last number is that of this recipe: a folder made by an older one is not used.
  const folder = join(programsFolder, `code-server-${codeServerVersion}-2`);
  await installOnce(folder, async (partial) => {
    console.log(`Installing the VS Code server (code-server ${codeServerVersion}); this happens once.`);
    const npm = npmProgram(pinnedNode);
    const options = { cwd: partial, env: npmEnvironment(), shell: npm.shell };
    const quiet = ["--no-audit", "--no-fund"];
    await writeFile(join(partial, "package.json"), `${JSON.stringify({ private: true })}\n`);
    // Its own install script builds modules that want system libraries; these three steps do without.
    const install = ["install", `code-server@${codeServerVersion}`, "--ignore-scripts", ...quiet];
    await runQuietly(npm.command, [...npm.prefix, ...install], options);
    const vscode = { ...options, cwd: vscodeFolder(partial) };
    await allowScripts(vscode.cwd);
    const installDependencies = [...npm.prefix, "install", "--omit=dev", "--ignore-scripts", ...quiet];
    await runQuietly(npm.command, installDependencies, vscode);
    // TypeScript for the built-in language features; without it every opened source file raises an error message.
    await runQuietly(npm.command, installDependencies, { ...vscode, cwd: join(vscode.cwd, "extensions") });
    try {
      await runQuietly(npm.command, [...npm.prefix, "rebuild", ...nativeModules], vscode);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(
        `Two modules of the VS Code server could not be compiled; this needs Python 3, make and a C++ compiler.\n${reason}`,
      );
    }
  });
  const program = join(vscodeFolder(folder), "out/server-main.js");
  if (!existsSync(program)) throw new Error(`${folder} is not what it should be; remove it and try again.`);
  return program;
}

/** @param {string} folder */
function vscodeFolder(folder) {
  return join(folder, "node_modules/code-server/lib/vscode");
}

/** npm from version 12 on runs no install script that the project does not name. */
async function allowScripts(/** @type {string} */ folder) {
  const file = join(folder, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8"));
  manifest.allowScripts = Object.fromEntries(nativeModules.map((name) => [name, true]));
  await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** npm hands its settings to scripts as variables; those of this project must not reach the install of another one. */
function npmEnvironment() {
  const environment = pinnedEnvironment();
  const own = /^npm_(package_|lifecycle_|config_(local_prefix|prefix|omit|dev|production|ignore_scripts)$)/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.test(name)));
}

/**
 * @param {string} vsixPath
 * @param {string} extensionsFolder
 */
export async function installExtension(vsixPath, extensionsFolder) {
  const program = await installServer();
  await mkdir(extensionsFolder, { recursive: true });
  const dataFolder = join(dirname(extensionsFolder), "install-data");
  const folders = ["--extensions-dir", extensionsFolder, "--server-data-dir", dataFolder];
  const install = ["--install-extension", vsixPath, "--force", "--accept-server-license-terms"];
  await runQuietly(pinnedNode, [program, ...install, ...folders], { env: serverEnvironment({}) });
}

/**
 * @typedef {object} ServerRequest
 * @property {string} dataFolder the server's state; a folder of its own for each run
 * @property {string} extensionsFolder the installed extensions
 * @property {boolean} [workspaceTrust] false (the default) trusts every workspace; true asks, as for a person
 * @property {boolean} [testDriver] lets a page start tests inside the extension host
 * @property {number} [port] 0 (the default) takes a free one
 * @property {Readonly<Record<string, unknown>>} [settings] machine settings, added to the quiet ones
 * @property {Readonly<Record<string, string>>} [env] added to the environment of the server and the extension host
 */

/**
 * @typedef {object} RunningServer
 * @property {number} port
 * @property {number} processId
 * @property {(workspaceFolder: string, payload?: readonly (readonly [string, string])[]) => string} url of a workspace
 * @property {() => string} output what the server wrote so far
 * @property {Promise<number>} ended its exit code
 * @property {() => Promise<void>} stop ends the server and what it started
 */

/**
 * @param {ServerRequest} request
 * @returns {Promise<RunningServer>} once it listens; rejects with its output when it ends before that
 */
export async function startServer(request) {
  const program = await installServer();
  const machineFolder = join(request.dataFolder, "data/Machine");
  await mkdir(machineFolder, { recursive: true });
  await mkdir(request.extensionsFolder, { recursive: true });
  const settings = { ...quietSettings, ...request.settings };
  await writeFile(join(machineFolder, "settings.json"), `${JSON.stringify(settings, undefined, 2)}\n`);
  const commandLine = [
    ...[program, "--host", "127.0.0.1", "--port", String(request.port ?? 0), "--without-connection-token"],
    ...["--accept-server-license-terms", "--disable-telemetry"],
    ...["--server-data-dir", request.dataFolder, "--extensions-dir", request.extensionsFolder],
    ...(request.workspaceTrust === true ? [] : ["--disable-workspace-trust"]),
    ...(request.testDriver === true ? ["--enable-smoke-test-driver"] : []),
  ];
  // A group of its own, so that `stop` reaches the extension hosts and terminals and nobody else.
  const child = spawn(pinnedNode, commandLine, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: serverEnvironment(request.env ?? {}),
  });
  let output = "";
  /** @type {Promise<number>} */
  const ended = new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  const endGroup = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  const endOnExit = () => endGroup("SIGKILL");
  process.once("exit", endOnExit);
  void ended.then(() => process.off("exit", endOnExit));
  const port = await new Promise((/** @type {(port: number) => void} */ resolve, reject) => {
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString("utf8");
      const listening = /Extension host agent listening on (\d+)/.exec(output);
      if (listening !== null) resolve(Number(listening[1]));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    void ended.then((code) => reject(new Error(`The VS Code server ended with ${code}.\n${output.slice(-4000)}`)));
  });
  return {
    port,
    processId: child.pid ?? 0,
    url: (workspaceFolder, payload = []) => {
      const query = new URLSearchParams({ folder: workspaceFolder });
      if (payload.length > 0) query.set("payload", JSON.stringify(payload));
      return `http://localhost:${port}/?${query}`;
    },
    output: () => output,
    ended,
    async stop() {
      endGroup("SIGTERM");
      const patience = setTimeout(() => endGroup("SIGKILL"), 5_000);
      await ended;
      clearTimeout(patience);
      endGroup("SIGKILL");
    },
  };
}

/** @param {Readonly<Record<string, string>>} added */
function serverEnvironment(added) {
  // A server that is started from a terminal of VS Code must not take itself for a part of that one.
  const inherited = Object.entries(pinnedEnvironment()).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|npm_|VITEST|NODE_OPTIONS$|NODE_ENV$|TEST$)/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...added };
}
