// The collector as a person has it: started from the palette, found by a program that sends spans, seen in the view, and
// ended for good.
import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type Browser, launchChromium } from "../../support/chromium";
import { type RunningVscode, startVscode } from "../../support/vscodeServer";
import { openWorkbench, type Workbench } from "../../support/workbench";

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
    settings: { "tracekeeper.collector.port": 0, "tracekeeper.collector.terminals": true },
  });
  workbench = await openWorkbench(browser, vscode.url());
  await workbench.openContainer("Tracekeeper");
});

afterEach(async () => {
  await workbench?.close();
  await vscode?.stop();
});

/** What the status bar says of the collector. */
const item = () => workbench.statusBar.getByRole("button", { name: /Collecting spans at/ });

async function startCollector(): Promise<string> {
  await workbench.runCommand("Tracekeeper: Start Collector");
  await item().waitFor();
  return /http:\S+:\d+/.exec((await item().getAttribute("aria-label")) ?? "")?.[0] ?? "";
}

/** What an exporter sends for one model call that failed. */
function request(conversation: string, startMs: number): object {
  const time = (ms: number) => `${startMs + ms}000000`;
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const traceId = "5b8efff798038103d269b633813fc60c";
  const agent = { traceId, spanId: "eee19b7ec3c1b173", name: "invoke_agent nightly", kind: 1 };
  const chat = { traceId, spanId: "eee19b7ec3c1b174", parentSpanId: agent.spanId, name: "chat gpt-9", kind: 3 };
  const attributes = [text("gen_ai.conversation.id", conversation), text("gen_ai.operation.name", "invoke_agent")];
  const call = [text("gen_ai.operation.name", "chat"), text("gen_ai.request.model", "gpt-9")];
  const spans = [
    { ...agent, startTimeUnixNano: time(0), endTimeUnixNano: time(900), attributes, status: { code: 2 } },
    {
      ...chat,
      startTimeUnixNano: time(10),
      endTimeUnixNano: time(800),
      attributes: call,
      status: { code: 2, message: "rate limit reached" },
    },
  ];
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

async function send(address: string, body: object): Promise<number> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${address}/v1/traces`, { method: "POST", headers, body: JSON.stringify(body) });
  return response.status;
}

describe("the collector", () => {
  it("takes what a program sends, and shows it as a session that leads to its failing step", async () => {
    const address = await startCollector();
    expect(await send(address, request("nightly-42", Date.now() - 1_000))).toBe(200);
    const row = workbench.row(/nightly/);
    await row.waitFor();
    await row.click();
    const panel = workbench.panel();
    await panel.getByRole("treegrid").waitFor();
    await panel.getByRole("row", { name: /chat gpt-9/ }).waitFor();
    await panel.getByText("rate limit reached").first().waitFor();
  });

  it("is found by programs in new terminals, and is gone from them when it has ended", async () => {
    const address = await startCollector();
    const found = async (name: string) => {
      await workbench.runCommand("Terminal: Create New Terminal");
      await workbench.page.locator(".terminal.xterm.focus, .xterm.focus").first().waitFor();
      await workbench.page.keyboard.type(`echo "[$OTEL_EXPORTER_OTLP_ENDPOINT]" > ${name}`);
      await workbench.press("Enter");
      const read = () => readFile(path.join(vscode.workspaceFolder, name), "utf8").catch(() => "");
      await expect.poll(read).toContain("]");
      return (await read()).trim();
    };
    expect(await found("with.txt")).toBe(`[${address}]`);
    await workbench.runCommand("Tracekeeper: Stop Collector");
    await item().waitFor({ state: "hidden" });
    await expect(fetch(address)).rejects.toThrow();
    expect(await found("without.txt")).toBe("[]");
  });
});
