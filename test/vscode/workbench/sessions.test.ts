// The Sessions view by keyboard and mouse: what it lists, how it is filtered, and what can be done with a session.
import { readdir } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
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
  // Rows come as files are read, in any order: the tests begin when every session of the directory has its row.
  const names = await readdir(path.join(vscode.workspaceFolder, ".tracekeeper", "traces"));
  const sessions = names.filter((name) => name.endsWith(".json")).length;
  await vi.waitFor(async () => expect(await sessionRows()).toHaveLength(sessions), { timeout: 20_000 });
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

/** The rows of sessions, without those of their groups. */
async function sessionRows(): Promise<readonly string[]> {
  return (await workbench.rows()).filter((row) => row.includes(" · "));
}

describe("the Sessions view", () => {
  it("lists every sample, each with its state, and damaged files with what is wrong with them", async () => {
    for (const text of [
      /Build revenue mart ?Failed/,
      /Migrate warehouse ?Crashed/,
      /Loop ?Failed/,
      /Overnight backfill ?Completed/,
      /Fix tax rounding ?Completed/,
      /ses_damaged_empty ?.*empty/i,
    ])
      expect((await workbench.rows()).join("\n")).toMatch(text);
  });

  it("does not believe a snapshot that claims to be completed while its run never ended", async () => {
    expect((await workbench.rows()).find((row) => row.includes("Refactor router"))).not.toMatch(/Completed/);
  });

  it("shows no temporary file of a writer", async () => {
    expect((await workbench.rows()).join("\n")).not.toContain("tmp");
  });

  it("filters as one types, says so, and clears with a button", async () => {
    const all = (await workbench.rows()).length;
    await workbench.runCommand("Tracekeeper: Filter Sessions…");
    await workbench.answerQuickInput("warehouse crashed");
    await expect.poll(() => workbench.rows()).toHaveLength(2);
    await workbench.sideBar.getByText(/Filter “warehouse crashed”: 1 of \d+ sessions/).waitFor();
    await workbench.sideBar.getByRole("button", { name: "Clear Filter" }).first().click();
    await expect.poll(async () => (await workbench.rows()).length).toBe(all);
  });

  it("sorts by title", async () => {
    await workbench.runCommand("Tracekeeper: Sort Sessions…");
    await workbench.answerQuickInput("By title");
    await workbench.row("All Sessions").waitFor();
    const titles = (await workbench.rows()).filter((row) => /Failed|Crashed|Completed/.test(row));
    expect(titles).toEqual([...titles].sort((a, b) => a.localeCompare(b)));
    await workbench.runCommand("Tracekeeper: Sort Sessions…");
    await workbench.answerQuickInput("Newest first");
    await workbench.row("All Sessions").waitFor({ state: "detached" });
  });

  it("opens a trace's JSON as text from the menu of its row", async () => {
    await workbench.chooseFromMenu(workbench.row("Build revenue mart"), "Open Trace as Text");
    await workbench.page.locator(".monaco-editor").getByText('"ses_failed_dbt_build"').first().waitFor();
  });

  it("deletes all files of a session after a question that says that it is for good", async () => {
    const directory = path.join(vscode.workspaceFolder, ".tracekeeper", "traces");
    expect((await readdir(directory)).join()).toContain("ses_loop_same_call");
    await workbench.chooseFromMenu(workbench.row(/^Loop/), "Delete Session…");
    const dialog = workbench.page.getByRole("dialog");
    await dialog.getByText("Delete the session “Loop” permanently?").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect((await readdir(directory)).join()).toContain("ses_loop_same_call");

    await workbench.chooseFromMenu(workbench.row(/^Loop/), "Delete Session…");
    await dialog.getByRole("button", { name: "Delete Permanently" }).click();
    await workbench.row(/^Loop/).waitFor({ state: "detached" });
    expect((await readdir(directory)).join()).not.toContain("ses_loop_same_call");
  });
});
