// Rollouts of Codex: `~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`. An answer is a row of items without an id of their own:
// it begins with the first that the model writes and ends before the next output or message. Messages and thoughts stand
// there twice, as items and as events; each is taken once.

import { oneLine } from "../trace/plainText";
import { agentNoticeIn, type CallEnd, callEndOf, isInjected, isRequestRefused, shellCommandIn } from "./codexEvents";
import { callOf, failCall, hasOtherParts, outputOf, thoughtsOfItem, wordsOfItem } from "./codexItems";
import { CodexMoments } from "./codexMoments";
import {
  addedTokens,
  countsOf,
  itemTypes,
  lineTypes,
  metadataOf,
  silentEvents,
  silentItems,
  silentLines,
} from "./codexRecords";
import { type HeldSpan, type LinePlace, placeId, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { count, own, part, text, timeMs } from "./recordFields";
import { TranscriptBase, type TranscriptImporter, type TranscriptRecord } from "./transcript";

interface Answer {
  readonly span: HeldSpan;
  readonly blocks: Fields[];
  /** Of its calls, by their ids. */
  readonly names: Map<string, string>;
}

export class CodexImporter extends TranscriptBase implements TranscriptImporter {
  /** As the person named the session. */
  title: string | undefined;
  #answer: Answer | undefined;
  /** What comes next from the model is another answer. */
  #isAnswered = true;
  #followsMs: number | undefined;
  #model: string | undefined;
  #lastUsage = "";
  /** Words of the last message of the person, while no answer has begun. */
  #lastWords: string | undefined;
  readonly #moments = new CodexMoments(this.spans);
  readonly #openCalls = new Set<HeldSpan>();

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
      case "inter_agent_communication":
        return this.#agentMessage(payload, text(payload, "content") ?? "", ms, at);
      default:
        return this.#moments.compacted(text(payload, "message"), ms, at);
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
    this.metadata = { ...this.metadata, ...metadataOf(meta) };
  }

  #item(item: Fields, ms: number, at: LinePlace): void {
    const type = text(item, "type") ?? "";
    const output = outputOf(item);
    if (output !== undefined) return this.#output(text(item, "call_id"), output, ms, at);
    const call = callOf(item);
    if (call !== undefined) {
      const answer = this.#answering(ms, at);
      const span = this.#call(call.callId ?? placeId("call", at), call.name, call.input, answer, ms, at);
      if (call.isDone && this.#openCalls.delete(span)) this.spans.edit(span).endTime = ms;
      return this.#show(answer, ms, at);
    }
    if (type === "reasoning") {
      const answer = this.#answering(ms, at);
      for (const thinking of thoughtsOfItem(item)) addOnce(answer.blocks, { type: "thinking", thinking });
      return this.#show(answer, ms, at);
    }
    if (type === "message") return this.#message(item, ms, at);
    if (type === "agent_message") return this.#agentMessage(item, wordsOfItem(item), ms, at);
    if (/^(?:context_)?compaction/.test(type)) return this.#moments.compacted(undefined, ms, at);
    if (silentItems.test(type)) return;
    this.complain(`item ${type}`, `Items of type ${oneLine(type, 60)} are not known and left out`, "info");
  }

  #message(item: Fields, ms: number, at: LinePlace): void {
    const role = text(item, "role");
    const words = wordsOfItem(item);
    if (role === "assistant") return this.#words(words, ms, at);
    if (role !== "user") return;
    if (isInjected(words)) return this.#injected(words, ms, at);
    this.#userMessage(words, hasOtherParts(item) ? own(item, "content") : words, ms, at);
  }

  #injected(words: string, ms: number, at: LinePlace): void {
    const ran = shellCommandIn(words);
    const notice = agentNoticeIn(words);
    if (notice !== undefined) this.#moments.noticed(notice, ms, at);
    if (ran !== undefined) this.#moments.ranCommand(ran, ms, at);
  }

  /** Of another agent of the session, to which the model answers as it does to the person. */
  #agentMessage(told: Fields, words: string, ms: number, at: LinePlace): void {
    const author = text(told, "author");
    if (words === "" || this.#lastWords === words) return;
    this.#lastWords = words;
    this.#asked(ms);
    const message = this.addMessage(placeId("message", at), rootId, words, ms, at);
    this.#prompted(words);
    if (author === undefined) return;
    const edited = this.spans.edit(message);
    edited.name = `message of ${oneLine(author, 80)}`;
    edited.attributes = { "gen_ai.agent.name": author };
  }

  #userMessage(words: string, input: unknown, ms: number, at: LinePlace): void {
    const isAgain = this.#lastWords !== undefined && this.#lastWords.trim() === words.trim();
    if (isAgain || (words === "" && input === "")) return;
    this.#lastWords = words;
    this.#asked(ms);
    this.addMessage(placeId("message", at), rootId, input, ms, at);
    if (words !== "") this.#prompted(words);
  }

  #prompted(words: string): void {
    if (this.metadata.prompt === undefined) this.metadata = { ...this.metadata, prompt: words };
  }

  /** The model has something new to answer to. */
  #asked(ms: number): void {
    this.#moments.wentOn();
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
    this.#moments.wentOn();
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
    const call = this.addCall({ callId, name, input, parentId: answer.span.spanId }, ms, at);
    this.#openCalls.add(call);
    return call;
  }

  #output(
    callId: string | undefined,
    { output, isError, isRefused, error, exitCode, durationMs }: NonNullable<ReturnType<typeof outputOf>>,
    ms: number,
    at: LinePlace,
  ): void {
    const call = this.calls.get(callId ?? "") ?? this.addStrayCall(callId ?? placeId("result", at), rootId, ms, at);
    const span = this.spans.edit(call, at);
    this.#openCalls.delete(call);
    span.endTime = ms;
    if (output !== undefined) span.output = output;
    if (durationMs !== undefined) span.tool = { ...span.tool, durationMs };
    if (isError) failCall(span, error, exitCode);
    if (isRefused) span.interrupted = true;
    this.#asked(ms);
  }

  #event(event: Fields, ms: number, at: LinePlace): void {
    const type = text(event, "type") ?? "";
    const ended = callEndOf(event);
    if (ended !== undefined) return this.#callEnd(ended, at);
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
        if (isRequestRefused(event)) return this.#moments.note(oneLine(words, 120) || "refused", ms, at);
        return this.#moments.note("error", ms, at, words);
      case "context_compacted":
        return this.#moments.compacted(undefined, ms, at);
      case "thread_name_updated":
        this.title = text(event, "thread_name");
        return;
      case "thread_rolled_back":
        return this.#moments.note(`turns taken back: ${count(event, "num_turns") ?? "?"}`, ms, at);
      case "undo_completed":
        return this.#moments.note("undo", ms, at, own(event, "success") === false ? words : undefined);
      case "entered_review_mode":
        return this.#moments.reviewBegan(event, ms, at);
      case "exited_review_mode":
        return this.#moments.reviewEnded(event, ms, at);
      case "item_completed":
        return this.#moments.itemCompleted(part(event, "item"), ms, at);
      default:
        if (silentEvents.test(type)) return;
        this.complain(`event ${type}`, `Events of type ${oneLine(type, 60)} are not known and left out`, "info");
    }
  }

  /** Says once more how a call ended, and more than its output does. */
  #callEnd({ callId, isFailed, isDeclined, error, exitCode, durationMs, input, output }: CallEnd, at: LinePlace): void {
    const call = this.calls.get(callId ?? "");
    if (call === undefined) return;
    const span = this.spans.edit(call, at);
    if (durationMs !== undefined) span.tool = { ...span.tool, durationMs };
    if (input !== undefined) span.input ??= input;
    if (output !== undefined) span.output ??= output;
    if (isFailed || isDeclined) failCall(span, error, exitCode);
    if (isDeclined) span.interrupted = true;
  }

  #aborted(reason: string | undefined, ms: number, at: LinePlace): void {
    for (const call of this.#openCalls) {
      const span = this.spans.edit(call, at);
      span.endTime = ms;
      span.status = "error";
      span.interrupted = true;
      span.statusMessage = "The turn was aborted";
    }
    this.#openCalls.clear();
    this.#isAnswered = true;
    this.isWaiting = true;
    this.#moments.note(reason === undefined ? "turn aborted" : `turn aborted: ${oneLine(reason, 80)}`, ms, at);
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
}

function addOnce(blocks: Fields[], block: Fields): void {
  if (!blocks.some(({ thinking }) => thinking === block["thinking"])) blocks.push(block);
}
