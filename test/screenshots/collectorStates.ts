// The states of the collector and of files of other programs, see state.ts.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { type State, usual } from "./state";

const fixtures = join(repositoryRoot, "test/fixtures/transcripts");

/** An agent as it is seen while it runs: two calls of tools in parallel, one of which failed, and a model that goes on. */
function spans(startMs: number): readonly object[] {
  const time = (ms: number) => `${startMs + ms}000000`;
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const count = (key: string, intValue: number) => ({ key, value: { intValue } });
  const traceId = "7a4f2c9d1e8b4f6a9c3d5e7f1a2b3c4d";
  const span = (spanId: string, name: string, from: number, to: number, attributes: readonly object[], more = {}) => ({
    traceId,
    spanId,
    parentSpanId: spanId === "00000000000000a1" ? undefined : "00000000000000a1",
    name,
    startTimeUnixNano: time(from),
    endTimeUnixNano: time(to),
    attributes,
    ...more,
  });
  const chat = (input: number, output: number) => [
    text("gen_ai.operation.name", "chat"),
    text("gen_ai.request.model", "claude-sonnet-4-5"),
    count("gen_ai.usage.input_tokens", input),
    count("gen_ai.usage.output_tokens", output),
  ];
  const tool = (name: string, input: string) => [
    text("gen_ai.operation.name", "execute_tool"),
    text("gen_ai.tool.name", name),
    text("gen_ai.tool.call.arguments", input),
  ];
  const agent = [text("gen_ai.conversation.id", "inbox-triage"), text("gen_ai.operation.name", "invoke_agent")];
  return [
    span("00000000000000a1", "invoke_agent inbox triage", 0, 9_400, agent, { status: { code: 2 } }),
    span("00000000000000a2", "chat", 20, 3_100, chat(1_840, 212)),
    span("00000000000000a3", "execute_tool", 3_120, 4_300, tool("search_mail", '{"query":"invoice from:acme"}')),
    span("00000000000000a4", "execute_tool", 3_130, 6_900, tool("http_get", '{"url":"https://api.example/tickets"}'), {
      status: { code: 2, message: "429 Too Many Requests" },
    }),
    span("00000000000000a5", "chat", 6_950, 9_300, chat(2_610, 96), {
      status: { code: 2, message: "gave up after a tool failed" },
    }),
  ];
}

export const collectorStates: readonly State[] = [
  {
    name: "collector",
    themes: ["dark", "light", "highContrast"],
    sizes: [usual],
    sampleTraces: false,
    async steps({ workbench }) {
      await workbench.openContainer("Tracekeeper");
      await workbench.runCommand("Tracekeeper: Start Collector");
      const item = workbench.statusBar.getByRole("button", { name: /Collecting spans at/ });
      await item.waitFor();
      const address = /http:\S+:\d+/.exec((await item.getAttribute("aria-label")) ?? "")?.[0] ?? "";
      const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: spans(Date.now() - 10_000) }] }] });
      const headers = { "Content-Type": "application/json" };
      const { status } = await fetch(`${address}/v1/traces`, { method: "POST", headers, body });
      if (status !== 200) throw new Error(`The collector answered ${status}`);
      await workbench.row(/inbox/).click();
      await workbench.panel().getByRole("tabpanel").getByText("Span id").waitFor();
    },
  },
  {
    name: "transcript",
    themes: ["dark", "light"],
    sizes: [usual],
    async steps({ workbench, vscode }) {
      const name = "claude-code-representative.jsonl";
      await cp(join(fixtures, name), join(vscode.workspaceFolder, name));
      await workbench.openFile(name);
      await workbench.runCommand("View: Reopen Editor With...");
      await workbench.answerQuickInput("Tracekeeper");
      await workbench.panel().getByRole("tabpanel").getByText("Span id").waitFor();
      await workbench.openContainer("Tracekeeper");
    },
  },
  {
    name: "connect",
    themes: ["dark", "light"],
    sizes: [usual],
    async steps({ workbench }) {
      await workbench.runCommand("Tracekeeper: Connect Your Agent");
      await workbench.page.getByText("Start the collector").first().waitFor();
    },
  },
];
