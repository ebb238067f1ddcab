// Messages that older instrumentations write as events of the span: one event a message (`gen_ai.user.message`,
// `gen_ai.choice`), one for all of a side (`gen_ai.content.prompt`), or one for both (`...operation.details`).
// Names after the OpenTelemetry semantic conventions for GenAI, 1.28 to 1.37.

import type { SpanEvent } from "../trace/schema";
import { fromJsonText } from "./jsonText";
import type { Fields } from "./otlpFields";

export interface EventMessages {
  readonly input: unknown;
  readonly output: unknown;
  /** The events that are no messages. */
  readonly rest: SpanEvent[];
}

const roles: ReadonlyMap<string, string> = new Map([
  ["gen_ai.system.message", "system"],
  ["gen_ai.user.message", "user"],
  ["gen_ai.assistant.message", "assistant"],
  ["gen_ai.tool.message", "tool"],
]);

const details = "gen_ai.client.inference.operation.details";

/** Undefined where no event is a message. */
export function messagesOfEvents(events: readonly SpanEvent[]): EventMessages | undefined {
  if (!events.some(({ name }) => name.startsWith("gen_ai."))) return undefined;
  const input: unknown[] = [];
  const output: unknown[] = [];
  const rest: SpanEvent[] = [];
  let whole: { input: unknown; output: unknown } | undefined;
  for (const event of events) {
    const attributes = event.attributes ?? {};
    const role = roles.get(event.name);
    if (role !== undefined) input.push(messageOf(attributes, role));
    else if (event.name === "gen_ai.choice") output.push(choiceOf(attributes));
    else if (event.name === "gen_ai.content.prompt") addAll(input, attributes["gen_ai.prompt"]);
    else if (event.name === "gen_ai.content.completion") addAll(output, attributes["gen_ai.completion"]);
    else if (event.name === details && whole === undefined) {
      whole = {
        input: withInstructions(attributes["gen_ai.system_instructions"], attributes["gen_ai.input.messages"]),
        output: fromJsonText(attributes["gen_ai.output.messages"]),
      };
      rest.push(withoutMessages(event));
    } else rest.push(event);
  }
  if (whole === undefined && rest.length === events.length) return undefined;
  return {
    input: input.length > 0 ? input : whole?.input,
    output: output.length > 0 ? output : whole?.output,
    rest,
  };
}

/** Messages with the instructions before them as a message of the system's own. */
export function withInstructions(instructions: unknown, messages: unknown): unknown {
  const list = fromJsonText(messages);
  const system = fromJsonText(instructions);
  if (system === undefined || system === null || system === "") return list;
  const content = Array.isArray(system) ? { parts: system as unknown[] } : { content: system };
  const first = { role: "system", ...content };
  if (list === undefined || list === null) return [first];
  return Array.isArray(list) ? [first, ...(list as unknown[])] : [first, list];
}

/** Fields of a message's body, which stand as attributes of their own or, before 1.30, in one text. */
function messageOf(attributes: Fields, role: string): unknown {
  const body = bodyOf(attributes);
  const message: Record<string, unknown> = { role };
  for (const name of ["role", "content", "name", "id", "tool_calls"]) {
    const value = name === "tool_calls" ? fromJsonText(body[name]) : body[name];
    if (value !== undefined && value !== null) message[name] = value;
  }
  return message;
}

function choiceOf(attributes: Fields): unknown {
  const body = bodyOf(attributes);
  const inner = fromJsonText(body["message"]);
  const fields =
    typeof inner === "object" && inner !== null ? (inner as Fields) : { content: inner ?? body["content"] };
  const message = messageOf({ ...body, ...fields }, "assistant") as Record<string, unknown>;
  const reason = body["finish_reason"];
  return typeof reason === "string" ? { ...message, finish_reason: reason } : message;
}

function bodyOf(attributes: Fields): Fields {
  const content = fromJsonText(attributes["gen_ai.event.content"]);
  return typeof content === "object" && content !== null ? { ...attributes, ...(content as Fields) } : attributes;
}

function withoutMessages(event: SpanEvent): SpanEvent {
  const messages = ["gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages"];
  const kept = Object.entries(event.attributes ?? {}).filter(([name]) => !messages.includes(name));
  return { ...event, attributes: Object.fromEntries(kept) };
}

function addAll(messages: unknown[], value: unknown): void {
  const parsed = fromJsonText(value);
  if (Array.isArray(parsed)) messages.push(...(parsed as unknown[]));
  else if (parsed !== undefined && parsed !== null) messages.push(parsed);
}
