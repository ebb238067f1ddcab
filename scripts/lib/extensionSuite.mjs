// Runs the bundled Mocha suite inside the extension host of the VS Code server and counts its tests.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { build } from "../../esbuild.mjs";
import { launchChromium } from "./chromium.mjs";
import { repositoryRoot } from "./paths.mjs";
import { createSampleWorkspace } from "./sampleWorkspace.mjs";
import { startServer } from "./vscodeServer.mjs";

/** Longer than any sound run; a hung extension host must not hold the build for ever. */
const patienceMs = 20 * 60_000;
const resultMark = "##tracekeeper-results ";

/**
 * @param {{ grep?: string, settings?: Readonly<Record<string, unknown>> }} [options]
 * @returns {Promise<{ passed: number, failed: number, failures: readonly string[] }>} with the failed tests' names and
 *     messages; rejects when the suite gives no counts
 */
export async function runExtensionSuite({ grep = "", settings = {} } = {}) {
  await build({ quiet: true });
  const folder = await mkdtemp(join(tmpdir(), "tracekeeper-suite-"));
  try {
    const workspace = await createSampleWorkspace(join(folder, "workspace"));
    const server = await startServer({
      dataFolder: join(folder, "data"),
      extensionsFolder: join(folder, "extensions"),
      testDriver: true,
      settings,
      env: { TRACEKEEPER_TEST_GREP: grep },
    });
    try {
      return await drive(server, workspace);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import("./vscodeServer.mjs").RunningServer} server
 * @param {string} workspace
 */
async function drive(server, workspace) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    /** @type {{ passed: number, failed: number, failures: readonly string[] } | undefined} */
    let counts;
    await page.exposeFunction("codeAutomationLog", (/** @type {string} */ _level, /** @type {unknown[]} */ values) => {
      const line = format(...values);
      const mark = line.indexOf(resultMark);
      if (mark >= 0) counts = JSON.parse(line.slice(mark + resultMark.length));
      else if (isOfMocha(line)) console.log(line);
    });
    const ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("The extension host did not end in time.")), patienceMs);
      page.once("crash", () => reject(new Error("The page crashed.")));
      void page.exposeFunction("codeAutomationExit", (/** @type {number} */ code) => {
        clearTimeout(timer);
        resolve(code);
      });
      void server.ended.then((code) => reject(new Error(`The VS Code server ended with ${code}.`)));
    });
    const remote = `vscode-remote://localhost:${server.port}`;
    await page.goto(
      server.url(workspace, [
        ["extensionDevelopmentPath", `${remote}${repositoryRoot}`],
        ["extensionTestsPath", `${remote}${join(repositoryRoot, "dist/test/index.js")}`],
        ["skipWelcome", "true"],
      ]),
    );
    const code = await ended;
    if (counts === undefined) throw new Error(`The extension host ended with ${code} and gave no counts.`);
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    await browser.close();
  }
}

/**
 * The extension host writes a good deal of its own; Mocha's report is indented or empty.
 * @param {string} line
 */
function isOfMocha(line) {
  return /^(\s{2,}|\s*$)/.test(line) || /^\s*(AssertionError|Error|at )/.test(line);
}
