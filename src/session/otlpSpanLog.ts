// Writes the spans that programs send into a session's journal, each once. A span whose parent is not known hangs below
// the session's own span and names the one it waits for (`tracekeeper.parentSpanId`), until that one comes. A span that
// has not ended is begun, and completed by the same span once it has.

import { describeError } from "../base/logger";
import { rowsPerStep, type Steps } from "../base/steps";
import type { OtlpEvent } from "../importers/otlpLogs";
import type { MappedSpan } from "../importers/otlpSpan";
import type { OtlpUsage } from "../importers/otlpUsage";
import { spansAboveUsage } from "../importers/otlpUsageOnce";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import type { SpanEvent } from "../trace/schema";
import { OtlpIds } from "./otlpIds";
import { type OtlpMemory, otlpMemory } from "./otlpMemory";
import { OtlpOpenSpans, tooManyOpen } from "./otlpOpenSpans";
import { OtlpOrphans } from "./otlpOrphans";
import { OtlpResources } from "./otlpResources";
import { OtlpSpanText, type SpanBeginning } from "./otlpSpanText";
import { UntimedEvents } from "./untimedEvents";

/** After so many spans a step ends. */
export const spansPerStep = 64;

export interface OtlpSpanLogOptions {
  readonly recorder: SessionRecorder;
  /** The span of the session below which the received ones hang. */
  readonly parentSpanId: string;
  readonly onProblem: (problem: RecorderProblem) => void;
  /** Shared with other sessions of the process. */
  readonly memory?: OtlpMemory | undefined;
  /** Told once a request is recorded, of the spans that have begun or ended with it. */
  readonly onReceived?: ((spans: readonly ReceivedSpan[]) => void) | undefined;
}

/** A span that was recorded, with what it was not known to have before. */
export interface ReceivedSpan {
  /** Under which it is recorded. */
  readonly id: string;
  /** Without `endTime` it has begun. */
  readonly mapped: MappedSpan;
  /** What it uses itself: a span above another one may report the same once more. */
  readonly counted: OtlpUsage;
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

export class OtlpSpanLog {
  readonly #recorder: SessionRecorder;
  readonly #ownSpanId: string;
  readonly #onProblem: OtlpSpanLogOptions["onProblem"];
  readonly #ids: OtlpIds;
  readonly #orphans: OtlpOrphans;
  readonly #open: OtlpOpenSpans;
  readonly #resources = new OtlpResources();
  readonly #told = new Set<string>();
  readonly #onReceived: OtlpSpanLogOptions["onReceived"];
  #received: ReceivedSpan[] = [];

  constructor({ recorder, parentSpanId, onProblem, memory = otlpMemory(), onReceived }: OtlpSpanLogOptions) {
    this.#onReceived = onReceived;
    this.#recorder = recorder;
    this.#ownSpanId = parentSpanId;
    this.#onProblem = onProblem;
    this.#ids = new OtlpIds(parentSpanId, memory.ids);
    this.#open = new OtlpOpenSpans(recorder, memory.messages);
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
    return this.#open.awaited;
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
      if (!isOpen || this.#open.isFull) continue;
      this.#open.restore(id, { kind, name, isAwaited }, usage.has(id), events);
      this.#ids.pin(traceId, id);
    }
  }

  /** Records events that come apart from their spans; a span that is not known is begun by them. */
  addEvents(events: readonly OtlpEvent[]): Recorded {
    let refused = 0;
    const untimed = new UntimedEvents();
    for (const event of events) {
      const { traceId, spanId } = event;
      const mark = untimed.markOf(event);
      if (this.#recorder.health.state !== "ok" || this.#recorder.phase === "ended") {
        return { isWhole: false, refused, reason: undefined };
      }
      const id = this.#ids.find(traceId, spanId) ?? this.#beginAwaited(event);
      if (id === undefined) {
        refused++;
        continue;
      }
      this.#open.addEvent(id, event, mark);
    }
    return { isWhole: true, refused, reason: refused === 0 ? undefined : tooManyOpen };
  }

  /** Messages of a model's conversation that came apart from their span, which its mapping needs. */
  messagesOf(traceId: string, spanId: string): readonly SpanEvent[] {
    if (!this.#open.hasMessages) return [];
    const id = this.#ids.find(traceId, spanId);
    return id === undefined ? [] : this.#open.messagesOf(id);
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
        if (isNew && this.#open.get(id) === undefined) this.#ids.forget(mapped.traceId, id);
      }
      throw thrown;
    } finally {
      this.#tellReceived();
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
    this.#open.dispose();
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
    if (isNew && isOpen && this.#open.isFull) return false;
    const text = new OtlpSpanText(mapped, id, isAboveUsage);
    if (parentId === undefined || parentId === this.#ownSpanId) text.addOrigin(this.#resources.isNew(mapped.resource));
    text.followLinks((linkTraceId, linkSpanId) => this.#ids.find(linkTraceId, linkSpanId));
    if (begun !== undefined) {
      this.#open.change(id, text, parentId, begun);
      if (!isOpen) {
        this.#open.end(id, text, begun);
        this.#ids.release(id);
      }
    } else if (isOpen) {
      this.#ids.pin(traceId, id);
      this.#open.begin(id, text, parentId ?? this.#ownSpanId);
    } else {
      this.#recorder.span(id, text.whole(parentId ?? this.#ownSpanId), text.totals());
    }
    if (this.#onReceived !== undefined) this.#received.push({ id, mapped, counted: text.counted });
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

  /** @returns undefined where too many spans are open */
  #beginAwaited(event: OtlpEvent): string | undefined {
    if (this.#open.isFull) return undefined;
    const { traceId, spanId } = event;
    const id = this.#ids.add(traceId, spanId);
    try {
      this.#open.beginAwaited(id, event, this.#ownSpanId);
    } catch (thrown) {
      this.#ids.forget(traceId, id);
      throw thrown;
    }
    this.#ids.pin(traceId, id);
    this.#adopt(traceId, spanId, id);
    return id;
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

  #tellReceived(): void {
    const received = this.#received;
    this.#received = [];
    if (received.length === 0) return;
    try {
      this.#onReceived?.(received);
    } catch (error) {
      // They are recorded, whatever becomes of those who look on.
      this.#tellOnce(`Spans could not be watched: ${describeError(error)}`);
    }
  }

  #tellOnce(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#onProblem({ message });
  }
}
