// What happens in a rollout of Codex beside the conversation: compactions, reviews, plans, commands that the person ran from
// the prompt. Each is one span, in however many ways it is told.

import { oneLine } from "../trace/plainText";
import type { TraceSpan } from "../trace/schema";
import type { AgentNotice, ShellCommand } from "./codexEvents";
import { failCall } from "./codexItems";
import { type HeldSpan, type ImportedSpans, type LinePlace, placeId, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { count, isFields, own, part, text } from "./recordFields";
import { noteSpan } from "./transcript";

export class CodexMoments {
  readonly #spans: ImportedSpans;
  /** The one after which nothing has happened yet. */
  #compaction: HeldSpan | undefined;
  #review: HeldSpan | undefined;

  constructor(spans: ImportedSpans) {
    this.#spans = spans;
  }

  note(name: string, ms: number, at: LinePlace, error?: string): void {
    this.#spans.add(noteSpan(placeId("event", at), name, ms, error), at);
  }

  compacted(summary: string | undefined, ms: number, at: LinePlace): void {
    this.#compaction ??= this.#spans.add(noteSpan(placeId("event", at), "context compacted", ms), at);
    const span = this.#spans.edit(this.#compaction, at);
    if (summary !== undefined) span.output = summary;
  }

  /** The conversation has gone on. */
  wentOn(): void {
    this.#compaction = undefined;
  }

  /** A review of code; what is written meanwhile is in a rollout of its own. */
  reviewBegan(event: Fields, ms: number, at: LinePlace): void {
    const input = part(event, "target") ?? text(event, "prompt") ?? text(event, "user_facing_hint");
    const span: TraceSpan = {
      spanId: placeId("review", at),
      parentSpanId: rootId,
      name: "review",
      kind: "span",
      startTime: ms,
      status: "ok",
      ...(input === undefined ? {} : { input }),
    };
    this.#review = this.#spans.add(span, at);
  }

  reviewEnded(event: Fields, ms: number, at: LinePlace): void {
    if (this.#review === undefined) return;
    const review = this.#spans.edit(this.#review, at);
    review.endTime = ms;
    const output = own(event, "review_output");
    if (isFields(output)) review.output = output;
    this.#review = undefined;
  }

  /** Of most things that are completed there are lines of their own. */
  itemCompleted(item: Fields | undefined, ms: number, at: LinePlace): void {
    const type = text(item, "type")?.toLowerCase();
    const plan = type === "plan" ? text(item, "text") : undefined;
    if (plan !== undefined) this.#spans.add({ ...noteSpan(placeId("plan", at), "plan", ms), output: plan }, at);
    const sleptMs = type === "sleep" ? count(item, "duration_ms") : undefined;
    if (sleptMs === undefined) return;
    this.#spans.add({ ...noteSpan(placeId("sleep", at), "sleep", ms), startTime: ms - sleptMs }, at);
  }

  ranCommand({ command, exitCode, durationMs, output }: ShellCommand, ms: number, at: LinePlace): void {
    const span: TraceSpan = {
      spanId: placeId("command", at),
      parentSpanId: rootId,
      name: "shell",
      kind: "tool",
      startTime: ms - (durationMs ?? 0),
      endTime: ms,
      status: "ok",
      input: { command },
      output,
      attributes: { "codex.source": "user_shell" },
      ...(durationMs === undefined ? {} : { tool: { durationMs } }),
    };
    if (exitCode !== undefined && exitCode !== 0) failCall(span, undefined, exitCode);
    this.#spans.add(span, at);
  }

  noticed({ agent, status, error }: AgentNotice, ms: number, at: LinePlace): void {
    this.note(`agent ${oneLine(agent, 80)}: ${oneLine(status, 40)}`, ms, at, error);
  }
}
