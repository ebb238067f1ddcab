// A playbook as a person writes it: made by a command, typed with what is offered, wrong and put right, its last run above.
import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({
    extensionsFolder: inject("packagedExtensionsFolder"),
    sampleTraces: false,
    settings: { "tracekeeper.collector.port": 0 },
  });
  workbench = await openWorkbench(browser, vscode.url());
});

afterAll(async () => {
  await workbench?.close();
  await vscode?.stop();
  await browser?.close();
});

describe("writing a playbook", () => {
  it("begins with a commented one, offers what may stand there, and tells of a slip at its line", async () => {
    const { page } = workbench;
    await workbench.runCommand("Tracekeeper: New Playbook…");
    await page
      .locator(".quick-input-widget:visible")
      .getByText(/^The name of the playbook/)
      .waitFor();
    await page.keyboard.type("Nightly check");
    await page.keyboard.press("Enter");
    await workbench.tab("nightly-check.playbook.yaml").waitFor();
    const editor = page.locator(".editor-instance").first();
    await editor.getByText("Run traced").waitFor();

    const file = path.join(vscode.workspaceFolder, "nightly-check.playbook.yaml");
    const text = await readFile(file, "utf8");
    const line = text.split("\n").findIndex((each) => each.includes("timeout: 1m")) + 1;
    await workbench.goToLine(line, "    timeout: 1m".length + 1);
    await page.keyboard.press("Enter");
    await page.keyboard.type("retri");
    const offered = page.locator(".suggest-widget.visible");
    await offered.getByRole("option", { name: /^retries/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.type("two");
    await page.locator(".squiggly-error").first().waitFor();
    await page.keyboard.press("Control+S");
    await expect.poll(async () => (await readFile(file, "utf8")).split("\n")[line]).toBe("    retries: two");
    await workbench.runCommand("View: Toggle Problems");
    const problem = page.locator(".markers-panel").getByText(/`retries` must be a whole number from 0 to 100/);
    await problem.waitFor();
  });
});
