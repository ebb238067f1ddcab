import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { panelHeader } from "../../src/host/panel/panelHeader";
import { TraceModel } from "../../src/host/panel/traceModel";
import { loadSession } from "../../src/store/loadSession";
import { makeTempDir } from "../support/tempDir";

const agent = path.resolve(import.meta.dirname, "../fixtures/sampleWorkspace/tools/agent.mjs");

it("The sample workspace's agent ends in a failure that leads to a line of that workspace", async () => {
  await using folder = await makeTempDir();
  await promisify(execFile)(process.execPath, [agent, "--pace", "0", "--traces", folder.path]);
  const [file = ""] = await readdir(folder.path);
  const store = {
    load: (key: string) => loadSession(key, () => "unknown"),
    watchSession: () => ({ dispose() {} }),
  };
  const model = new TraceModel(folder.join(file), store, silentLogger);
  await model.reload();
  if (!model.picture) throw new Error("no picture");
  const header = panelHeader(model.picture, Date.now(), { timeZone: "UTC", statusLabel: (_status, label) => label });
  expect(header).toMatchObject({ statusLabel: "Failed", problemCount: 0, failingStep: { rule: "failed-path" } });
  expect(header.failingStep?.place).toMatch(/sampleWorkspace\/test\/billing\/tax\.test\.ts:41$/);
});
