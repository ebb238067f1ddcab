// A batch as a person triggers it in the real window: picked, checked, watched while it runs, told of when it is over, opened
// at the step that failed, and tried again.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { startTaskServer } from "../../collector/taskServer";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

/** Waits until it may end, so that what is told meanwhile can be seen. The third answer is wrong until it is mended. */
const score = `
const { existsSync, readFileSync } = require("node:fs");
const { answer } = JSON.parse(readFileSync(0, "utf8"));
const wait = () => {
  if (!existsSync("go")) return setTimeout(wait, 50);
  if (answer === 3 && !existsSync("mended")) throw new Error("answer 3 is wrong");
};
wait();
`;

const inWorkspace = (name: string) => path.join(vscode.workspaceFolder, name);
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({
    extensionsFolder: inject("packagedExtensionsFolder"),
    sampleTraces: false,
    settings: { "tracekeeper.batch.tasks": { score: "node score.cjs" } },
  });
  await writeFile(inWorkspace("score.cjs"), score);
  await writeFile(inWorkspace("answers.ndjson"), '{"answer": 1}\n{"answer": 2}\n{"answer": 3}\n{"answer" 4}\n');
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

const asked = (prompt: RegExp) => workbench.page.getByPlaceholder(prompt).waitFor();

async function trigger(): Promise<void> {
  await workbench.runCommand("Tracekeeper: Trigger Batch…");
  await asked(/^What is to be run/);
  await workbench.answerQuickInput("score");
  await asked(/^Where do the items come from/);
  await workbench.answerQuickInput("answers.ndjson");
}

it("is refused with the line of an item that can't be read, and nothing is there then", async () => {
  await trigger();
  const told = workbench.notification(/answers\.ndjson:4: no JSON/);
  await told.getByRole("button", { name: "Show" }).click();
  await eventually(() => workbench.cursor()).toMatchObject({ file: "answers.ndjson", line: 4 });
  expect(await readdir(inWorkspace(".tracekeeper")).catch(() => [])).toEqual([]);
});

it("outlives the window, tells how far it is and how it ended, tries again what failed, and leads to the step that did", async () => {
  await writeFile(inWorkspace("answers.ndjson"), '{"answer": 1}\n{"answer": 2}\n{"answer": 3}\n{"answer": 4}\n');
  await trigger();
  await workbench.page.getByText('4 items, the first: {"answer": 1}').waitFor();
  await workbench.answerQuickInput("3");
  const panel = workbench.panel();
  await panel.getByRole("heading", { name: "score" }).waitFor();
  const progress = workbench.notification(/0 of 4 · 3 running/);
  await progress.getByRole("button", { name: "Cancel" }).waitFor();
  // The window goes, and the batch does not.
  await workbench.reload();
  await progress.waitFor();
  await writeFile(inWorkspace("go"), "");
  const end = workbench.notification(/Batch score: 1 of 4 runs failed: 1 × .*answer 3 is wrong/);
  await end.waitFor();
  expect(await workbench.notifications()).toHaveLength(1);
  await eventually(() => panel.locator(".header").innerText()).toMatch(/Partly failed.*4 of 4/s);

  await writeFile(inWorkspace("mended"), "");
  await end.getByRole("button", { name: "Retry Failed" }).click();
  await workbench.notification("Batch score: completed: 4 runs").waitFor();
  await eventually(() => panel.locator(".header").innerText()).toMatch(/Completed.*4 of 4/s);

  await panel.getByRole("row").filter({ hasText: /^3/ }).click();
  await panel.getByText("Attempt 1", { exact: true }).click();
  const failure = panel.getByRole("region", { name: "Failure" });
  await eventually(() => failure.innerText()).toMatch(/node score\.cjs\s+exit 1/);
  await panel.getByRole("button", { name: "run 3 of 4 · score" }).waitFor();
});

it("is run by trigger.dev where a setting says so, with a key that is asked for, and offers the page of a run", async () => {
  await using there = await startTaskServer();
  const { url, key } = there.collector.batchEndpoint;
  const settings = { "tracekeeper.batch.engine": "trigger.dev", "tracekeeper.batch.triggerUrl": url };
  await mkdir(inWorkspace(".vscode"), { recursive: true });
  await writeFile(inWorkspace(".vscode/settings.json"), JSON.stringify(settings));
  const item = (number: number, fails: boolean) => JSON.stringify({ json: { name: "far", item: number, fails } });
  await writeFile(inWorkspace("answers.ndjson"), `${item(0, false)}\n${item(1, true)}\n`);
  await workbench.runCommand("Notifications: Clear All Notifications");
  const keyQuestion = workbench.page.getByText(`The secret key of ${url}`);
  const taskQuestion = workbench.page.getByPlaceholder(/^What is to be run/);
  for (;;) {
    await workbench.runCommand("Tracekeeper: Trigger Batch…");
    await keyQuestion.or(taskQuestion).first().waitFor();
    if (await keyQuestion.isVisible()) break;
    // The window has not read its settings anew.
    await workbench.press("Escape");
  }
  await workbench.page.locator(".quick-input-widget:visible input[type=password]").fill(key);
  await workbench.press("Enter");
  await workbench.page.getByText("The id of the task").waitFor();
  await workbench.answerQuickInput("note");
  await asked(/^Where do the items come from/);
  await workbench.answerQuickInput("answers.ndjson");
  await workbench.page.getByText("2 items, the first").waitFor();
  await workbench.answerQuickInput("2");
  await workbench.notification("Batch note: 1 of 2 runs failed: 1 × item 1 failed").waitFor();
  expect(await there.written("far")).toEqual(["0", "1"]);
  const panel = workbench.panel();
  await panel.getByRole("row").filter({ hasText: /^2/ }).click();
  await panel.getByText("Attempt 1", { exact: true }).click();
  const offer = workbench.notification(new RegExp(`trigger\\.dev ran this.*${url}/runs/run_`));
  await offer.getByRole("button", { name: "Open Run’s Page" }).waitFor();
});
