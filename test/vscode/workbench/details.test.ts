// Details of steps in the real VS Code: what only its own page and its own editors can show.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { detailsTrace } from "../../screenshots/detailsTrace";
import { writeTrace } from "../../screenshots/madeTraces";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
  workbench = await openWorkbench(browser, vscode.url());
  const file = join(vscode.workspaceFolder, ".tracekeeper", "traces", "ses_details.json");
  await writeTrace(file, detailsTrace("ses_details", Date.now() - 60_000));
  await workbench.openContainer("Tracekeeper");
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

async function openStep(words: RegExp): Promise<void> {
  await workbench.row("Why is August so low").first().click();
  await workbench.tab("ses_details.json").waitFor();
  const row = workbench.panel().locator("[role=row]").filter({ hasText: words }).first();
  await row.click({ position: { x: 40, y: 10 } });
}

describe("details of a step", () => {
  it("draw an image that the trace holds, under VS Code's own rules for what a page may load", async () => {
    await openStep(/generation-1/);
    const image = workbench.panel().locator(".image img");
    await workbench
      .panel()
      .locator(".image")
      .evaluate((element) => element.scrollIntoView());
    await image.waitFor();
    await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(720);
  });

  it("lead from a path in a text to the line that it names", async () => {
    await openStep(/vitest run/);
    await workbench.panel().getByRole("link", { name: "src/billing/invoice.ts:7", exact: true }).first().click();
    await expect.poll(() => workbench.cursor()).toMatchObject({ file: "invoice.ts", line: 7 });
  });

  it("compare the texts of an edit in VS Code's own editor", async () => {
    await openStep(/edit.*totals/);
    await workbench.panel().getByRole("button", { name: "Open Diff in an Editor" }).click();
    await workbench.tab("/repo/src/billing/totals.ts (recorded edit)").waitFor();
  });

  it("open a payload as a text", async () => {
    await openStep(/create_issue/);
    await workbench.panel().getByRole("button", { name: "Open Arguments in an Editor" }).click();
    await workbench.tab("mcp__github__create_issue input.json").waitFor();
  });
});
