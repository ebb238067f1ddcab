// Playbooks as a person uses them: written, run, failed, mended at the line that failed, resumed and green.
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

beforeEach(async () => {
  vscode = await startVscode({
    extensionsFolder: inject("packagedExtensionsFolder"),
    sampleTraces: false,
    settings: { "tracekeeper.collector.port": 0, "terminal.integrated.gpuAcceleration": "off" },
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
    await banner.getByRole("img", { name: "nightly-check.playbook.yaml:7", exact: true }).waitFor();
    expect(await lines("done.txt")).toEqual(["built", "checked"]);
    await workbench
      .row("Nightly check")
      .getByText(/Failed/)
      .waitFor();

    // The panel has the keyboard, and stays beside the playbook all the same.
    await workbench.panel().getByRole("treegrid").click();
    await eventually(() => workbench.focus()).toMatch(/^iframe/);
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

describe("a secret parameter", () => {
  const secret = "hunter2 and more";
  const greeting = `name: Greeting
params:
  target: { type: string, options: [staging, production], default: staging }
  token: { type: string, secret: true, required: true }
steps:
  - id: greet
    action: run
    with: { command: 'echo "to {target} with {token}"' }
    expect: { output_matches: with hunter2 and more }
`;

  /** Every file below that holds the secret. */
  async function filesWithSecret(folder: string): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      if ((await readFile(file)).includes(secret)) found.push(file);
    }
    return found;
  }

  it("is asked for by the line above the playbook, kept on wish, and stands in no file", async () => {
    const { page } = workbench;
    await writeFile(inWorkspace("greeting.playbook.yaml"), greeting);
    await workbench.openFile("greeting.playbook.yaml");
    const input = page.locator(".quick-input-widget:visible");
    // A line above that has just been drawn does not take a click yet.
    const lens = page.locator(".editor-instance").getByText("Run traced");
    const isAsked = async () => {
      if (!(await input.isVisible())) await lens.click({ timeout: 1_000 });
      await input.getByText("production").waitFor({ timeout: 3_000 });
      return true;
    };
    await eventually(() => isAsked().catch(() => false)).toBe(true);
    expect(await workbench.quickPickRows()).toEqual([expect.stringMatching(/^staging ?default$/), "production"]);
    await workbench.answerQuickInput("production");
    await input.getByText(/token \(secret string\)/).waitFor();
    const typeSecret = async (text: string) => {
      await input.locator("input[type=password]").fill(text);
      await workbench.press("Enter");
    };
    await typeSecret("abc");
    await input.getByText(/is a secret and must have 4 characters or more/).waitFor();
    await typeSecret(secret);
    await input.getByText("For this run only").waitFor();
    await workbench.answerQuickInput("Keep it");
    const row = workbench.row("Greeting");
    await row.getByText(/Completed/).waitFor();
    await workbench.panel().getByText("to production with •••").first().waitFor();
    // What is kept is not asked for again, and neither is what was given then.
    await workbench.runCommand("Tracekeeper: Run Again");
    await eventually(() => row.getByText(/Completed/).count()).toBe(2);
    await eventually(() => workbench.panel().getByText("to production with •••").count()).toBeGreaterThan(0);
    expect(await filesWithSecret(vscode.workspaceFolder)).toEqual([
      // Where it is written what is expected.
      inWorkspace("greeting.playbook.yaml"),
    ]);
    expect(await filesWithSecret(vscode.dataFolder)).toEqual([]);
  });
});

describe("a running playbook", () => {
  const waiting = (build: string) => `name: Waits
steps:
  - id: build
    action: run
    with: { command: echo ${build} >> done.txt }
  - id: wait
    name: Wait for it
    action: run
    with: { command: "until [ -e go ]; do sleep 0.05; done" }
  - id: tell
    action: run
    with: { command: echo told >> done.txt }
`;

  /** A row of the terminal in front. */
  function shownInTerminal(text: RegExp) {
    return workbench.page.locator(".terminal-wrapper.active .xterm-rows > div").filter({ hasText: text }).first();
  }

  it("is found again after a reload, followed in a terminal, killed, and resumed without what changed", async () => {
    const { page } = workbench;
    await writeFile(inWorkspace("waits.playbook.yaml"), waiting("built"));
    await workbench.openFile("waits.playbook.yaml");
    await workbench.runCommand("Tracekeeper: Run Playbook…");
    const row = workbench.row("Waits");
    await row.getByText(/Running/).waitFor();
    await workbench.panel().getByText("Wait for it").first().waitFor();

    await workbench.reload();
    await workbench.statusBar.getByRole("button", { name: /being recorded/ }).waitFor(afterReload);
    await workbench.panel().getByText("Wait for it").first().waitFor();
    await workbench.openContainer("Tracekeeper");
    await row.getByText(/Running/).waitFor();

    // A new window learns a moment later that it may start and follow sessions.
    const start = workbench.sideBar.getByRole("button", { name: "Start Traced Session…" });
    await eventually(() => start.getAttribute("aria-disabled")).not.toBe("true");
    await workbench.chooseFromMenu(row, "Follow Session in Terminal");
    // The terminal of the session comes back in the meantime, and to the front.
    await page.locator(".terminal-tabs-entry").filter({ hasText: "Follow" }).click();
    await shownInTerminal(/● Wait for it/).waitFor();

    const traces = inWorkspace(".tracekeeper/traces");
    const stream = (await readdir(traces)).find((name) => name.endsWith(".stream")) ?? "";
    const { pid } = JSON.parse(await readFile(path.join(traces, stream), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    await shownInTerminal(/can't be followed any more/).waitFor();
    await row.getByText(/Crashed/).waitFor();

    await writeFile(inWorkspace("waits.playbook.yaml"), waiting("rebuilt"));
    await writeFile(inWorkspace("go"), "");
    await workbench.chooseFromMenu(row, "Resume From Failing Step");
    const dialog = page.locator(".monaco-dialog-box");
    await dialog.getByText(/Step build does something else/).waitFor();
    await dialog.getByRole("button", { name: "Keep" }).click();
    await row.getByText(/Completed/).waitFor();
    expect(await lines("done.txt")).toEqual(["built", "told"]);
  });
});
