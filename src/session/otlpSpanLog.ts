// Writes the spans that programs send into a session's journal, each once. A span whose parent is not known hangs below
// the session's own span and names the one it waits for (`tracekeeper.parentSpanId`), until that one comes. A span that
// has not ended is begun, and completed by the same span once it has.

import { rowsPerStep, type Steps } from "../base/steps";
import { type OtlpEvent, toSpanEvent } from "../importers/otlpLogs";
import type { MappedSpan } from "../importers/otlpSpan";
import { spansAboveUsage } from "../importers/otlpUsageOnce";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import type { SpanEvent } from "../trace/schema";
import { OtlpIds } from "./otlpIds";
import { type OtlpMemory, otlpMemory } from "./otlpMemory";
import { OtlpMessages } from "./otlpMessages";
import { OtlpOrphans } from "./otlpOrphans";
import { OtlpSeenEvents } from "./otlpSeenEvents";
import { OtlpSpanText, type SpanBeginning } from "./otlpSpanText";

/** Spans that a program may have begun at one time; the recorder holds each of them in memory. */
const mostOpen = 10_000;
/** Different programs or restarts whose resources are written; then they are written again. */
const mostResources = 256;

/** After so many spans a step ends. */
export const spansPerStep = 64;

export interface OtlpSpanLogOptions {
  readonly recorder: SessionRecorder;
  /** The span of the session below which the received ones hang. */
  readonly parentSpanId: string;
  readonly onProblem: (problem: RecorderProblem) => void;
  /** Shared with other sessions of the process. */
  readonly memory?: OtlpMemory | undefined;
}

/** A span that the session holds from before. */
export interface RestoredSpan extends SpanBeginning {
  /** Under which it is recorded. */
  readonly id: string;
  readonly traceId: string;
  /** Undefined for none but the session's own. */
  readonly parentId: string | undefined;
  /** The parent as it was sent, which has not come. */
  readonly waitsFor: string | undefined;
  readonly isOpen: boolean;
  readonly reportsUsage: boolean;
  /** Of an open span. */
  readonly events: readonly SpanEvent[];
}

export interface Recorded {
  /** False where the recorder can't take more now: what is not recorded is to be sent again. */
  readonly isWhole: boolean;
  /** Spans that are refused for good, and why. */
  readonly refused: number;
  readonly reason: string | undefined;
}

interface Incoming {
  readonly mapped: MappedSpan;
  /** Under which it is recorded. */
  readonly id: string;
  readonly isNew: boolean;
  readonly reportsUsage: boolean;
  /** Undefined for none and for one that is not known. */
  parentId: string | undefined;
}

interface OpenSpan extends SpanBeginning {
  hasUsageBelow: boolean;
  /** Events came apart from it, which its end must not replace. */
  hasEvents: boolean;
}

/** Of a span of which events have come and nothing else. */
export const awaitedAttribute = "tracekeeper.awaited";
const awaitedName = "(not received yet)";

export class OtlpSpanLog {
  readonly #recorder: SessionRecorder;
  readonly #ownSpanId: string;
  readonly #onProblem: OtlpSpanLogOptions["onProblem"];
  readonly #ids: OtlpIds;
  readonly #orphans: OtlpOrphans;
  readonly #open = new Map<string, OpenSpan>();
  readonly #resources = new Set<string>();
  #lastResource: MappedSpan["resource"] | undefined;
  readonly #told = new Set<string>();
  readonly #seenEvents = new OtlpSeenEvents();
  readonly #messages: OtlpMessages;

  constructor({ recorder, parentSpanId, onProblem, memory = otlpMemory() }: OtlpSpanLogOptions) {
    this.#recorder = recorder;
    this.#ownSpanId = parentSpanId;
    this.#onProblem = onProblem;
    this.#ids = new OtlpIds(parentSpanId, memory.ids);
    this.#messages = new OtlpMessages(memory.messages);
    this.#orphans = new OtlpOrphans(memory.orphans, () =>
      this.#tellOnce(
        "So many spans wait for their parents that the oldest stay at the top; their attribute tracekeeper.parentSpanId names the parent",
      ),
    );
  }

  /** Spans that have begun and not ended, and those of which events alone have come. */
  get openSpans(): number {
    return this.#open.size;
  }

  /** Those of which events alone have come. */
  get awaitedSpans(): number {
    let count = 0;
    for (const { isAwaited } of this.#open.values()) if (isAwaited) count++;
    return count;
  }

  /** Takes up what the session holds already, in steps. To be called before anything is added. */
  *restoring(spans: readonly RestoredSpan[]): Steps<void> {
    const usage = new Set<string>();
    const parents = new Map(spans.map(({ id, parentId }) => [id, parentId]));
    for (const { id, reportsUsage } of spans) {
      if (!reportsUsage) continue;
      for (let at: string | undefined = id; at !== undefined && !usage.has(at); at = parents.get(at)) usage.add(at);
    }
    for (const [index, { id, traceId, kind, name, isAwaited, waitsFor, isOpen, events }] of spans.entries()) {
      if (index % rowsPerStep === 0) yield;
      this.#ids.restore(traceId, id);
      if (waitsFor !== undefined) this.#orphans.add(traceId, waitsFor, id, usage.has(id));
      if (!isOpen || this.#open.size >= mostOpen) continue;
      const open = openSpan({ kind, name, isAwaited }, usage.has(id));
      this.#open.set(id, open);
      this.#ids.pin(traceId, id);
      open.hasEvents = events.length > 0;
      for (const event of events) {
        const json = JSON.stringify(event);
        this.#seenEvents.add(id, json);
        this.#messages.add(id, event, json);
      }
    }
  }

  /** Records events that come apart from their spans; a span that is not known is begun by them. */
  addEvents(events: readonly OtlpEvent[]): Recorded {
    let refused = 0;
    for (const event of events) {
      const { traceId, spanId } = event;
      if (this.#recorder.health.state !== "ok" || this.#recorder.phase === "ended") {
        return { isWhole: false, refused, reason: undefined };
      }
      const id = this.#ids.find(traceId, spanId) ?? this.#beginAwaited(event);
      if (id === undefined) {
        refused++;
        continue;
      }
      const spanEvent = toSpanEvent(event, this.#recorder.nowMs());
      const json = JSON.stringify(spanEvent);
      if (!this.#recordEvent(id, json)) continue;
      const open = this.#open.get(id);
      if (open === undefined) continue;
      open.hasEvents = true;
      this.#messages.add(id, spanEvent, json);
    }
    return { isWhole: true, refused, reason: refused === 0 ? undefined : tooManyOpen };
  }

  /** Messages of a model's conversation that came apart from their span, which its mapping needs. */
  messagesOf(traceId: string, spanId: string): readonly SpanEvent[] {
    if (this.#messages.isEmpty) return [];
    const id = this.#ids.find(traceId, spanId);
    return id === undefined ? [] : this.#messages.of(id);
  }

  /** Records the spans in this turn; what was recorded already counts once. */
  add(spans: readonly MappedSpan[]): Recorded {
    const steps = this.adding(spans);
    for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
  }

  /** The same in steps, between which the caller may do other things, but not add other spans. */
  *adding(spans: readonly MappedSpan[]): Generator<undefined, Recorded> {
    const incoming: Incoming[] = [];
    const progress = { settled: 0 };
    try {
      for (const mapped of spans) incoming.push(this.#identify(mapped));
      return yield* this.#recordAll(incoming, progress);
    } catch (thrown) {
      // Whoever sends them again must not be told that they are known.
      for (const { id, isNew, mapped } of incoming.slice(progress.settled)) {
        if (isNew && !this.#open.has(id)) this.#ids.forget(mapped.traceId, id);
      }
      throw thrown;
    }
  }

  /** @param progress of how many spans it is decided what becomes of them */
  *#recordAll(incoming: readonly Incoming[], progress: { settled: number }): Generator<undefined, Recorded> {
    // Only now are all parents known that come with their children.
    for (const span of incoming) span.parentId = this.#parentOf(span);
    const known = new Set(incoming.filter((span) => this.#hasUsageBelow(span)).map(({ id }) => id));
    const above = spansAboveUsage(incoming, (id) => known.has(id));
    let refused = 0;
    for (const [index, span] of incoming.entries()) {
      if (index % spansPerStep === spansPerStep - 1) yield;
      if (this.#recorder.health.state !== "ok" || this.#recorder.phase === "ended") {
        // From here on the recorder might drop what memory can't hold.
        for (const { id, isNew, mapped } of incoming.slice(index)) if (isNew) this.#ids.forget(mapped.traceId, id);
        return { isWhole: false, refused, reason: undefined };
      }
      // The parent may be one that was just refused.
      if (refused > 0) span.parentId = this.#parentOf(span);
      const isRecorded = this.#record(span, above.has(span.id));
      progress.settled = index + 1;
      if (isRecorded) {
        // Of one that came again, too: what threw when it came first is made up for.
        this.#adopt(span.mapped.traceId, span.mapped.span.spanId, span.id);
        continue;
      }
      this.#ids.forget(span.mapped.traceId, span.id);
      refused++;
    }
    return { isWhole: true, refused, reason: refused === 0 ? undefined : tooManyOpen };
  }

  /** Gives the memory back that it shares. Nothing is added any more. */
  dispose(): void {
    this.#ids.dispose();
    this.#orphans.dispose();
    this.#messages.dispose();
  }

  #identify(mapped: MappedSpan): Incoming {
    const { traceId, span, usage } = mapped;
    const known = this.#ids.find(traceId, span.spanId);
    const id = known ?? this.#ids.add(traceId, span.spanId);
    if (known === undefined && id !== span.spanId) {
      this.#tellOnce(
        "Spans of several traces have the same id; the later ones are recorded with their trace's id added",
      );
    }
    return { mapped, id, isNew: known === undefined, reportsUsage: usage !== undefined, parentId: undefined };
  }

  #parentOf({ mapped, id }: Incoming): string | undefined {
    const { parentSpanId } = mapped.span;
    if (parentSpanId === null) return undefined;
    if (parentSpanId === this.#ownSpanId) return this.#ownSpanId;
    const parentId = this.#ids.find(mapped.traceId, parentSpanId);
    return parentId === id ? undefined : parentId;
  }

  #hasUsageBelow({ mapped, id }: Incoming): boolean {
    if (this.#open.get(id)?.hasUsageBelow === true) return true;
    return this.#orphans.peek(mapped.traceId, mapped.span.spanId)?.reportUsage === true;
  }

  /** @returns false where the span is refused */
  #record(incoming: Incoming, isAboveUsage: boolean): boolean {
    const { mapped, id, isNew, parentId, reportsUsage } = incoming;
    const { span, traceId } = mapped;
    const begun = this.#open.get(id);
    const isOpen = span.endTime === undefined;
    if (!isNew && (begun === undefined || (isOpen && !begun.isAwaited))) return true;
    if (isNew && isOpen && this.#open.size >= mostOpen) return false;
    const text = new OtlpSpanText(mapped, id, isAboveUsage);
    if (parentId === undefined || parentId === this.#ownSpanId) text.addOrigin(this.#isResourceNew(mapped.resource));
    text.followLinks((linkTraceId, linkSpanId) => this.#ids.find(linkTraceId, linkSpanId));
    if (begun !== undefined) {
      this.#change(id, text, parentId, begun);
      if (!isOpen) this.#end(id, text, begun);
    } else if (isOpen) {
      this.#begin(traceId, id, text, parentId ?? this.#ownSpanId);
    } else {
      this.#recorder.span(id, text.whole(parentId ?? this.#ownSpanId), text.totals());
    }
    const hasUsage = reportsUsage || isAboveUsage;
    const parent = parentId === undefined ? undefined : this.#open.get(parentId);
    if (parent !== undefined) parent.hasUsageBelow ||= hasUsage;
    const own = this.#open.get(id);
    if (own !== undefined) own.hasUsageBelow ||= hasUsage;
    if (
      (isNew || begun?.isAwaited) &&
      span.parentSpanId !== null &&
      parentId === undefined &&
      span.parentSpanId !== span.spanId
    ) {
      this.#orphans.add(traceId, span.parentSpanId, id, hasUsage);
    }
    return true;
  }

  #change(id: string, text: OtlpSpanText, parentId: string | undefined, begun: OpenSpan): void {
    this.#recorder.set(id, text.changes(parentId, begun));
    const attributes = text.attributes();
    if (attributes !== undefined) this.#recorder.attributes(id, attributes);
    if (begun.isAwaited) this.#recorder.attributes(id, JSON.stringify({ [awaitedAttribute]: null }));
  }

  #end(id: string, text: OtlpSpanText, begun: OpenSpan): void {
    for (const event of begun.hasEvents ? (text.span.events ?? []) : []) this.#recordEvent(id, JSON.stringify(event));
    this.#recorder.end(id, text.end(!begun.hasEvents), text.totals(begun));
    // Not before: where that throws it is to be ended by what comes again.
    this.#open.delete(id);
    this.#messages.release(id);
    this.#ids.release(id);
  }

  /** False for one that is recorded already. */
  #recordEvent(id: string, json: string): boolean {
    if (!this.#seenEvents.add(id, json)) return false;
    try {
      this.#recorder.event(id, json);
      return true;
    } catch (thrown) {
      this.#seenEvents.forget(id, json);
      throw thrown;
    }
  }

  /** @returns undefined where too many spans are open */
  #beginAwaited({ traceId, spanId, timeMs }: OtlpEvent): string | undefined {
    if (this.#open.size >= mostOpen) return undefined;
    const id = this.#ids.add(traceId, spanId);
    const span = {
      spanId: id,
      parentSpanId: this.#ownSpanId,
      name: awaitedName,
      kind: "span",
      startTime: timeMs ?? this.#recorder.nowMs(),
      attributes: { "otel.trace_id": traceId, [awaitedAttribute]: true },
    } as const;
    try {
      this.#recorder.begin(id, JSON.stringify(span), { kind: "span", name: awaitedName });
    } catch (thrown) {
      this.#ids.forget(traceId, id);
      throw thrown;
    }
    this.#open.set(id, openSpan({ kind: "span", name: awaitedName, isAwaited: true }, false));
    this.#ids.pin(traceId, id);
    this.#adopt(traceId, spanId, id);
    return id;
  }

  #begin(traceId: string, id: string, text: OtlpSpanText, parentSpanId: string): void {
    const { kind, name } = text.span;
    this.#recorder.begin(id, text.begin(parentSpanId), { kind, name });
    this.#open.set(id, openSpan({ kind, name }, false));
    this.#ids.pin(traceId, id);
    // The end says all of it again.
    for (const event of text.span.events ?? []) {
      const json = JSON.stringify(event);
      this.#seenEvents.add(id, json);
      this.#recorder.event(id, json);
    }
    for (const link of text.links ?? []) this.#recorder.link(id, JSON.stringify(link));
  }

  /** The children that came before go below their parent. They wait until all have: what throws is done again. */
  #adopt(traceId: string, spanId: string, id: string): void {
    const orphans = this.#orphans.peek(traceId, spanId);
    if (orphans === undefined) return;
    const json = JSON.stringify({ parentSpanId: id });
    for (const child of orphans.spanIds) this.#recorder.set(child, json);
    const begun = this.#open.get(id);
    if (begun !== undefined) begun.hasUsageBelow ||= orphans.reportUsage;
    this.#orphans.take(traceId, spanId);
  }

  /** What a program says of itself is written once, with the first of its spans that has no parent here. */
  #isResourceNew(resource: MappedSpan["resource"]): boolean {
    // All spans of a request have the same object.
    if (resource === this.#lastResource) return false;
    this.#lastResource = resource;
    const json = JSON.stringify(resource);
    if (json === "{}" || this.#resources.has(json)) return false;
    if (this.#resources.size >= mostResources) this.#resources.clear();
    this.#resources.add(json);
    return true;
  }

  #tellOnce(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#onProblem({ message });
  }
}

const tooManyOpen = `${mostOpen} spans have begun and not ended`;

function openSpan(beginning: SpanBeginning, hasUsageBelow: boolean): OpenSpan {
  return { ...beginning, hasUsageBelow, hasEvents: false };
}
