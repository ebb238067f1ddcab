// `npm run test:electron`: the extension-host suite in desktop VS Code, downloaded by @vscode/test-electron. Without a
// display on Linux, run it under xvfb-run. `-- --version 1.101.0` takes another version than the newest.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runTests } from "@vscode/test-electron";
import { build } from "../esbuild.mjs";
import { programsFolder, repositoryRoot } from "./lib/paths.mjs";
import { createSampleWorkspace } from "./lib/sampleWorkspace.mjs";

const { values } = parseArgs({ options: { version: { type: "string", default: "stable" } } });
const folder = await mkdtemp(join(tmpdir(), "tracekeeper-electron-"));
try {
  await build({ quiet: true });
  const workspace = await createSampleWorkspace(join(folder, "workspace"));
  process.exitCode = await runTests({
    version: values.version,
    cachePath: programsFolder,
    extensionDevelopmentPath: repositoryRoot,
    extensionTestsPath: join(repositoryRoot, "dist/test/index.js"),
    launchArgs: [
      workspace,
      "--disable-workspace-trust",
      "--disable-extensions",
      `--user-data-dir=${join(folder, "data")}`,
    ],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
