// Files of other programs in the real VS Code: each sample opens in the panel, by "Reopen Editor With…".
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
  for (const folder of ["transcripts", "otlp"]) {
    await cp(join(fixtures, folder), join(vscode.workspaceFolder, "others", folder), { recursive: true });
  }
  workbench = await openWorkbench(browser, vscode.url());
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

async function openAsTrace(path: string): Promise<void> {
  await workbench.openFile(path);
  await workbench.runCommand("View: Reopen Editor With...");
  await workbench.answerQuickInput("Tracekeeper");
}

function row(words: RegExp) {
  return workbench.panel().locator("[role=row]").filter({ hasText: words }).first();
}

describe("a file of another program", () => {
  it.each([
    ["transcripts/claude-code-representative.jsonl", /python \/tmp\/decorator_example\.py/],
    ["transcripts/claude-code-edge-cases.jsonl", /FailingTool/],
  ])("%s opens in the panel", async (name, words) => {
    await openAsTrace(`others/${name}`);
    await row(words).waitFor();
    expect(await row(words).isVisible()).toBe(true);
    await workbench.runCommand("View: Close All Editors");
  });
});
