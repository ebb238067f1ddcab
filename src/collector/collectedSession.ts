// One session while it is collected: a recorder of its own, a root span, and below that the spans as they come. How it
// ends is told by its last step at the top; why, by the collector. With a step that is in progress it has crashed.

import type { OtlpEvent } from "../importers/otlpLogs";
import type { OtlpSpan } from "../importers/otlpRequest";
import type { MappedSpan } from "../importers/otlpSpan";
import { quoted } from "../recorder/safeJson";
import type { SessionRecorder } from "../recorder/sessionRecorder";
import type { RecorderProblem } from "../recorder/sessionRequest";
import { objectJson, roundMs } from "../recorder/spanJson";
import type { Refusal } from "../session/otlpAccess";
import { inTurns, refuseNow, tooSlow } from "../session/otlpExchange";
import type { OtlpMemory } from "../session/otlpMemory";
import { recordingSent } from "../session/otlpSentSpans";
import { OtlpSpanLog, type Recorded } from "../session/otlpSpanLog";
import type { LastStep, RestoredSession } from "./restoredSession";
import type { SessionPlace } from "./sessionOfSpans";
import { titleOf } from "./sessionTitle";

/** Attribute of the root: `{by, of}`. */
export const collectedAttribute = "tracekeeper.collected";

export type CollectingEnd = "idle" | "too many sessions" | "collector closed";

interface Opening {
  readonly place: SessionPlace;
  readonly recorder: SessionRecorder;
  readonly title: string;
  /** The same whenever the session is opened. */
  readonly rootSpanId: string;
  /** When the earliest of that for which it is opened happened. */
  readonly sinceMs: number;
  /** What it holds already. */
  readonly restored: RestoredSession | undefined;
  /** Shared with the other sessions. */
  readonly memory: OtlpMemory;
  readonly onProblem: (problem: RecorderProblem) => void;
}

export class CollectedSession {
  readonly place: SessionPlace;
  readonly recorder: SessionRecorder;
  /** By the monotonic clock. */
  lastSpanMs = performance.now();
  spanCount = 0;
  readonly #log: OtlpSpanLog;
  readonly #root: { readonly spanId: string; readonly name: string; readonly startMs: number };
  #title: string;
  /** The step at the top that ended last. */
  #lastStep: LastStep | undefined;
  /** Some other than those of which events alone have come. */
  #hasSpans: boolean;
  #ending: Promise<void> | undefined;

  constructor({ place, recorder, title, rootSpanId: spanId, sinceMs, restored, memory, onProblem }: Opening) {
    this.place = place;
    this.recorder = recorder;
    this.#title = title;
    const root = restored?.root;
    const name = root?.name ?? title;
    const startMs = root?.startTime ?? Math.min(roundMs(recorder.nowMs()), sinceMs);
    this.#root = { spanId, name, startMs };
    const { by, of } = place;
    const json = objectJson({
      spanId: quoted(spanId),
      parentSpanId: "null",
      name: quoted(name),
      kind: '"session"',
      startTime: startMs,
      attributes: JSON.stringify({ ...root?.attributes, [collectedAttribute]: { by, of } }),
    });
    recorder.begin(spanId, json, { kind: "session", name });
    this.#log = new OtlpSpanLog({ recorder, parentSpanId: spanId, onProblem, memory });
    this.#lastStep = restored?.lastStep;
    this.#hasSpans = restored?.spans.some(({ isAwaited }) => isAwaited !== true) === true;
  }

  /** Takes up what it holds already. To be called before anything is added. */
  async restore({ spans }: RestoredSession): Promise<void> {
    await inTurns(this.#log.restoring(spans));
  }

  get title(): string {
    return this.#title;
  }

  /** True once it takes no more. */
  get isEnding(): boolean {
    return this.#ending !== undefined || this.recorder.phase !== "recording";
  }

  async add(spans: readonly OtlpSpan[]): Promise<Recorded | Refusal> {
    const refusal = refuseNow(this.recorder);
    if (refusal) return refusal;
    this.lastSpanMs = performance.now();
    const recorded = await inTurns(recordingSent(this.#log, spans, (mapped) => this.#noteStep(mapped)));
    if (!recorded.isWhole) return tooSlow;
    this.spanCount += spans.length - recorded.refused;
    if (spans.length > recorded.refused) this.#hasSpans = true;
    this.lastSpanMs = performance.now();
    return recorded;
  }

  async addEvents(events: readonly OtlpEvent[]): Promise<Recorded | Refusal> {
    const refusal = refuseNow(this.recorder);
    if (refusal) return refusal;
    const recorded = this.#log.addEvents(events);
    this.lastSpanMs = performance.now();
    return recorded.isWhole ? recorded : tooSlow;
  }

  /** Resolves when the end is on the disk; never rejects. */
  end(reason: CollectingEnd): Promise<void> {
    this.#ending ??= this.#end(reason);
    return this.#ending;
  }

  /** The process ends: the session is safe as crashed when this returns. */
  crash(reason: string, signal?: string): void {
    if (this.recorder.phase !== "recording") return;
    const root = this.#rootEnd(reason);
    this.recorder.end(root.spanId, root.json, root.totals);
    this.recorder.crash(reason, { signal });
    this.#log.dispose();
  }

  /** A step at the top names a session that is a single trace. */
  #noteStep({ span, resource }: MappedSpan): void {
    if (span.parentSpanId !== null) return;
    const { endTime, status, name, statusMessage } = span;
    if (endTime !== undefined && endTime >= (this.#lastStep?.endMs ?? 0)) {
      this.#lastStep = { endMs: endTime, error: status === "error" ? (statusMessage ?? `${name} failed`) : undefined };
    }
    if (this.place.by !== "trace") return;
    const title = titleOf(this.place, resource, name);
    if (title === this.#title) return;
    this.#title = title;
    this.recorder.metadata(JSON.stringify({ title }));
  }

  async #end(reason: CollectingEnd): Promise<void> {
    const attributes = { reason, idleMs: Math.round(performance.now() - this.lastSpanMs) };
    const event = { name: "tracekeeper.collecting-ended", timeMs: roundMs(this.recorder.nowMs()), attributes };
    this.recorder.event(this.#root.spanId, JSON.stringify(event));
    // Of a program that sends no spans, nobody will say how its steps went.
    const openSpans = this.#hasSpans ? this.#log.openSpans : this.#log.openSpans - this.#log.awaitedSpans;
    if (openSpans > 0) {
      // Whoever was at work on them may have died: nobody said that they ended.
      this.crash(`${whyEnded(attributes)}; ${openSpans === 1 ? "1 step" : `${openSpans} steps`} never ended`);
      return;
    }
    const error = this.#lastStep?.error;
    await this.recorder.finish({
      root: this.#rootEnd(error),
      status: error === undefined ? "completed" : "error",
      error,
    });
    this.#log.dispose();
  }

  #rootEnd(error: string | undefined) {
    const { spanId, name, startMs } = this.#root;
    const endMs = roundMs(this.recorder.nowMs());
    const json = objectJson({
      endTime: endMs,
      status: error === undefined ? '"ok"' : '"error"',
      statusMessage: error === undefined ? undefined : quoted(error),
    });
    const totals = { kind: "session", name, isFailed: error !== undefined, durationMs: endMs - startMs } as const;
    return { spanId, json, totals };
  }
}

function whyEnded({ reason, idleMs }: { readonly reason: CollectingEnd; readonly idleMs: number }): string {
  switch (reason) {
    case "idle":
      return `silent for ${Math.round(idleMs / 1_000)} s`;
    case "too many sessions":
      return "ended to make room for other sessions";
    case "collector closed":
      return "the collector was closed";
  }
}
