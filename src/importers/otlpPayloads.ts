// What went into a step and what came out of it: messages of a model call, arguments and result of a tool call, input and
// output of anything else. Where a convention is known to write JSON as text, the value in it is taken.

import type { SpanEvent } from "../trace/schema";
import { takeFlattened } from "./flattened";
import { fromJsonText } from "./jsonText";
import type { OtlpAttributes } from "./otlpAttributes";
import type { Fields } from "./otlpFields";
import { messagesOfEvents, withInstructions } from "./otlpMessageEvents";
import type { OtlpRole } from "./otlpRole";

export interface OtlpPayloads {
  readonly input: unknown;
  readonly output: unknown;
  /** The span's events without those that were messages. */
  readonly events: SpanEvent[];
}

/** Takes the attributes that the payloads are made of. Undefined and null stand for none. */
export function takePayloads(attributes: OtlpAttributes, events: SpanEvent[], kind: OtlpRole["kind"]): OtlpPayloads {
  if (kind === "tool") {
    const input = takeFirst(attributes, toolInputs) ?? takeValue(attributes, "input");
    const output = takeFirst(attributes, toolOutputs) ?? takeValue(attributes, "output");
    return { input: input ?? takeFirst(attributes, [{ name: "tool.parameters" }]), output, events };
  }
  const ofEvents = messagesOfEvents(events);
  const input = takeInputMessages(attributes) ?? ofEvents?.input ?? takeFirst(attributes, otherInputs);
  const output = takeOutputMessages(attributes) ?? ofEvents?.output ?? takeFirst(attributes, otherOutputs);
  return {
    input: input ?? takeValue(attributes, "input"),
    output: output ?? takeValue(attributes, "output") ?? takeDocuments(attributes),
    events: ofEvents?.rest ?? events,
  };
}

interface Source {
  readonly name: string;
  /** Always JSON, so that a quoted text is one too. */
  readonly isJson?: true;
}

const toolInputs: readonly Source[] = [
  { name: "gen_ai.tool.call.arguments" },
  { name: "ai.toolCall.args", isJson: true },
  { name: "traceloop.entity.input", isJson: true },
];
const toolOutputs: readonly Source[] = [
  { name: "gen_ai.tool.call.result" },
  { name: "ai.toolCall.result", isJson: true },
  { name: "traceloop.entity.output", isJson: true },
];
const otherInputs: readonly Source[] = [
  { name: "ai.prompt.messages" },
  { name: "ai.prompt" },
  { name: "gen_ai.prompt" },
  { name: "gen_ai.retrieval.query.text" },
  { name: "traceloop.entity.input", isJson: true },
];
const otherOutputs: readonly Source[] = [
  { name: "gen_ai.completion" },
  { name: "gen_ai.retrieval.documents" },
  { name: "traceloop.entity.output", isJson: true },
];

function takeFirst(attributes: OtlpAttributes, sources: readonly Source[]): unknown {
  const name = attributes.find(sources.map((source) => source.name));
  if (name === undefined) return undefined;
  const isJson = sources.find((source) => source.name === name)?.isJson;
  return fromJsonText(attributes.take(name), isJson);
}

/** `input.value` of OpenInference, whose `input.mime_type` says whether it is JSON. */
function takeValue(attributes: OtlpAttributes, side: "input" | "output"): unknown {
  const name = attributes.find([`${side}.value`]);
  if (name === undefined) return undefined;
  const mimeType = attributes.text([`${side}.mime_type`]);
  const value = attributes.take(name);
  return mimeType === undefined || mimeType.includes("json") ? fromJsonText(value, mimeType !== undefined) : value;
}

function takeInputMessages(attributes: OtlpAttributes): unknown {
  const messages = attributes.find(["gen_ai.input.messages"]);
  const instructions = attributes.find(["gen_ai.system_instructions"]);
  if (messages !== undefined || instructions !== undefined) {
    return withInstructions(
      instructions === undefined ? undefined : attributes.take(instructions),
      messages === undefined ? undefined : attributes.take(messages),
    );
  }
  return (
    takeFlattened(attributes, "llm.input_messages.")?.map(openInferenceMessage) ??
    takeFlattened(attributes, "gen_ai.prompt.")
  );
}

function takeOutputMessages(attributes: OtlpAttributes): unknown {
  const messages = attributes.find(["gen_ai.output.messages"]);
  if (messages !== undefined) return fromJsonText(attributes.take(messages));
  return (
    takeFlattened(attributes, "llm.output_messages.")?.map(openInferenceMessage) ??
    takeFlattened(attributes, "gen_ai.completion.") ??
    takeAiSdkAnswer(attributes)
  );
}

function takeDocuments(attributes: OtlpAttributes): unknown {
  return takeFlattened(attributes, "retrieval.documents.")?.map((entry) => asFields(entry)?.["document"] ?? entry);
}

/** `{message: {role, contents: [{message_content}], tool_calls: [{tool_call}]}}` without what stands around its parts. */
function openInferenceMessage(entry: unknown): unknown {
  const message = asFields(asFields(entry)?.["message"]);
  if (message === undefined) return entry;
  const { contents, tool_calls: toolCalls, ...rest } = message;
  return {
    ...rest,
    ...(contents === undefined ? {} : contentOf(rest, unwrapped(contents, "message_content"))),
    ...(toolCalls === undefined ? {} : { tool_calls: unwrapped(toolCalls, "tool_call") }),
  };
}

function contentOf(message: Fields, contents: unknown): Fields {
  return message["content"] === undefined ? { content: contents } : { contents };
}

function unwrapped(list: unknown, name: string): unknown {
  return Array.isArray(list) ? (list as unknown[]).map((entry) => asFields(entry)?.[name] ?? entry) : list;
}

/** The words alone where there is nothing else; with tool calls a message of the GenAI conventions. */
function takeAiSdkAnswer(attributes: OtlpAttributes): unknown {
  const name = attributes.find(["ai.response.text", "ai.response.object"]);
  const words = name === undefined ? undefined : attributes.take(name);
  const called = attributes.find(["ai.response.toolCalls"]);
  const calls = called === undefined ? undefined : fromJsonText(attributes.all[called]);
  if (called === undefined || !Array.isArray(calls)) return name === "ai.response.object" ? fromJsonText(words) : words;
  attributes.take(called);
  const parts = (calls as unknown[]).map((call) => {
    const fields = asFields(call) ?? {};
    return {
      type: "tool_call",
      id: fields["toolCallId"],
      name: fields["toolName"],
      arguments: fromJsonText(fields["input"] ?? fields["args"]),
    };
  });
  const text = typeof words === "string" && words !== "" ? [{ type: "text", content: words }] : [];
  return [{ role: "assistant", parts: [...text, ...parts] }];
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
