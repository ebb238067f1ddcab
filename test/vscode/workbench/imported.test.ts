// Files of other programs in the real VS Code: each sample opens in the panel, by "Reopen Editor With…".
import { appendFile, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

let browser: Browser;
let vscode: RunningVscode;
let workbench: Workbench;

beforeAll(async () => {
  browser = await launchChromium();
  vscode = await startVscode({ extensionsFolder: inject("packagedExtensionsFolder") });
  for (const folder of ["transcripts", "otlp"]) {
    await cp(join(fixtures, folder), join(vscode.workspaceFolder, "others", folder), { recursive: true });
  }
  workbench = await openWorkbench(browser, vscode.url());
});

afterAll(async () => {
  await browser?.close();
  await vscode?.stop();
});

async function openAsTrace(path: string): Promise<void> {
  await workbench.openFile(path);
  await workbench.runCommand("View: Reopen Editor With...");
  await workbench.answerQuickInput("Tracekeeper");
}

function row(words: RegExp) {
  return workbench.panel().locator("[role=row]").filter({ hasText: words }).first();
}

describe("a file of another program", () => {
  it.each([
    ["transcripts/claude-code-representative.jsonl", /python \/tmp\/decorator_example\.py/],
    ["transcripts/claude-code-edge-cases.jsonl", /FailingTool/],
    ["transcripts/copilot-cli.jsonl", /report_intent/],
    ["transcripts/codex-made.jsonl", /npm test/],
    ["otlp/agent-prism-rag-earnings.json", /retrieve_documents/],
    ["otlp/jaeger-ui-otlp-in.json", /okey-dokey-0/],
    ["otlp/opentelemetry-proto-trace.json", /I'm a server span/],
  ])("%s opens in the panel", async (name, words) => {
    await openAsTrace(`others/${name}`);
    await row(words).waitFor();
    expect(await row(words).isVisible()).toBe(true);
    await workbench.runCommand("View: Close All Editors");
  });

  it("grows in the panel while it is written", async () => {
    const file = join(vscode.workspaceFolder, "others", "transcripts", "growing.jsonl");
    const line = (uuid: string, content: unknown) =>
      `${JSON.stringify({ type: "user", uuid, sessionId: "grows", timestamp: new Date().toISOString(), message: { role: "user", content } })}\n`;
    await writeFile(file, line("one", "Words at the start"));
    await openAsTrace("others/transcripts/growing.jsonl");
    await row(/Words at the start/).waitFor();
    await appendFile(file, line("two", "Words that came later"));
    await row(/Words that came later/).waitFor();
    expect(await row(/Words at the start/).isVisible()).toBe(true);
  });

  it("is listed once its directory is a trace directory", async () => {
    const settings = join(vscode.workspaceFolder, ".vscode", "settings.json");
    const directory = join(vscode.workspaceFolder, "others", "transcripts");
    // A file of settings may have comments, which would be lost by reading it as JSON.
    const before = await readFile(settings, "utf8").catch(() => "{}");
    const setting = `"tracekeeper.directories": [${JSON.stringify(directory)}]`;
    await writeFile(
      settings,
      before.replace(/\{\s*(?=([}"/]))/, (_, next) => `{ ${setting}${next === "}" ? "" : ",\n"}`),
    );
    await workbench.openContainer("Tracekeeper");
    await workbench.row("Can you add a hello world function to utils.js?").first().waitFor();
    await workbench.row("Can you add a hello world function to utils.js?").first().click();
    await row(/report_intent/).waitFor();
    expect(await workbench.activeTab()).toContain("copilot-cli.jsonl");
  });
});
