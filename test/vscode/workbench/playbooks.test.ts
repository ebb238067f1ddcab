// Playbooks as a person uses them: written, run, failed, mended at the line that failed, resumed and green.
import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  vscode = await startVscode({
    extensionsFolder: inject("packagedExtensionsFolder"),
    sampleTraces: false,
    settings: { "tracekeeper.collector.port": 0 },
  });
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterEach(async () => {
  await workbench?.close();
  await vscode?.stop();
});

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

const inWorkspace = (name: string) => path.join(vscode.workspaceFolder, name);

/** Lines of a file that steps append to. */
async function lines(name: string): Promise<string[]> {
  return (await readFile(inWorkspace(name), "utf8").catch(() => "")).split("\n").filter(Boolean);
}

const failing = `name: Nightly check
steps:
  - id: build
    name: Build
    action: run
    with: { command: echo built >> done.txt }
  - id: check
    name: Check
    action: run
    with:
      command: echo checked >> done.txt; exit 3
    failure_message: The check did not pass
  - id: tell
    name: Tell
    action: run
    with: { command: echo told >> done.txt }
`;

describe("a playbook", () => {
  it("is written, run from the palette, fails, is mended at its line, resumed and green", async () => {
    const { page } = workbench;
    await workbench.runCommand("Tracekeeper: New Playbook…");
    await workbench.answerQuickInput("Nightly check");
    await workbench.tab("nightly-check.playbook.yaml").waitFor();
    await page.locator(".editor-group-container.active .view-lines").click();
    await workbench.press("Control+A");
    // Typing would indent each line once more.
    await page.evaluate((text) => navigator.clipboard.writeText(text), failing);
    await workbench.press("Control+V");
    await workbench.runCommand("Tracekeeper: Run Playbook…");
    const banner = workbench.panel().getByRole("region", { name: "Failure" });
    await banner.getByText("The check did not pass").waitFor();
    expect(await lines("done.txt")).toEqual(["built", "checked"]);
    await workbench
      .row("Nightly check")
      .getByText(/Failed/)
      .waitFor();

    await banner.getByRole("button", { name: "Go to Source" }).click();
    await eventually(() => workbench.cursor()).toMatchObject({ file: "nightly-check.playbook.yaml", line: 7 });
    await workbench.goToLine(11, "      command: echo checked >> done.txt".length + 1);
    await workbench.press("Shift+End", "Delete", "Control+S");
    await banner.getByRole("button", { name: "Resume" }).click();
    await workbench
      .row("Nightly check")
      .getByText(/Completed/)
      .waitFor();
    expect(await lines("done.txt")).toEqual(["built", "checked", "checked", "told"]);
  });
});
