// Jump to the failing step, through the failures, and to the source: by keyboard and mouse, one press at a time.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
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
  await workbench.openContainer("Tracekeeper");
  await workbench.row("Build revenue mart").waitFor();
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

function selected() {
  return workbench.panel().locator("[role=row][aria-selected=true]");
}

async function openSession(row: string | RegExp, tab: string): Promise<void> {
  await workbench.row(row).first().click();
  await workbench.tab(tab).waitFor();
  await workbench.panel().getByRole("treegrid").waitFor();
}

/** Number of the selected step among the eight failing calls of the loop sample, from 1. */
async function selectedAttempt(): Promise<number> {
  const row = await selected().getAttribute("aria-rowindex");
  const all = await workbench
    .panel()
    .locator("[role=row]")
    .filter({ hasText: "npm ci" })
    .evaluateAll((rows) => rows.map((each) => Number(each.getAttribute("aria-rowindex"))));
  return all.sort((a, b) => a - b).indexOf(Number(row)) + 1;
}

describe("opening a failed trace", () => {
  it("shows its failing step, its error and its place without a further click", async () => {
    await openSession("Build revenue mart", "ses_failed_dbt_build.json");
    const panel = workbench.panel();
    await expect.poll(() => selected().innerText()).toContain("dbt.parse");
    const banner = panel.getByRole("region", { name: "Failure" });
    await banner.getByText("models/marts/fct_revenue.sql:12").waitFor();
    await panel.getByRole("region", { name: "Error" }).getByText("parse failed").waitFor();
  });

  it("goes to the source of the banner with one click", async () => {
    await workbench
      .panel()
      .getByRole("region", { name: "Failure" })
      .getByRole("button", { name: "Go to Source" })
      .click();
    await expect.poll(() => workbench.cursor()).toMatchObject({ file: "fct_revenue.sql", line: 12 });
    // The trace was opened by a single click, and whoever leaves it for the source wants to come back.
    expect(await workbench.tab("ses_failed_dbt_build.json").count()).toBe(1);
  });

  it("shows the step in progress of a session that died", async () => {
    await openSession("Migrate warehouse", "ses_crashed_migration.json");
    await expect.poll(() => selected().innerText()).toContain("generation-step-7");
    await workbench.panel().getByText("In progress when the process died:").waitFor();
  });
});

describe("F8", () => {
  it("begins at the last of eight failures", async () => {
    await openSession(/^Loop/, "ses_loop_same_call.json");
    await expect.poll(selectedAttempt).toBe(8);
  });

  it("moves one failure at a press with the focus in the tree", async () => {
    await workbench.panel().getByRole("treegrid").focus();
    await workbench.press("Shift+F8");
    await expect.poll(selectedAttempt).toBe(7);
    await workbench.press("Shift+F8");
    await expect.poll(selectedAttempt).toBe(6);
    await workbench.press("F8");
    await expect.poll(selectedAttempt).toBe(7);
  });

  it("moves one failure at a press with the focus in the search field", async () => {
    await workbench.panel().getByLabel("Find in Trace").focus();
    await workbench.press("Shift+F8");
    await expect.poll(selectedAttempt).toBe(6);
    await workbench.press("Shift+F8");
    await expect.poll(selectedAttempt).toBe(5);
  });

  it("turns the options of the search on and off, once a press, from the search field and from the tree", async () => {
    const panel = workbench.panel();
    const pressed = (name: string) => panel.locator(`button[aria-label="${name}"]`).getAttribute("aria-pressed");
    const all = async () => Promise.all(["Match Case", "Match Whole Word", "Use Regular Expression"].map(pressed));
    await panel.getByLabel("Find in Trace").focus();
    await workbench.press("Alt+C");
    await expect.poll(all).toEqual(["true", "false", "false"]);
    await workbench.press("Alt+W", "Alt+R");
    await expect.poll(all).toEqual(["true", "true", "true"]);
    await panel.getByRole("treegrid").focus();
    await workbench.press("Alt+C", "Alt+W", "Alt+R");
    await expect.poll(all).toEqual(["false", "false", "false"]);
  });

  it("belongs to the terminal while the focus is there", async () => {
    await workbench.runCommand("Terminal: Create New Terminal");
    const terminal = workbench.page.locator(".terminal-wrapper .xterm-helper-textarea").first();
    await terminal.waitFor({ state: "attached" });
    await terminal.focus();
    await workbench.press("F8", "F8");
    // A press that the panel acted on would have been answered before this later one is.
    await workbench.panel().getByRole("treegrid").focus();
    await workbench.press("F8");
    await expect.poll(selectedAttempt).toBe(6);
    await workbench.runCommand("View: Toggle Panel Visibility");
  });

  it("belongs to the text editor while the focus is there", async () => {
    await workbench.runCommand("View: Keep Editor");
    await workbench.openFile("src/billing/tax.ts");
    await workbench.runCommand("View: Move Editor into Next Group");
    await workbench.page.locator(".editor-instance .view-lines").first().click();
    // There it is VS Code's own: it goes to the next problem, which may bring the panel to the front, and moves nothing in it.
    await workbench.press("F8");
    await workbench.tab("tax.ts").click({ button: "middle" });
    await workbench.tab("tax.ts").waitFor({ state: "detached" });
    await workbench.panel().getByRole("treegrid").focus();
    await workbench.press("F8");
    await expect.poll(selectedAttempt).toBe(7);
  });

  it("moves by the banner's buttons as well", async () => {
    const banner = workbench.panel().getByRole("region", { name: "Failure" });
    await banner.getByRole("button", { name: "Previous Failure" }).click();
    await expect.poll(selectedAttempt).toBe(6);
  });
});

describe("going to the source", () => {
  it("opens the line of the first stack frame, mapped from a foreign root, by F12", async () => {
    await workbench.runCommand("View: Close All Editors");
    await openSession(/^Fix tax rounding.*Completed/, "ses_completed_tax_rounding.json");
    const panel = workbench.panel();
    await panel.getByRole("treegrid").focus();
    await workbench.press("Alt+F8");
    await expect.poll(() => selected().innerText()).toContain("exit 1");
    await workbench.press("F12");
    await expect.poll(() => workbench.cursor()).toEqual({ file: "tax.test.ts", line: 41, column: 23 });
  });

  it("finds the line of an edit by its content", async () => {
    await workbench.runCommand("View: Close All Editors");
    await openSession("Build revenue mart", "ses_failed_dbt_build.json");
    const panel = workbench.panel();
    await panel
      .locator("[role=row]")
      .filter({ hasText: /edit.*tax\.ts/ })
      .first()
      .click();
    await panel.getByRole("treegrid").focus();
    await workbench.press("F12");
    await expect.poll(async () => (await workbench.cursor()).file).toBe("tax.ts");
    const line = (await workbench.cursor()).line;
    expect(line).toBeGreaterThan(1);
    await workbench.page
      .locator(".view-line")
      .filter({ hasText: /amount.\*.rate/ })
      .first()
      .waitFor();
  });

  it("says so when the file has fewer lines than the trace names", async () => {
    await workbench.runCommand("View: Close All Editors");
    await openSession("Build revenue mart", "ses_failed_dbt_build.json");
    await workbench
      .panel()
      .locator("[role=row]")
      .filter({ hasText: /glob.*router/ })
      .first()
      .click();
    await workbench
      .panel()
      .getByRole("button", { name: /router\.ts:148/ })
      .or(workbench.panel().getByRole("link", { name: /router\.ts:148/ }))
      .first()
      .click();
    await workbench.notification(/router\.ts has only \d+ lines/).waitFor();
    await expect.poll(async () => (await workbench.cursor()).file).toBe("router.ts");
  });

  it("says why when a step names no place", async () => {
    await workbench.runCommand("View: Close All Editors");
    await openSession(/^Loop/, "ses_loop_same_call.json");
    await workbench.panel().getByRole("treegrid").focus();
    await workbench.press("F12");
    await workbench.notification(/names no place in a source file/).waitFor();
  });
});

describe("from anywhere", () => {
  it("goes to the failing step of a picked session, the newest failed first", async () => {
    await workbench.runCommand("View: Close All Editors");
    await workbench.runCommand("Tracekeeper: Go to Failing Step");
    expect((await workbench.quickPickRows())[0]).toContain("Loop");
    await workbench.answerQuickInput("Build revenue");
    await workbench.tab("ses_failed_dbt_build.json").waitFor();
    await expect.poll(() => selected().innerText()).toContain("dbt.parse");
  });

  it("goes there from the button of a session's row", async () => {
    await workbench.runCommand("View: Close All Editors");
    await workbench.row("Migrate warehouse").hover();
    await workbench.row("Migrate warehouse").getByRole("button", { name: "Go to Failing Step" }).click();
    await workbench.tab("ses_crashed_migration.json").waitFor();
    await expect.poll(() => selected().innerText()).toContain("generation-step-7");
  });

  it("lists the failing step of an open panel in Problems until that is closed", async () => {
    await workbench.runCommand("View: Close All Editors");
    await openSession("Build revenue mart", "ses_failed_dbt_build.json");
    await workbench.runCommand("Problems: Focus on Problems View");
    const problem = workbench.page.locator(".markers-panel").getByText(/dbt\.parse .*parse failed/);
    await problem.first().waitFor();
    await workbench.runCommand("View: Close All Editors");
    await problem.first().waitFor({ state: "detached" });
  });
});
