// The harness itself: the packaged extension is there, commands, files and the cursor can be reached.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

describe("the packaged extension in VS Code", () => {
  let browser: Browser;
  let vscode: RunningVscode;
  let workbench: Workbench;

  beforeAll(async () => {
    browser = await launchChromium();
    vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
    workbench = await openWorkbench(browser, vscode.url());
  });

  afterAll(async () => {
    await browser?.close();
    await vscode?.stop();
  });

  it("opens a file of the sample workspace and knows its cursor", async () => {
    await workbench.openFile("test/billing/tax.test.ts");
    await workbench.goToLine(41, 23);
    expect(await workbench.cursor()).toEqual({ file: "tax.test.ts", line: 41, column: 23 });
  });

  it("has an icon of its own in the activity bar", async () => {
    await workbench.openContainer("Tracekeeper");
    expect(await workbench.sideBar.getByText("Tracekeeper").count()).toBeGreaterThan(0);
  });
});
