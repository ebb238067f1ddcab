// Starting, stopping and finding traced sessions as a person does: by keyboard, from the palette to the green run.
import { readdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { afterReload, openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser?.close());

/** Each begins without traces, and with this program, which fails at a line that can be mended. */
const failing = `// Adds up.
export function total(prices) {
  return prices.reduce((sum, price) => sum + price.amount, 0);
}

const prices = [{ amount: 1 }, undefined];
console.log("adding", prices.length);
console.log("total", total(prices));
`;

beforeEach(async () => {
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder"), sampleTraces: false });
  await writeFile(path.join(vscode.workspaceFolder, "total.mjs"), failing);
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterEach(async () => {
  await workbench?.close();
  await vscode?.stop();
});

/** Looks again for as long as a busy machine may need. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

async function startCommand(line: string): Promise<void> {
  await workbench.runCommand("Tracekeeper: Start Traced Session…");
  await workbench.answerQuickInput(line);
}

/** The running sessions in the status bar. */
function runningItem() {
  return workbench.statusBar.getByRole("button", { name: /being recorded/ });
}

function traceFolder(): string {
  return path.join(vscode.workspaceFolder, ".tracekeeper", "traces");
}

async function onlySnapshot(): Promise<{ summary: { status: string; error?: string }; spans: { name: string }[] }> {
  const names = (await readdir(traceFolder())).filter((name) => name.endsWith(".json"));
  expect(names).toHaveLength(1);
  return JSON.parse(await readFile(path.join(traceFolder(), names[0] ?? ""), "utf8"));
}

describe("a session started from the palette", () => {
  it("runs what is typed, beside the code, and its panel shows it", async () => {
    await workbench.openFile("src/billing/tax.ts");
    await startCommand("echo 'seen by' a person");
    await workbench.tab("echo-seen-by-a-person").waitFor();
    await workbench.panel().getByText("seen by a person").first().waitFor();
    await workbench
      .row("echo 'seen by' a person")
      .getByText(/Completed/)
      .waitFor();
    // The code stays in view, and the keyboard in it.
    expect(await workbench.page.locator(".editor-group-container").count()).toBe(2);
    expect(await workbench.activeTab()).toBe("tax.ts");
  });

  it("fails, leads to the source, is mended, run again and green", async () => {
    await startCommand("node total.mjs");
    const banner = workbench.panel().getByRole("region", { name: "Failure" });
    await banner.waitFor();
    await banner.getByRole("button", { name: "Go to Source" }).click();
    await eventually(() => workbench.cursor()).toMatchObject({ file: "total.mjs", line: 3 });
    await workbench.goToLine(6, 32);
    await workbench.press("Shift+End");
    // The editor closes the brace.
    await workbench.page.keyboard.insertText("{ amount: 2 ");
    await workbench.press("End");
    await workbench.page.keyboard.insertText("];");
    // What is not saved is, before it runs.
    await workbench.runCommand("Tracekeeper: Run Again");
    await workbench
      .row("node total.mjs")
      .getByText(/Completed/)
      .waitFor();
    await workbench.panel().getByText("total 3").first().waitFor();
    expect(await workbench.page.locator(".terminal-tabs-entry").count()).toBeLessThan(2);
  });
});

describe("a running session", () => {
  /** Prints its process id, and ends by signals alone. */
  const waiting = `process.title = "waiting"; console.log("pid", process.pid); setInterval(() => {}, 1000);`;

  async function startWaiting(): Promise<number> {
    await writeFile(path.join(vscode.workspaceFolder, "waiting.mjs"), waiting);
    await startCommand("exec node waiting.mjs");
    const line = workbench
      .panel()
      .getByText(/pid \d+/)
      .first();
    await line.waitFor();
    return Number(/pid (\d+)/.exec(await line.innerText())?.[1]);
  }

  it("stands in the status bar, whose list stops it", async () => {
    await startWaiting();
    await runningItem().click();
    expect((await workbench.quickPickRows())[0]).toContain("exec node waiting.mjs");
    await workbench.page.locator(".quick-input-widget .monaco-list-row").first().hover();
    await workbench.page.getByRole("button", { name: "Stop" }).first().click();
    await workbench
      .row("exec node waiting.mjs")
      .getByText(/Failed/)
      .waitFor();
    await runningItem().waitFor({ state: "hidden" });
    expect((await onlySnapshot()).summary).toMatchObject({ status: "error", error: "stopped" });
  });

  it("whose program is killed says so", async () => {
    process.kill(await startWaiting(), "SIGKILL");
    await workbench
      .panel()
      .getByText(/killed by SIGKILL/)
      .first()
      .waitFor();
    expect((await onlySnapshot()).summary).toMatchObject({ status: "error", error: "killed by SIGKILL" });
  });

  it("whose terminal is closed says so", async () => {
    await startWaiting();
    await workbench.runCommand("Tracekeeper: Reveal Terminal");
    await eventually(() => workbench.focus()).toContain("xterm");
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await eventually(async () => (await onlySnapshot()).summary.error).toMatch(/terminal was closed/);
    await runningItem().waitFor({ state: "hidden" });
  });

  it("is found again after a reload, shown live, and stopped by its row", async () => {
    const pid = await startWaiting();
    await workbench.reload();
    await workbench
      .panel()
      .getByText(/pid \d+/)
      .first()
      .waitFor(afterReload);
    await runningItem().waitFor();
    process.kill(pid, 0);
    await workbench.openContainer("Tracekeeper");
    const row = workbench.row("exec node waiting.mjs");
    await row.getByText(/Running/).waitFor();
    await row.hover();
    await row.getByRole("button", { name: "Reveal Terminal" }).click();
    await eventually(() => workbench.focus()).toContain("xterm");
    await row.hover();
    await row.getByRole("button", { name: "Stop Session" }).click();
    await row.getByText(/Failed/).waitFor();
    await runningItem().waitFor({ state: "hidden" });
    await row.hover();
    await row.getByRole("button", { name: "Run Again" }).click();
    await runningItem().waitFor();
  });
});

describe("the pick", () => {
  it("offers what was started before, scripts, tasks, the file in front, and what can't be traced", async () => {
    await writeFile(
      path.join(vscode.workspaceFolder, ".vscode/tasks.json"),
      JSON.stringify({
        version: "2.0.0",
        tasks: [
          { label: "count", type: "shell", command: "echo one two" },
          { label: "both", dependsOn: ["count"] },
        ],
      }),
    );
    await startCommand("echo before");
    await workbench
      .row("echo before")
      .getByText(/Completed/)
      .waitFor();
    await workbench.openFile("total.mjs");
    await workbench.runCommand("Tracekeeper: Start Traced Session…");
    for (const row of [/npm run agent/, /count/, /total\.mjs/, /Type a Command/, /both.*first runs other tasks/])
      await eventually(async () => (await workbench.quickPickRows()).join("\n")).toMatch(row);
    expect((await workbench.quickPickRows())[0]).toMatch(/Run again: echo before.*completed/);
    await workbench.press("Enter");
    await eventually(async () => (await workbench.rows()).filter((row) => row.startsWith("echo before")).length).toBe(
      2,
    );
    await workbench.runCommand("Tracekeeper: Start Traced Session…");
    await workbench.answerQuickInput("total.mjs");
    await workbench.row("node total.mjs").waitFor();
  });
});

describe("in Restricted Mode", () => {
  it("nothing is started, and it says why", async () => {
    await workbench.close();
    await vscode.stop();
    vscode = await startVscode({
      extensionsFolder: inject("packagedExtensionsFolder"),
      sampleTraces: false,
      workspaceTrust: true,
    });
    workbench = await openWorkbench(browser, vscode.url());
    await workbench.statusBar.getByText("Restricted Mode").waitFor();
    await workbench.openContainer("Tracekeeper");
    await workbench.sideBar.getByText(/no session can be started/).waitFor();
    const play = workbench.sideBar.getByRole("button", { name: "Start Traced Session…" });
    expect(await play.getAttribute("aria-disabled")).toBe("true");
  });
});
