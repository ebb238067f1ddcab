import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { panelHeader } from "../../src/host/panel/panelHeader";
import { loadSession } from "../../src/store/loadSession";
import { localReader } from "../support/localReader";
import { makeTempDir } from "../support/tempDir";
import { wholeSource } from "../support/wholeSource";

const agent = path.resolve(import.meta.dirname, "../fixtures/sampleWorkspace/tools/agent.mjs");

it("The sample workspace's agent ends in a failure that leads to a line of that workspace", async () => {
  await using folder = await makeTempDir();
  await promisify(execFile)(process.execPath, [agent, "--pace", "0", "--traces", folder.path]);
  const [file = ""] = await readdir(folder.path);
  const reader = localReader((key) => wholeSource(() => loadSession(key, () => "unknown")));
  const facts = await reader.once(folder.join(file), async (trace) => trace.facts);
  reader.dispose();
  if (facts === undefined) throw new Error("There is no picture.");
  const texts = { timeZone: "UTC", statusLabel: (_status: string, label: string) => label };
  const header = panelHeader(facts.header, facts.state, Date.now(), texts);
  expect(header).toMatchObject({ statusLabel: "Failed", problemCount: 0, failingStep: { rule: "failed-path" } });
  expect(header.failingStep?.place).toMatch(/sampleWorkspace\/test\/billing\/tax\.test\.ts:41$/);
});
