// A program that sends spans as agents do, one request after the other, and then ends or goes on until it is stopped.

import { pinnedNode } from "../../../scripts/lib/paths.mjs";
import type { TraceFile } from "../../../src/trace/schema";
import { hexId, type SpanParts, sentRequest, sentSpan } from "../../importers/otlpPayload";
import type { Folder } from "../runs";

const agent = `
const { readFileSync } = require("node:fs");
const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: given, TRACEPARENT: own } = process.env;
const [name, value] = given.split("=");
const headers = { "Content-Type": "application/json", [name]: decodeURIComponent(value) };
const { requests, stays, isDeaf } = JSON.parse(readFileSync(process.argv[2], "utf8"));
if (isDeaf) process.on("SIGINT", () => {});
(async () => {
  for (const body of requests) {
    const text = JSON.stringify(body).replaceAll("OWN", own.split("-")[2]);
    const answer = await fetch(url + "/v1/traces", { method: "POST", headers, body: text });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
  console.log("all sent");
  if (stays) setInterval(() => {}, 1000);
})();
`;

export interface AgentManners {
  /** It does not end by itself. */
  readonly stays?: boolean | undefined;
  /** An interrupt does not end it either. */
  readonly isDeaf?: boolean | undefined;
}

/** @returns a shell's line that sends these requests */
export async function agentLine(
  folder: Folder,
  name: string,
  requests: readonly (readonly SpanParts[])[],
  { stays = false, isDeaf = false }: AgentManners = {},
): Promise<string> {
  const script = await folder.dir.write("work/agent.cjs", agent);
  const bodies = requests.map((spans) => sentRequest(spans.map(sentSpan)));
  const data = await folder.dir.write(`work/${name}.json`, JSON.stringify({ requests: bodies, stays, isDeaf }));
  return `exec '${pinnedNode}' '${script}' '${data}'`;
}

let ids = 1;

/** A call of a tool below the program itself. */
export function call(tool: string, input: unknown, { attributes, ...parts }: SpanParts = {}): SpanParts {
  return {
    id: hexId(ids++),
    parent: "OWN",
    name: `execute_tool ${tool}`,
    ...parts,
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": tool,
      ...(input === undefined ? {} : { "gen_ai.tool.call.arguments": JSON.stringify(input) }),
      ...attributes,
    },
  };
}

export function answer(inputTokens: number, parts: SpanParts = {}): SpanParts {
  return {
    id: hexId(ids++),
    parent: "OWN",
    name: "chat model",
    ...parts,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "model",
      "gen_ai.usage.input_tokens": inputTokens,
    },
  };
}

export const failed = { status: { code: 2, message: "no" } };

/** One line a finding: "bash: hint repeat: …", in the order in which they were told. */
export function findingsOf({ spans }: TraceFile): string[] {
  return spans
    .flatMap(({ name, events = [] }) => events.map((event) => ({ ...event, span: name })))
    .filter(({ name }) => name === "tracekeeper.guardrail")
    .sort((one, other) => one.timeMs - other.timeMs)
    .map(({ span, attributes }) => `${span}: ${attributes?.["level"]} ${attributes?.["message"]}`);
}
