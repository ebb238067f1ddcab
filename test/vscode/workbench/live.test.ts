// A trace that another process is writing: the panel follows without moving what the person looks at, and tells of its end.
import { spawn } from "node:child_process";
import { once } from "node:events";
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
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder"), sampleTraces: false });
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

interface Step {
  readonly name: string;
  readonly status?: "ok" | "error";
  readonly statusMessage?: string;
}

interface Written {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly Step[];
  readonly ended?: "ok" | "error";
}

/** Writes the session as another recorder does: a program of its own, a temporary file, a rename. */
async function writeFromAnotherProcess(...sessions: readonly Written[]): Promise<void> {
  const program = `
    const fs = require("node:fs"), path = require("node:path");
    const { directory, sessions, nowMs } = JSON.parse(fs.readFileSync(0, "utf8"));
    fs.mkdirSync(directory, { recursive: true });
    for (const session of sessions) {
    const startMs = nowMs - 60_000;
    const root = { spanId: "root", parentSpanId: null, name: session.id, kind: "session", startTime: startMs, status: session.ended ?? "ok",
      ...(session.ended ? { endTime: nowMs } : {}), ...(session.ended === "error" ? { statusMessage: "gave up" } : {}) };
    const spans = session.steps.map((step, index) => ({ spanId: "s" + index, parentSpanId: "root", kind: "tool", status: "ok",
      startTime: startMs + index * 100, endTime: startMs + index * 100 + 90, input: { command: step.name }, output: "done", ...step }));
    const trace = { version: 2, traceId: "t", sessionId: session.id, startedAt: new Date(startMs).toISOString(), endedAt: new Date(nowMs).toISOString(),
      metadata: { title: session.title }, spans: [root, ...spans],
      summary: { totalTokens: 0, totalCost: 0, totalToolCalls: spans.length, totalGenerations: 0, duration: nowMs - startMs, status: session.ended === "error" ? "error" : "completed" } };
    const file = path.join(directory, session.id + ".json");
    fs.writeFileSync(file + ".tmp." + nowMs + ".x", JSON.stringify(trace, null, 2));
    fs.renameSync(file + ".tmp." + nowMs + ".x", file);
    }
  `;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "inherit", "inherit"] });
  const directory = path.join(vscode.workspaceFolder, ".tracekeeper", "traces");
  child.stdin.end(JSON.stringify({ directory, sessions, nowMs: Date.now() }));
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
}

function steps(count: number): Step[] {
  return Array.from({ length: count }, (_, index) => ({ name: `step ${index}` }));
}

function status() {
  return workbench.panel().getByText(/^\d+ of \d+/);
}

/** Number on the view's icon; empty where there is none. */
async function badge(): Promise<string> {
  const icon = workbench.page
    .locator(".activitybar .action-item")
    .filter({ has: workbench.page.getByLabel("Tracekeeper") });
  const content = icon.locator(".badge-content").first();
  return (await content.isVisible()) ? content.innerText() : "";
}

describe("a live session", () => {
  it("appears in the view as soon as its directory does, first of all", async () => {
    await workbench.sideBar.getByText("No traces yet").waitFor();
    await writeFromAnotherProcess({ id: "ses_live", title: "Live run", steps: steps(60) });
    await workbench.row("Live run").waitFor();
    expect((await workbench.rows())[0]).toMatch(/^Live/);
    await workbench
      .row("Live run")
      .getByText(/Running/)
      .waitFor();
  });

  it("updates the open panel and keeps selection, scroll and focus", async () => {
    await workbench.row("Live run").click();
    const panel = workbench.panel();
    await panel.getByRole("treegrid").waitFor();
    await expect.poll(() => status().first().innerText()).toContain("61 of 61");
    await panel.locator("[role=row]").filter({ hasText: "step 3" }).first().click();
    const selected = panel.locator("[role=row][aria-selected=true]");
    const search = panel.getByLabel("Find in Trace");
    await search.focus();
    const before = { box: await selected.boundingBox(), text: await selected.innerText() };
    await writeFromAnotherProcess({ id: "ses_live", title: "Live run", steps: steps(75) });
    await expect.poll(() => status().first().innerText()).toContain("76 of 76");
    expect({ box: await selected.boundingBox(), text: await selected.innerText() }).toEqual(before);
    expect(await search.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it("says how many steps are new when the person is not at the tail", async () => {
    await workbench.panel().getByText("15 new").waitFor();
  });

  it("tells when it fails while its panel is not visible, and leads to the failing step", async () => {
    await workbench.runCommand("View: Close All Editors");
    await writeFromAnotherProcess({
      id: "ses_live",
      title: "Live run",
      steps: [
        ...steps(75),
        { name: "last", status: "error", statusMessage: "[x](command:workbench.action.quit) disk full" },
      ],
      ended: "error",
    });
    const toast = workbench.notification("Live run");
    await toast.waitFor();
    await expect.poll(badge).toBe("1");
    expect(await toast.locator(".notification-list-item-message a").count()).toBe(0);
    await toast.getByRole("button", { name: "Go to Failing Step" }).click();
    const selected = workbench.panel().locator("[role=row][aria-selected=true]");
    await expect.poll(() => selected.innerText()).toContain("last");
    await expect.poll(badge).toBe("");
  });

  it("keeps quiet when it fails while its panel is visible", async () => {
    await writeFromAnotherProcess({ id: "ses_seen", title: "Watched run", steps: steps(3) });
    await workbench.row("Watched run").click();
    await workbench.panel().getByText("Watched run").first().waitFor();
    await writeFromAnotherProcess({
      id: "ses_seen",
      title: "Watched run",
      steps: [...steps(3), { name: "last", status: "error", statusMessage: "seen" }],
      ended: "error",
    });
    await workbench.panel().getByRole("region", { name: "Failure" }).first().waitFor();
    await workbench
      .row("Watched run")
      .getByText(/Failed/)
      .waitFor();
    expect((await workbench.notifications()).filter((text) => text.includes("Watched run"))).toEqual([]);
  });

  it("tells once of several that fail together", async () => {
    const names = ["one", "two", "three"];
    const sessions = names.map((name) => ({ id: `ses_${name}`, title: `Batch ${name}`, steps: steps(2) }));
    await writeFromAnotherProcess(...sessions);
    for (const name of names)
      await workbench
        .row(`Batch ${name}`)
        .getByText(/Running/)
        .waitFor();
    await workbench.runCommand("Notifications: Clear All Notifications");
    await writeFromAnotherProcess(...sessions.map((session) => ({ ...session, ended: "error" as const })));
    await workbench.notification(/3 sessions failed/).waitFor();
    expect((await workbench.notifications()).filter((text) => text.includes("Batch"))).toHaveLength(1);
    await expect.poll(badge).toBe("3");
  });
});
