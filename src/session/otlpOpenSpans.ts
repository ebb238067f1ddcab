// Spans that have begun and not ended, with the events that came apart from them. Each event is recorded once, and an end
// replaces none of them.

import { type OtlpEvent, toSpanEvent } from "../importers/otlpLogs";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { SpanEvent } from "../trace/schema";
import { OtlpMessages } from "./otlpMessages";
import { OtlpSeenEvents } from "./otlpSeenEvents";
import type { OtlpSpanText, SpanBeginning } from "./otlpSpanText";
import type { SharedBytes } from "./sharedBytes";
import { identityOf, withMark } from "./untimedEvents";

/** Spans that a program may have begun at one time; the recorder holds each of them in memory. */
const mostOpen = 10_000;
export const tooManyOpen = `${mostOpen} spans have begun and not ended`;

/** Of a span of which events have come and nothing else. */
export const awaitedAttribute = "tracekeeper.awaited";
const awaitedName = "(not received yet)";

export interface OpenSpan extends SpanBeginning {
  hasUsageBelow: boolean;
  /** Events came apart from it, which its end must not replace. */
  hasEvents: boolean;
}

export class OtlpOpenSpans {
  readonly #recorder: SessionRecorder;
  readonly #open = new Map<string, OpenSpan>();
  readonly #seenEvents = new OtlpSeenEvents();
  readonly #messages: OtlpMessages;

  /** @param messages memory for them, shared with other sessions */
  constructor(recorder: SessionRecorder, messages: SharedBytes) {
    this.#recorder = recorder;
    this.#messages = new OtlpMessages(messages);
  }

  get size(): number {
    return this.#open.size;
  }

  get isFull(): boolean {
    return this.#open.size >= mostOpen;
  }

  /** Those of which events alone have come. */
  get awaited(): number {
    let count = 0;
    for (const { isAwaited } of this.#open.values()) if (isAwaited) count++;
    return count;
  }

  get(id: string): OpenSpan | undefined {
    return this.#open.get(id);
  }

  /** Messages of a model's conversation that came apart from the span. */
  messagesOf(id: string): readonly SpanEvent[] {
    return this.#messages.of(id);
  }

  get hasMessages(): boolean {
    return !this.#messages.isEmpty;
  }

  /** One that the session holds from before. */
  restore(id: string, beginning: SpanBeginning, hasUsageBelow: boolean, events: readonly SpanEvent[]): void {
    this.#open.set(id, { ...beginning, hasUsageBelow, hasEvents: events.length > 0 });
    for (const event of events) {
      const json = JSON.stringify(event);
      this.#seenEvents.add(id, identityOf(event, json));
      this.#messages.add(id, event, json);
    }
  }

  begin(id: string, text: OtlpSpanText, parentSpanId: string): void {
    const { kind, name } = text.span;
    this.#recorder.begin(id, text.begin(parentSpanId), { kind, name });
    this.#open.set(id, { kind, name, hasUsageBelow: false, hasEvents: false });
    // The end says all of it again.
    for (const event of text.span.events ?? []) {
      const json = JSON.stringify(event);
      this.#seenEvents.add(id, json);
      this.#recorder.event(id, json);
    }
    for (const link of text.links ?? []) this.#recorder.link(id, JSON.stringify(link));
  }

  /** A span of which nothing but this event has come. */
  beginAwaited(id: string, { traceId, timeMs }: OtlpEvent, parentSpanId: string): void {
    const span = {
      spanId: id,
      parentSpanId,
      name: awaitedName,
      kind: "span",
      startTime: timeMs ?? this.#recorder.nowMs(),
      attributes: { "otel.trace_id": traceId, [awaitedAttribute]: true },
    } as const;
    this.#recorder.begin(id, JSON.stringify(span), { kind: "span", name: awaitedName });
    this.#open.set(id, { kind: "span", name: awaitedName, isAwaited: true, hasUsageBelow: false, hasEvents: false });
  }

  /** More is known of a span that has begun. */
  change(id: string, text: OtlpSpanText, parentId: string | undefined, begun: OpenSpan): void {
    this.#recorder.set(id, text.changes(parentId, begun));
    const attributes = text.attributes();
    if (attributes !== undefined) this.#recorder.attributes(id, attributes);
    if (begun.isAwaited) this.#recorder.attributes(id, JSON.stringify({ [awaitedAttribute]: null }));
  }

  end(id: string, text: OtlpSpanText, begun: OpenSpan): void {
    for (const event of begun.hasEvents ? (text.span.events ?? []) : []) this.#record(id, JSON.stringify(event));
    this.#recorder.end(id, text.end(!begun.hasEvents), text.totals(begun));
    // Not before: where that throws it is to be ended by what comes again.
    this.#open.delete(id);
    this.#messages.release(id);
  }

  /** Records an event of a span, open or not, that came apart from it. @param mark of one that names no time */
  addEvent(id: string, event: OtlpEvent, mark?: string): void {
    const spanEvent = withMark(toSpanEvent(event, this.#recorder.nowMs()), mark);
    const json = JSON.stringify(spanEvent);
    if (!this.#record(id, json, mark)) return;
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.hasEvents = true;
    this.#messages.add(id, spanEvent, json);
  }

  /** Gives the memory back that it shares. */
  dispose(): void {
    this.#messages.dispose();
  }

  /** False for one that is recorded already. */
  #record(id: string, json: string, identity = json): boolean {
    if (!this.#seenEvents.add(id, identity)) return false;
    try {
      this.#recorder.event(id, json);
      return true;
    } catch (thrown) {
      this.#seenEvents.forget(id, identity);
      throw thrown;
    }
  }
}
