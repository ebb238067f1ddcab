// What is remembered of traces between two windows: in the extension's storage and nowhere else.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { writeTrace } from "../../support/traceGenerator";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

const patient = { timeout: 60_000, interval: 200 };

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;
let traces: string;
let names: readonly string[];

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
  traces = join(vscode.workspaceFolder, ".tracekeeper", "traces");
  // Large enough to be remembered; by the time that the window is there it has settled.
  await writeTrace(join(traces, "ses_large.json"), { spans: 30_000, shape: "wide", seed: 1 });
  names = (await readdir(traces)).sort();
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
  await workbench.row("30000 spans, wide").waitFor();
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

/** Without their ages, which grow while the next window opens. */
async function rowsOf(): Promise<readonly string[]> {
  const rows = (await workbench.rows()).filter((row) => row.includes(" · "));
  return rows.map((row) => row.slice(0, row.lastIndexOf(" · "))).toSorted();
}

/** Files of the extension's storage with this ending. */
async function stored(ending: string): Promise<readonly string[]> {
  const found = await readdir(vscode.dataFolder, { recursive: true });
  return found.filter((name) => name.endsWith(ending) && name.includes("globalStorage"));
}

describe("what is remembered of traces", () => {
  it("is written to the extension's storage while the window is open", async () => {
    await vi.waitFor(async () => expect(await stored(".listing")).toHaveLength(1), patient);
    expect(await stored(".scan")).toEqual([]);
    await workbench.row("30000 spans, wide").dblclick();
    await workbench.panel().getByRole("treegrid").waitFor(patient);
    await vi.waitFor(async () => expect(await stored(".scan")).toHaveLength(1), patient);
    const folders = [...(await stored(".listing")), ...(await stored(".scan"))].map((name) => dirname(name));
    expect(folders).toEqual([expect.stringMatching(/listings$/), expect.stringMatching(/scans$/)]);
    expect((await readdir(traces)).sort()).toEqual(names);
  });

  it("shows the same sessions and the same trace in the next window", async () => {
    const before = await rowsOf();
    const rowsBefore = await workbench.panel().getByRole("treegrid").getAttribute("aria-rowcount");
    await workbench.reload();
    await workbench.panel().getByRole("treegrid").waitFor(patient);
    expect(await workbench.panel().getByRole("treegrid").getAttribute("aria-rowcount")).toBe(rowsBefore);
    await workbench.openContainer("Tracekeeper");
    await expect.poll(rowsOf, patient).toEqual(before);
    expect((await readdir(traces)).sort()).toEqual(names);
  });

  it("goes with its trace", async () => {
    await workbench.chooseFromMenu(workbench.row("30000 spans, wide"), "Delete Session…");
    await workbench.page.getByRole("dialog").getByRole("button", { name: "Delete Permanently" }).click();
    await vi.waitFor(async () => expect(await stored(".scan")).toEqual([]), patient);
    const listing = join(vscode.dataFolder, (await stored(".listing"))[0] ?? "");
    await vi.waitFor(async () => expect(await readFile(listing, "utf8")).not.toContain("30000 spans"), patient);
  });
});
