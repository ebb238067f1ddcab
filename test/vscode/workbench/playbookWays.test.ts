// The ways to a playbook beside the palette: the button of its editor, the menus of the explorer, another window that
// follows its session, and the settings that hold for it.
import { access, writeFile } from "node:fs/promises";
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
    settings: {
      "tracekeeper.collector.port": 0,
      "tracekeeper.guardrails.consecutiveErrors": 2,
      "terminal.integrated.gpuAcceleration": "off",
    },
  });
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterAll(async () => {
  await workbench?.close();
  await vscode?.stop();
  await browser?.close();
});

const inWorkspace = (name: string) => path.join(vscode.workspaceFolder, name);

const greeting = (name: string) => `name: ${name}
steps:
  - id: greet
    action: run
    with: { command: echo hello }
`;

describe("a playbook", () => {
  it("is run by the button of its editor", async () => {
    await writeFile(inWorkspace("hello.playbook.yaml"), greeting("Hello"));
    await workbench.openFile("hello.playbook.yaml");
    const title = workbench.page.locator(".editor-group-container.active .title");
    await title.getByRole("button", { name: "Run Playbook…" }).click();
    await workbench
      .row("Hello")
      .getByText(/Completed/)
      .waitFor();
    // Another file has no such button.
    await workbench.openFile("package.json");
    await title.getByRole("button", { name: "Split Editor" }).first().waitFor();
    expect(await title.getByRole("button", { name: "Run Playbook…" }).count()).toBe(0);
  });

  it("is run, and begun, by the menus of the explorer", async () => {
    await writeFile(inWorkspace("good-day.playbook.yaml"), greeting("Good day"));
    await workbench.openContainer("Explorer");
    // Rows that come later move those below them away from under the pointer.
    await workbench.row(".tracekeeper").first().waitFor();
    await workbench.row("good-day.playbook.yaml").waitFor();
    await workbench.chooseFromMenu(workbench.row(/^src$/).first(), "New Playbook…");
    await workbench.answerQuickInput("From the menu");
    await workbench.tab("from-the-menu.playbook.yaml").waitFor();
    await access(inWorkspace("src/from-the-menu.playbook.yaml"));
    await workbench.openContainer("Explorer");
    await workbench.chooseFromMenu(workbench.row("good-day.playbook.yaml"), "Run Playbook…");
    await workbench.openContainer("Tracekeeper");
    await workbench
      .row("Good day")
      .getByText(/Completed/)
      .waitFor();
  });
});

describe("a session of another window", () => {
  const waiting = `name: Waits
steps:
  - id: wait
    name: Wait for it
    action: run
    with: { command: "until [ -e go ]; do sleep 0.05; done; echo it came" }
`;

  it("is listed as running, and followed in a terminal to its end", async () => {
    await writeFile(inWorkspace("waits.playbook.yaml"), waiting);
    await workbench.openFile("waits.playbook.yaml");
    await workbench.runCommand("Tracekeeper: Run Playbook…");
    await workbench.panel().getByText("Wait for it").first().waitFor();
    await using other = await openWorkbench(browser, vscode.url());
    await other.openContainer("Tracekeeper");
    const row = other.row("Waits");
    await row.getByText(/Running/).waitFor();
    await other.chooseFromMenu(row, "Follow Session in Terminal");
    const shown = (text: RegExp) =>
      other.page.locator(".terminal-wrapper.active .xterm-rows > div").filter({ hasText: text }).first();
    await shown(/● Wait for it/).waitFor();
    await writeFile(inWorkspace("go"), "");
    await shown(/it came/).waitFor();
    await shown(/Press any key to close this terminal/).waitFor();
    await row.getByText(/Completed/).waitFor();
  });
});

describe("a setting of guardrails", () => {
  it("reaches the session, which is stopped by it, and the panel, which says so", async () => {
    const step = (id: string) => `  - id: ${id}
    action: run
    with: { command: "false # ${id}" }
    on_failure: continue
`;
    await writeFile(
      inWorkspace("fails.playbook.yaml"),
      `name: Fails\nsteps:\n${["a", "b", "c", "d"].map(step).join("")}`,
    );
    await workbench.openFile("fails.playbook.yaml");
    await workbench.runCommand("Tracekeeper: Run Playbook…");
    const panel = workbench.panel();
    await panel
      .getByRole("region", { name: "Failure" })
      .getByText(/^consecutive errors: 2 actions failed one after the other/)
      .waitFor();
    await panel
      .getByRole("treegrid")
      .getByRole("img", { name: /^Guardrail \(stopped the session\): consecutive errors: 2/ })
      .waitFor();
  });
});
