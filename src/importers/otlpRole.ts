// What a span is for, by the attributes that instrumentations mark it with. The first convention that says something
// decides; names and values are those of
//   GenAI            OpenTelemetry semantic conventions 1.45, `gen_ai.operation.name`
//   OpenInference    2.12, `openinference.span.kind`
//   AI SDK           6.0, `ai.operationId` (older: the span's name)
//   Traceloop        OpenLLMetry 0.27, `traceloop.span.kind` and `llm.request.type`
//   MCP              `mcp.method.name` of the same semantic conventions

import type { SpanKind } from "../trace/schema";
import type { OtlpAttributes } from "./otlpAttributes";

export interface OtlpRole {
  readonly kind: Extract<SpanKind, "generation" | "tool" | "span">;
  /** Its usage is that of a span below it, which is always there. */
  readonly repeatsUsage?: true;
}

const generation: OtlpRole = { kind: "generation" };
const tool: OtlpRole = { kind: "tool" };
/** Embeddings too: vectors are no words of an answer, so such a call is no turn of a conversation. Its tokens do count. */
const plain: OtlpRole = { kind: "span" };
const aroundCall: OtlpRole = { kind: "span", repeatsUsage: true };

const genAiOperations: Readonly<Record<string, OtlpRole>> = {
  chat: generation,
  generate_content: generation,
  text_completion: generation,
  embeddings: plain,
  execute_tool: tool,
  retrieval: plain,
  invoke_agent: plain,
  create_agent: plain,
  invoke_workflow: plain,
  // crewAI's own, beside the conventions.
  execute_method: plain,
  execute_task: plain,
};

const openInferenceKinds: Readonly<Record<string, OtlpRole>> = {
  LLM: generation,
  TOOL: tool,
  EMBEDDING: plain,
  RERANKER: plain,
  AGENT: plain,
  CHAIN: plain,
  RETRIEVER: plain,
  GUARDRAIL: plain,
  EVALUATOR: plain,
  PROMPT: plain,
};

const traceloopKinds: Readonly<Record<string, OtlpRole>> = {
  tool,
  workflow: plain,
  task: plain,
  agent: plain,
  session: plain,
};

const requestTypes: Readonly<Record<string, OtlpRole>> = {
  chat: generation,
  completion: generation,
  embedding: plain,
  rerank: plain,
};

export function otlpRole(attributes: OtlpAttributes, spanName: string): OtlpRole {
  return (
    lookUp(genAiOperations, attributes.text(["gen_ai.operation.name"])) ??
    lookUp(openInferenceKinds, attributes.text(["openinference.span.kind"])?.toUpperCase()) ??
    aiSdkRole(attributes, spanName) ??
    lookUp(traceloopKinds, attributes.text(["traceloop.span.kind"])) ??
    lookUp(requestTypes, attributes.text(["llm.request.type"])) ??
    unmarkedRole(attributes)
  );
}

function lookUp(roles: Readonly<Record<string, OtlpRole>>, name: string | undefined): OtlpRole | undefined {
  return name !== undefined && Object.hasOwn(roles, name) ? roles[name] : undefined;
}

/** `ai.generateText` stands around `ai.generateText.doGenerate`, which is the call. */
function aiSdkRole(attributes: OtlpAttributes, spanName: string): OtlpRole | undefined {
  const operation = attributes.text(["ai.operationId"]) ?? spanName;
  if (!operation.startsWith("ai.")) return undefined;
  if (operation === "ai.toolCall") return tool;
  if (/\.do(?:Generate|Stream)$/.test(operation)) return generation;
  if (/\.do(?:Embed|Rerank)$/.test(operation)) return plain;
  return /^ai\.(?:generate|stream|embed|rerank)/.test(operation) ? aroundCall : undefined;
}

function unmarkedRole(attributes: OtlpAttributes): OtlpRole {
  if (attributes.text(["mcp.method.name"]) === "tools/call") return tool;
  const model = attributes.text(["gen_ai.request.model", "gen_ai.response.model"]);
  if (model === undefined) return attributes.text(["gen_ai.tool.name"]) === undefined ? plain : tool;
  return attributes.find(usageNames) === undefined ? plain : generation;
}

const usageNames = [
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.output_tokens",
  "gen_ai.usage.prompt_tokens",
  "gen_ai.usage.completion_tokens",
];

/** The tool's own name, under which its calls are counted and compared. */
export function otlpToolName(attributes: OtlpAttributes, spanName: string): string {
  return (
    attributes.text(["gen_ai.tool.name", "ai.toolCall.name", "tool.name", "traceloop.entity.name"]) ??
    (spanName.replace(/^execute_tool\s+(?=\S)/, "") || spanName)
  );
}
