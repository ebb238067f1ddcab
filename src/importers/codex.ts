// Rollouts of Codex: `~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`. An answer is a row of items without an id of their own:
// it begins with the first that the model writes and ends before the next output or message. Messages and thoughts stand
// there twice, as items and as events; each is taken once.

import { cutText, oneLine } from "../trace/plainText";
import type { TraceSpan } from "../trace/schema";
import { callOf, exitCodeIn, hasOtherParts, isInjected, outputOf, wordsOfItem } from "./codexItems";
import { addedTokens, countsOf, itemTypes, lineTypes, parentSession, silentEvents, silentLines } from "./codexRecords";
import { type HeldSpan, type LinePlace, placeId, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { own, part, text, timeMs } from "./recordFields";
import { longestMessage, TranscriptBase, type TranscriptImporter, type TranscriptRecord } from "./transcript";

interface Answer {
  readonly span: HeldSpan;
  readonly blocks: Fields[];
  /** Of its calls, by their ids. */
  readonly names: Map<string, string>;
}

export class CodexImporter extends TranscriptBase implements TranscriptImporter {
  readonly title = undefined;
  #answer: Answer | undefined;
  /** What comes next from the model is another answer. */
  #isAnswered = true;
  #followsMs: number | undefined;
  #model: string | undefined;
  #lastUsage = "";
  /** Words of the last message of the person, while no answer has begun. */
  #lastWords: string | undefined;

  take({ fields, at }: TranscriptRecord): void {
    const type = text(fields, "type") ?? "";
    const time = timeMs(own(fields, "timestamp"));
    const payload = part(fields, "payload");
    if (payload === undefined || !lineTypes.has(type)) return this.#oldLine(fields, type, time, at);
    const ms = this.clock(time, oneLine(type, 60));
    this.root(ms, at);
    switch (type) {
      case "session_meta":
        return this.#meta(payload);
      case "turn_context":
        this.#model = text(payload, "model") ?? this.#model;
        if (this.#model !== undefined) this.metadata = { ...this.metadata, model: this.#model };
        return;
      case "response_item":
        return this.#item(payload, ms, at);
      case "event_msg":
        return this.#event(payload, ms, at);
      default:
        return this.#moment("context compacted", ms, at);
    }
  }

  #oldLine(fields: Fields, type: string, time: number | undefined, at: LinePlace): void {
    if (itemTypes.test(type)) {
      // Items of that time name none.
      this.lastMs = time ?? this.lastMs;
      this.root(this.lastMs, at);
      return this.#item(fields, this.lastMs, at);
    }
    if (type === "" && text(fields, "id") !== undefined && time !== undefined) {
      this.lastMs = time;
      this.root(time, at);
      return this.#meta(fields);
    }
    if (silentLines.test(type) || text(fields, "record_type") !== undefined) return;
    if (type === "") return this.complain("no-type", "A line is no record of Codex");
    this.complain(`type ${type}`, `Lines of type ${oneLine(type, 60)} are not known and left out`, "info");
  }

  #meta(meta: Fields): void {
    // A session that was forked begins with the lines of the other one, its own comes first.
    if (this.sessionId !== undefined) return;
    this.sessionId = text(meta, "id");
    const git = part(meta, "git");
    const known: Record<string, unknown> = { agent: "Codex" };
    for (const [name, value] of [
      ["agentVersion", text(meta, "cli_version")],
      ["directory", text(meta, "cwd")],
      ["gitBranch", text(git, "branch")],
      ["repository", text(git, "repository_url")],
      ["providerId", text(meta, "model_provider")],
      ["parentSessionId", parentSession(meta)],
    ] as const) {
      if (value !== undefined) known[name] = value;
    }
    this.metadata = { ...this.metadata, ...known };
  }

  #item(item: Fields, ms: number, at: LinePlace): void {
    const type = text(item, "type") ?? "";
    const output = outputOf(item);
    if (output !== undefined) return this.#output(text(item, "call_id"), output, ms, at);
    const call = callOf(item);
    if (call !== undefined) {
      const answer = this.#answering(ms, at);
      const span = this.#call(call.callId ?? placeId("call", at), call.name, call.input, answer, ms, at);
      if (call.isDone) this.spans.edit(span).endTime = ms;
      return this.#show(answer, ms, at);
    }
    if (type === "reasoning") {
      const words = wordsOfItem(item);
      const answer = this.#answering(ms, at);
      if (words !== "") addOnce(answer.blocks, { type: "thinking", thinking: words });
      return this.#show(answer, ms, at);
    }
    if (type === "message") return this.#message(item, ms, at);
    if (/^compaction/.test(type)) return this.#moment("context compacted", ms, at);
    if (type === "ghost_snapshot" || type === "other") return;
    this.complain(`item ${type}`, `Items of type ${oneLine(type, 60)} are not known and left out`, "info");
  }

  #message(item: Fields, ms: number, at: LinePlace): void {
    const role = text(item, "role");
    const words = wordsOfItem(item);
    if (role === "assistant") return this.#words(words, ms, at);
    if (role !== "user" || isInjected(words)) return;
    this.#userMessage(words, hasOtherParts(item) ? own(item, "content") : words, ms, at);
  }

  #userMessage(words: string, input: unknown, ms: number, at: LinePlace): void {
    const isAgain = this.#lastWords !== undefined && this.#lastWords.trim() === words.trim();
    if (isAgain || (words === "" && input === "")) return;
    this.#lastWords = words;
    this.#asked(ms);
    this.addMessage(placeId("message", at), rootId, input, ms, at);
    if (words !== "" && this.metadata.prompt === undefined) this.metadata = { ...this.metadata, prompt: words };
  }

  /** The model has something new to answer to. */
  #asked(ms: number): void {
    this.#isAnswered = true;
    this.#followsMs = ms;
    this.isWaiting = false;
  }

  #words(words: string, ms: number, at: LinePlace): void {
    if (words === "") return;
    const block = { type: "text", text: words };
    // The same once more, as item and as event; after a message of the person it is another one.
    if (this.#lastWords === undefined && this.#answer?.blocks.some((each) => each["text"] === words) === true) return;
    const answer = this.#answering(ms, at);
    answer.blocks.push(block);
    this.#show(answer, ms, at);
  }

  #answering(ms: number, at: LinePlace): Answer {
    if (this.#answer !== undefined && !this.#isAnswered) return this.#answer;
    this.#isAnswered = false;
    this.#lastWords = undefined;
    this.isWaiting = false;
    const follows = this.#followsMs;
    const span = this.spans.add(
      {
        spanId: placeId("answer", at),
        parentSpanId: rootId,
        name: "answer",
        kind: "generation",
        startTime: follows !== undefined && follows < ms ? follows : ms,
        status: "ok",
        ...(this.#model === undefined ? {} : { model: { modelId: this.#model } }),
      },
      at,
    );
    this.#answer = { span, blocks: [], names: new Map() };
    return this.#answer;
  }

  #show({ span: held, blocks, names }: Answer, ms: number, at: LinePlace): void {
    const span = this.spans.edit(held, at);
    if (span.endTime === undefined || ms > span.endTime) span.endTime = ms;
    const [first] = blocks;
    if (blocks.length === 0) {
      if (names.size > 0) span.output = `[tool calls: ${[...names.values()].join(", ")}]`;
    } else span.output = blocks.length === 1 && first?.["type"] === "text" ? first["text"] : [...blocks];
  }

  #call(callId: string, name: string, input: unknown, answer: Answer, ms: number, at: LinePlace): HeldSpan {
    answer.names.set(callId, name);
    const known = this.calls.get(callId);
    if (known !== undefined) return known;
    return this.addCall({ callId, name, input, parentId: answer.span.spanId }, ms, at);
  }

  #output(
    callId: string | undefined,
    { output, isError, error, exitCode, durationMs }: NonNullable<ReturnType<typeof outputOf>>,
    ms: number,
    at: LinePlace,
  ): void {
    const call = this.calls.get(callId ?? "") ?? this.addStrayCall(callId ?? placeId("result", at), rootId, ms, at);
    const span = this.spans.edit(call, at);
    span.endTime = ms;
    if (output !== undefined) span.output = output;
    if (durationMs !== undefined) span.tool = { ...span.tool, durationMs };
    if (isError) fail(span, error, exitCode);
    this.#asked(ms);
  }

  #event(event: Fields, ms: number, at: LinePlace): void {
    const type = text(event, "type") ?? "";
    const words = text(event, "message") ?? text(event, "text") ?? "";
    switch (type) {
      case "user_message":
        if (!isInjected(words)) this.#userMessage(words, words, ms, at);
        return;
      case "agent_message":
        return this.#words(words, ms, at);
      case "agent_reasoning": {
        const isKnown = this.#answer?.blocks.some(({ thinking }) => thinking === words) === true;
        if (isKnown || words === "") return;
        const answer = this.#answering(ms, at);
        answer.blocks.push({ type: "thinking", thinking: words });
        return this.#show(answer, ms, at);
      }
      case "token_count":
        return this.#usage(part(event, "info"), at);
      case "task_complete":
      case "turn_complete":
        this.isWaiting = true;
        return;
      case "turn_aborted":
        return this.#aborted(text(event, "reason"), ms, at);
      case "error":
      case "stream_error":
        return this.#moment("error", ms, at, words);
      case "context_compacted":
        return this.#moment("context compacted", ms, at);
      case "exec_command_end":
      case "patch_apply_end":
      case "mcp_tool_call_end":
        return this.#callEnd(event, at);
      default:
        if (silentEvents.test(type)) return;
        this.complain(`event ${type}`, `Events of type ${oneLine(type, 60)} are not known and left out`, "info");
    }
  }

  /** Says once more how a call ended, and more than its output does. */
  #callEnd(event: Fields, at: LinePlace): void {
    const call = this.calls.get(text(event, "call_id") ?? "");
    if (call === undefined) return;
    const span = this.spans.edit(call, at);
    const exitCode = exitCodeIn(event);
    const result = part(event, "result");
    const refused = text(result, "Err");
    const isFailed = own(event, "success") === false || refused !== undefined;
    if (isFailed || (exitCode !== undefined && exitCode !== 0)) fail(span, refused ?? text(event, "stderr"), exitCode);
  }

  #aborted(reason: string | undefined, ms: number, at: LinePlace): void {
    for (const call of this.calls.values()) {
      if (call.endTime !== undefined) continue;
      const span = this.spans.edit(call, at);
      span.endTime = ms;
      span.status = "error";
      span.interrupted = true;
      span.statusMessage = "The turn was aborted";
    }
    this.#isAnswered = true;
    this.isWaiting = true;
    this.#moment(reason === undefined ? "turn aborted" : `turn aborted: ${oneLine(reason, 80)}`, ms, at);
  }

  /** Counts are repeated whenever limits change; what was counted before is not counted again. */
  #usage(info: Fields | undefined, at: LinePlace): void {
    const last = part(info, "last_token_usage");
    const total = countsOf(part(info, "total_token_usage") ?? last);
    const answer = this.#answer;
    if (last === undefined || total === this.#lastUsage || answer === undefined) return;
    this.#lastUsage = total;
    this.spans.edit(answer.span, at).tokens = addedTokens(answer.span.tokens, last);
    this.#isAnswered = true;
  }

  #moment(name: string, ms: number, at: LinePlace, error?: string): void {
    this.addNote(placeId("event", at), name, ms, at, error);
  }
}

function fail(span: TraceSpan, error: string | undefined, exitCode: number | undefined): void {
  span.status = "error";
  if (error !== undefined) span.statusMessage = cutText(error, longestMessage);
  else if (exitCode !== undefined) span.statusMessage ??= `exit code ${exitCode}`;
  if (exitCode !== undefined) span.attributes = { ...span.attributes, "process.exit.code": exitCode };
}

function addOnce(blocks: Fields[], block: Fields): void {
  if (!blocks.some(({ thinking }) => thinking === block["thinking"])) blocks.push(block);
}
