// What a person is asked about a playbook: the keys of models, the files of parameters, and what of a damaged run goes on.
import { readdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { startOpenAiServer } from "../../support/openAiServer";
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
    settings: { "tracekeeper.collector.port": 0 },
  });
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterAll(async () => {
  await workbench?.close();
  await vscode?.stop();
  await browser?.close();
});

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });
const inWorkspace = (name: string) => path.join(vscode.workspaceFolder, name);
const question = (words: string | RegExp) => workbench.page.locator(".quick-input-widget:visible").getByText(words);

/** How many rows of the view are runs of that name in that state. */
const runs = async (name: string, state: RegExp) =>
  (await workbench.rows()).filter((row) => row.startsWith(name) && state.test(row)).length;

async function runPlaybook(file: string): Promise<void> {
  await workbench.openFile(file);
  await workbench.runCommand("Tracekeeper: Run Playbook…");
}

async function filesWith(text: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    if ((await readFile(file)).includes(text)) found.push(file);
  }
  return found;
}

describe("the key of a model", () => {
  const key = "sk-shop-0123456789";

  it("is asked for once, used, kept in no file, and asked for again once it is forgotten", async () => {
    await using server = await startOpenAiServer(key);
    const { page } = workbench;
    await writeFile(
      inWorkspace("ask.playbook.yaml"),
      `name: Ask
steps:
  - id: ask
    action: model
    with: { base_url: "${server.url}", model: small, key_secret: shop, prompt: Is it out? }
`,
    );
    await runPlaybook("ask.playbook.yaml");
    await question(/The key “shop” of a model/).waitFor();
    await page.locator(".quick-input-widget:visible input[type=password]").fill(` ${key} `);
    await workbench.press("Enter");
    await eventually(() => runs("Ask", /Completed/)).toBe(1);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${key}`]);

    await workbench.runCommand("Tracekeeper: Run Again");
    await eventually(() => runs("Ask", /Completed/)).toBe(2);
    expect(server.requests).toHaveLength(2);
    expect(await filesWith(key, vscode.workspaceFolder)).toEqual([]);
    expect(await filesWith(key, vscode.dataFolder)).toEqual([]);

    await workbench.runCommand("Tracekeeper: Forget Kept Secret…");
    expect(await workbench.quickPickRows()).toEqual([expect.stringMatching(/^shop ?key of a model$/)]);
    await workbench.answerQuickInput("shop");
    await workbench.statusBar.getByText("shop is forgotten.").waitFor();
    await workbench.runCommand("Tracekeeper: Run Again");
    await question(/The key “shop” of a model/).waitFor();
    await workbench.press("Escape");
    await question(/./).first().waitFor({ state: "hidden" });
    await workbench.runCommand("Tracekeeper: Forget Kept Secret…");
    await workbench.notification("No secret is kept for a playbook.").waitFor();
    expect(server.requests).toHaveLength(2);
  });
});

describe("a parameter that is a path", () => {
  it("is browsed for, and can be typed over", async () => {
    const { page } = workbench;
    await writeFile(
      inWorkspace("count.playbook.yaml"),
      `name: Count
params:
  file: { type: path, description: What to count }
steps:
  - id: count
    action: run
    with: { command: "echo counted {file}" }
`,
    );
    await runPlaybook("count.playbook.yaml");
    await question(/file \(path\): What to count/).waitFor();
    await page.locator(".quick-input-widget:visible").getByRole("button", { name: "Browse…" }).click();
    // The dialog of a window without a desktop is a question, too.
    const input = page.locator(".quick-input-widget:visible input[type=text]");
    await eventually(() => input.inputValue()).toContain(vscode.workspaceFolder);
    await input.fill(inWorkspace("package.json"));
    await page.locator(".quick-input-widget:visible").getByRole("button", { name: "OK" }).click();
    await question(/file \(path\): What to count/).waitFor();
    await eventually(() => input.inputValue()).toBe(inWorkspace("package.json"));
    await workbench.press("Enter");
    await eventually(() => runs("Count", /Completed/)).toBe(1);
    await workbench
      .panel()
      .getByText(`counted ${inWorkspace("package.json")}`)
      .first()
      .waitFor();
  });
});

describe("a run of whose record a part is lost", () => {
  const failing = `name: Halves
steps:
  - id: one
    action: run
    with: { command: echo one >> done.txt }
  - id: two
    action: run
    with: { command: echo two >> done.txt }
  - id: check
    action: run
    with: { command: "echo check >> done.txt; [ -e go ]" }
`;
  const done = async () => (await readFile(inWorkspace("done.txt"), "utf8")).trim().split("\n");

  /** Takes the checkpoint after the second step out of the trace. */
  async function damage(): Promise<void> {
    const folder = inWorkspace(".tracekeeper/traces");
    const name = (await readdir(folder)).find((each) => /^halves_.*\.json$/.test(each));
    const file = path.join(folder, name ?? "");
    const trace = JSON.parse(await readFile(file, "utf8")) as {
      spans: { events?: { name: string; attributes: unknown }[] }[];
    };
    const [root] = trace.spans;
    const isOfTwo = ({ name, attributes }: { name: string; attributes: unknown }) =>
      name === "tracekeeper.checkpoint" && /"stepFinished".*"id":"two"/.test(JSON.stringify(attributes));
    const events = root?.events ?? [];
    const kept = events.filter((event) => !isOfTwo(event));
    expect(events.length - kept.length).toBe(1);
    await writeFile(file, JSON.stringify({ ...trace, spans: [{ ...root, events: kept }, ...trace.spans.slice(1)] }));
  }

  it("goes on only where the person says so, with the steps that stood in it", async () => {
    const { page } = workbench;
    await writeFile(inWorkspace("halves.playbook.yaml"), failing);
    await runPlaybook("halves.playbook.yaml");
    await eventually(() => runs("Halves", /Failed/)).toBe(1);
    expect(await done()).toEqual(["one", "two", "check"]);
    await damage();
    await writeFile(inWorkspace("go"), "");
    const row = workbench.row("Halves");
    const dialog = page.locator(".monaco-dialog-box");

    await workbench.chooseFromMenu(row, "Resume From Failing Step");
    await dialog.getByText("A part of the record of the last run is lost. Go on?").waitFor();
    await dialog.getByText(/steps that stood in it run again/).waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(await done()).toEqual(["one", "two", "check"]);

    await workbench.chooseFromMenu(row, "Resume From Failing Step");
    await dialog.getByRole("button", { name: "Go On" }).click();
    await eventually(() => runs("Halves", /Completed/)).toBe(1);
    // What is not known to have finished runs again, what is known does not.
    expect(await done()).toEqual(["one", "two", "check", "two", "check"]);
  });
});
