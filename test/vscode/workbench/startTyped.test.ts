// What is typed into the pick that starts a session is what Enter runs, also where a recent run begins with the same words.
import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
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
  await workbench?.close();
  await vscode?.stop();
  await browser?.close();
});

const openPick = () => workbench.runCommand("Tracekeeper: Start Traced Session…");
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

it("runs what is typed, not the recent run that begins with it", async () => {
  for (const line of ["echo one two", "echo three"]) {
    await openPick();
    await workbench.answerQuickInput(line);
    await workbench
      .row(line)
      .getByText(/Completed/)
      .waitFor();
  }
  // The first is now a recent run, whose name begins with what is typed.
  await openPick();
  await eventually(async () => (await workbench.quickPickRows()).join("\n")).toContain("echo one two");
  await workbench.page.locator(".quick-input-widget input[type=text]").fill("echo one");
  await eventually(async () => (await workbench.quickPickRows())[0]).toMatch(/^echo one ?run this command/);
  expect(await workbench.quickPickRows()).toContainEqual(expect.stringMatching(/^echo one two/));
  await workbench.press("Enter");
  await eventually(async () => (await workbench.rows()).filter((row) => /^echo one(?! two)/.test(row)).length).toBe(1);
  // The recent run, where the person goes to it, also when a session comes or ends meanwhile.
  await openPick();
  await workbench.page.locator(".quick-input-widget input[type=text]").fill("echo one");
  await eventually(async () => (await workbench.quickPickRows()).slice(0, 2).join("\n")).toMatch(
    /^echo one ?run this command\necho one two/,
  );
  // Tasks and scripts that are still being listed are more rows, which come in at any time.
  await workbench.page.locator(".quick-input-widget .monaco-progress-container.active").waitFor({ state: "hidden" });
  await workbench.press("ArrowDown");
  const other = { version: 2, traceId: "t", sessionId: "other", startedAt: new Date(), spans: [] };
  const traces = path.join(vscode.workspaceFolder, ".tracekeeper", "traces");
  await writeFile(
    path.join(traces, "other.json"),
    JSON.stringify({ ...other, metadata: { title: "Another session" } }),
  );
  await workbench.row("Another session").waitFor();
  await workbench.press("Enter");
  await eventually(async () => (await workbench.rows()).filter((row) => /^echo one two/.test(row)).length).toBe(2);
  // Without waiting for the rows of what is typed.
  await openPick();
  await eventually(async () => (await workbench.quickPickRows()).join("\n")).toContain("echo one two");
  await workbench.answerQuickInput("echo t");
  await eventually(async () => (await workbench.rows()).filter((row) => /^echo t(?!hree)/.test(row)).length).toBe(1);
});

it("asks again where the window gives the focus to something else as soon as it asks", async () => {
  const { page } = workbench;
  // As VS Code does with a panel to which it gives the focus back too late.
  const taken = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const other = document.body.appendChild(document.createElement("button"));
        const look = () => {
          const widget = document.querySelector<HTMLElement>(".quick-input-widget");
          const isAsked = widget?.checkVisibility() === true && widget.innerText.includes("Start Traced Session");
          if (!isAsked || document.activeElement?.closest(".quick-input-widget") !== widget) return;
          if (document.querySelector(".quick-input-widget .monaco-list-row") === null) return;
          if (widget.querySelector<HTMLInputElement>("input")?.value !== "") return;
          observer.disconnect();
          other.focus();
          resolve();
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, attributes: true });
      }),
  );
  await openPick();
  await taken;
  await workbench.answerQuickInput("echo stays");
  await workbench
    .row("echo stays")
    .getByText(/Completed/)
    .waitFor();
});
