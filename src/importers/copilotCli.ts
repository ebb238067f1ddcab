// Events of GitHub Copilot CLI: `~/.copilot/session-state/<session>/events.jsonl`. Their `parentId` is a chain in order of
// time and no tree: calls belong to answers by `toolCallId`, and to sub-agents by `parentToolCallId`.

import { cutText, oneLine } from "../trace/plainText";
import { restOfUsage } from "./copilotRecords";
import { type HeldSpan, type LinePlace, placeId, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { count, isFields, list, own, part, parts, text, timeMs } from "./recordFields";
import {
  longestMessage,
  strayResult,
  TranscriptBase,
  type TranscriptImporter,
  type TranscriptRecord,
} from "./transcript";

/** Events that tell nothing of what the session did. */
const silentTypes =
  /^(?:session\.(?:info|truncation|background_tasks_changed|tools_updated|import_legacy|context_changed|mode_changed|title_changed|usage_info|idle)|assistant\.(?:turn_start|intent|usage|message_delta|reasoning_delta|streaming_delta)|hook\.|permission\.|pending_messages\.|tool\.execution_(?:progress|partial_result)|tool\.user_requested|skill\.|system\.|user_input\.|external_tool\.|elicitation\.|command\.)/;

export class CopilotCliImporter extends TranscriptBase implements TranscriptImporter {
  readonly title = undefined;
  /** Sub-agents by the call that started them. */
  readonly #agents = new Map<string, HeldSpan>();
  /** The last thing that a model can have answered to, by the call that has started it; "" for the session's own. */
  readonly #followsMs = new Map<string, number>();
  #model: string | undefined;
  #lastAnswer: HeldSpan | undefined;
  #thoughts: Fields[] = [];

  take({ fields, at }: TranscriptRecord): void {
    const type = text(fields, "type");
    if (type === undefined) return this.complain("no-type", "A line is no event of Copilot CLI");
    const data = part(fields, "data") ?? {};
    const time = this.clock(timeMs(own(fields, "timestamp")), oneLine(type, 60));
    const id = text(fields, "id") ?? placeId("event", at);
    const root = this.root(time, at);
    switch (type) {
      case "session.start":
      case "session.resume":
        return this.#begin(data, root);
      case "session.model_change":
        this.#model = text(data, "newModel") ?? this.#model;
        return;
      case "session.error":
        return void this.addNote(id, "session error", time, at, text(data, "message") ?? text(data, "errorType") ?? "");
      case "session.compaction_complete":
        return void this.addNote(id, "context compacted", time, at);
      case "session.shutdown":
        return this.#shutdown(data, root, time);
      case "user.message":
        return this.#userMessage(id, data, time, at);
      case "assistant.message":
        return this.#answer(id, data, time, at);
      case "assistant.reasoning":
        this.#thoughts.push({ type: "thinking", thinking: text(data, "content") ?? "" });
        return;
      case "assistant.turn_end":
        this.isWaiting = true;
        return;
      case "tool.execution_start":
        return this.#toolStart(data, time, at);
      case "tool.execution_complete":
        return this.#toolEnd(data, time, at);
      case "subagent.started":
      case "subagent.completed":
      case "subagent.failed":
        return this.#agent(type, data, time, at);
      case "abort":
        this.isWaiting = true;
        return void this.addNote(id, `aborted${told(data, "reason")}`, time, at);
      default:
        if (type === "assistant.turn_start") this.#working(time);
        if (silentTypes.test(type)) return;
        this.complain(`type ${type}`, `Events of type ${oneLine(type, 60)} are not known and left out`, "info");
    }
  }

  /** The model or a tool is at work from here on. */
  #working(followsMs: number): void {
    this.isWaiting = false;
    this.#followsMs.set("", followsMs);
  }

  #begin(data: Fields, root: HeldSpan): void {
    this.sessionId ??= text(data, "sessionId");
    // What was shut down goes on.
    delete this.spans.edit(root).endTime;
    const context = part(data, "context");
    const known: Record<string, unknown> = { agent: "Copilot CLI" };
    for (const [name, value] of [
      ["agentVersion", text(data, "copilotVersion")],
      ["directory", text(context, "cwd")],
      ["gitBranch", text(context, "branch")],
      ["repository", text(context, "repository")],
    ] as const) {
      if (value !== undefined) known[name] = value;
    }
    this.#model = text(data, "selectedModel") ?? this.#model;
    this.metadata = { ...this.metadata, ...known };
  }

  #userMessage(id: string, data: Fields, time: number, at: LinePlace): void {
    this.#working(time);
    const words = text(data, "content");
    const attachments = list(data, "attachments");
    const input = attachments.length === 0 ? (words ?? "") : [{ type: "text", text: words ?? "" }, ...attachments];
    this.addMessage(id, this.#parentOf(data), input, time, at);
    if (words !== undefined && this.metadata.prompt === undefined) this.metadata = { ...this.metadata, prompt: words };
  }

  #answer(id: string, data: Fields, time: number, at: LinePlace): void {
    const requests = parts(data, "toolRequests");
    const words = text(data, "content");
    const reasoning = text(data, "reasoningText");
    const thoughts = reasoning === undefined ? this.#thoughts : [{ type: "thinking", thinking: reasoning }];
    const names = requests.map((request) => text(request, "name") ?? "tool");
    const said = words ?? (names.length === 0 ? undefined : `[tool calls: ${names.join(", ")}]`);
    const output =
      thoughts.length === 0 ? said : [...thoughts, ...(words === undefined ? [] : [{ type: "text", text: words }])];
    const outputTokens = count(data, "outputTokens");
    const model = text(data, "model") ?? this.#model;
    const follows = this.#followsMs.get(text(data, "parentToolCallId") ?? "");
    const answer = this.spans.add(
      {
        spanId: text(data, "messageId") ?? id,
        parentSpanId: this.#parentOf(data),
        name: "answer",
        kind: "generation",
        startTime: follows !== undefined && follows < time ? follows : time,
        endTime: time,
        status: "ok",
        ...(model === undefined ? {} : { model: { modelId: model } }),
        ...(outputTokens === undefined ? {} : { tokens: { output: outputTokens } }),
        ...(output === undefined ? {} : { output }),
      },
      at,
    );
    this.#thoughts = [];
    this.#lastAnswer = answer;
    this.isWaiting = false;
    for (const request of requests) {
      const callId = text(request, "toolCallId");
      if (callId !== undefined) this.#call(callId, text(request, "name"), own(request, "arguments"), answer, time, at);
    }
  }

  #call(
    callId: string,
    name: string | undefined,
    input: unknown,
    parent: HeldSpan | undefined,
    time: number,
    at: LinePlace,
  ): HeldSpan {
    const known = this.calls.get(callId);
    if (known !== undefined) return known;
    return this.addCall({ callId, name: name ?? "tool", input, parentId: parent?.spanId ?? rootId }, time, at);
  }

  #toolStart(data: Fields, time: number, at: LinePlace): void {
    const callId = text(data, "toolCallId") ?? placeId("call", at);
    const parentId = text(data, "parentToolCallId");
    const parent = parentId === undefined ? this.#lastAnswer : this.#agents.get(parentId);
    const input = own(data, "arguments");
    const span = this.spans.edit(this.#call(callId, text(data, "toolName"), input, parent, time, at), at);
    // It was asked for before, and may have waited for a permission.
    span.startTime = time;
    span.input ??= input;
  }

  #toolEnd(data: Fields, time: number, at: LinePlace): void {
    const callId = text(data, "toolCallId") ?? placeId("call", at);
    if (!this.calls.has(callId)) this.complain("stray-result", strayResult);
    const span = this.spans.edit(this.#call(callId, text(data, "toolName"), undefined, undefined, time, at), at);
    span.endTime = time;
    const result = own(data, "result");
    const content = isFields(result) ? own(result, "content") : result;
    const error = own(data, "error");
    const output = content ?? error;
    if (output !== undefined && output !== null) span.output = output;
    const model = text(data, "model");
    if (model !== undefined) this.#nameModel(span.parentSpanId, model);
    if (own(data, "success") === false) {
      span.status = "error";
      const message = isFields(error) ? text(error, "message") : typeof error === "string" ? error : undefined;
      const words = message ?? (typeof content === "string" ? content : undefined);
      if (words !== undefined) span.statusMessage = cutText(words, longestMessage);
      if (isFields(error) && /^(?:denied|rejected|cancel)/.test(text(error, "code") ?? "")) span.interrupted = true;
    }
    this.#followsMs.set(text(data, "parentToolCallId") ?? "", time);
  }

  /** Which model asked for a call is told with its result alone. */
  #nameModel(answerId: string | null, model: string): void {
    const answer = this.spans.get(answerId ?? "");
    if (answer?.kind === "generation" && answer.model === undefined) this.spans.edit(answer).model = { modelId: model };
    this.metadata = { ...this.metadata, model };
  }

  #agent(type: string, data: Fields, time: number, at: LinePlace): void {
    const callId = text(data, "toolCallId") ?? placeId("agent", at);
    const name = text(data, "agentDisplayName") ?? text(data, "agentName");
    let agent = this.#agents.get(callId);
    if (agent === undefined) {
      agent = this.spans.add(
        {
          spanId: `agent-${callId}`,
          parentSpanId: this.calls.get(callId)?.spanId ?? rootId,
          name: name === undefined ? "agent" : `agent ${name}`,
          kind: "span",
          startTime: time,
          status: "ok",
          attributes: { "gen_ai.agent.id": callId, ...(name === undefined ? {} : { "gen_ai.agent.name": name }) },
        },
        at,
      );
      this.#agents.set(callId, agent);
    }
    this.#followsMs.set(callId, time);
    if (type === "subagent.started") return;
    const span = this.spans.edit(agent, at);
    span.endTime = time;
    if (type !== "subagent.failed") return;
    span.status = "error";
    const message = text(data, "error") ?? text(part(data, "error"), "message");
    if (message !== undefined) span.statusMessage = cutText(message, longestMessage);
  }

  #parentOf(data: Fields): string {
    return this.#agents.get(text(data, "parentToolCallId") ?? "")?.spanId ?? rootId;
  }

  #shutdown(data: Fields, held: HeldSpan, time: number): void {
    const root = this.spans.edit(held);
    root.endTime = time;
    this.isWaiting = false;
    if (text(data, "shutdownType") === "error") {
      root.status = "error";
      const reason = text(data, "errorReason");
      if (reason !== undefined) root.statusMessage = cutText(reason, longestMessage);
    }
    const metrics = part(data, "modelMetrics");
    if (metrics === undefined) return;
    root.attributes = { ...root.attributes, "copilot.model_metrics": metrics };
    const tokens = restOfUsage(metrics, this.spans.spans);
    if (tokens !== undefined) root.tokens = tokens;
  }
}

function told(data: Fields, name: string): string {
  const value = text(data, name);
  return value === undefined ? "" : `: ${oneLine(value, 80)}`;
}
