// A trace to any backend of OpenTelemetry: all of a finished one, or the spans of one that runs as they end. What is sent at
// once and what waits are bounded, and neither holds up who records.

import type { Disposable } from "../base/disposable";
import { describeError } from "../base/logger";
import type { TraceFile, TraceSpan } from "../trace/schema";
import { encodeSpans, type WireOrigin } from "./otlpEncode";
import type { OtlpResult, OtlpSender } from "./otlpSender";
import { type WireSession, wireOrigin, wireSpan } from "./otlpSpans";
import { type PublishClock, within } from "./publishClock";

/** Of one request; as many as the SDKs send by default. */
const mostSpans = 512;
const requestBytes = 3_000_000;

export interface ExportReport {
  /** Spans that the backend has taken. */
  readonly accepted: number;
  readonly rejected: number;
  /** Spans that did not get there, or were let go of because too many waited. */
  readonly lost: number;
  /** What the backend or the network said first. */
  readonly problem: string | undefined;
}

/** @param trace without what must not leave; see `redactTrace`. Never rejects. */
export async function exportTrace(trace: TraceFile, sender: OtlpSender, signal?: AbortSignal): Promise<ExportReport> {
  const counts = new Counts();
  const session: WireSession = { sessionId: trace.sessionId, traceId: trace.traceId };
  const origin = wireOrigin(trace);
  for (const spans of portions(trace.spans)) {
    await sendSpans({ sender, session, origin, signal }, spans, counts);
    // A backend that refuses one request, or is not there, does the same with the rest.
    if (counts.isStopped) break;
  }
  return counts.report(trace.spans.length);
}

export interface LiveExportOptions {
  readonly sender: OtlpSender;
  readonly clock: PublishClock;
  readonly session: WireSession;
  readonly metadata: TraceFile["metadata"];
  /** For what must not leave. */
  redact(span: TraceSpan): TraceSpan;
}

const waitMs = 5_000;
/** Spans that wait for a backend which is slow or away. */
const mostWaiting = 8_192;
const endMs = 10_000;

/** Takes spans of a session that runs. */
export class LiveExport implements Disposable {
  readonly #options: LiveExportOptions;
  readonly #origin: WireOrigin;
  readonly #counts = new Counts();
  readonly #stop = new AbortController();
  #waiting: TraceSpan[] = [];
  #taken = 0;
  #timer: Disposable | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: LiveExportOptions) {
    this.#options = options;
    this.#origin = wireOrigin(options);
  }

  /** A span that has ended, which is not changed any more. Waits for nothing and never throws. */
  add(span: TraceSpan): void {
    if (this.#stop.signal.aborted) return;
    this.#taken++;
    // The newest says most of a session that runs.
    if (this.#waiting.length >= mostWaiting) this.#waiting.shift();
    this.#waiting.push(span);
    if (this.#waiting.length >= mostSpans) this.#send();
    else this.#timer ??= this.#options.clock.after(waitMs, () => this.#send());
  }

  /** Sends what waits, for a limited time, and takes no more. Never rejects. */
  async end(): Promise<ExportReport> {
    const sent = async () => {
      while (this.#sending !== undefined || this.#waiting.length > 0) {
        if (this.#sending === undefined) this.#send();
        await this.#sending;
      }
    };
    await within(this.#options.clock, endMs, sent(), undefined);
    this.dispose();
    return this.#counts.report(this.#taken);
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#stop.abort();
  }

  /** One request at a time: what comes meanwhile goes with the next one. */
  #send(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#sending !== undefined || this.#waiting.length === 0) return;
    const sent = this.#sendAll().catch((error: unknown) => this.#counts.fail(describeError(error)));
    this.#sending = sent.finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0 && !this.#stop.signal.aborted)
        this.#timer ??= this.#options.clock.after(waitMs, () => this.#send());
    });
  }

  async #sendAll(): Promise<void> {
    const { sender, session, redact } = this.#options;
    const target = { sender, session, origin: this.#origin, signal: this.#stop.signal };
    const spans = this.#waiting.map((span) => redact(span));
    this.#waiting = [];
    for (const portion of portions(spans)) {
      this.#counts.isStopped = false;
      await sendSpans(target, portion, this.#counts);
    }
  }
}

interface Target {
  readonly sender: OtlpSender;
  readonly session: WireSession;
  readonly origin: WireOrigin;
  readonly signal: AbortSignal | undefined;
}

class Counts {
  #accepted = 0;
  #rejected = 0;
  #problem: string | undefined;
  /** Something did not get there, and what is left of the same would not either. */
  isStopped = false;

  add(spans: number, result: OtlpResult): void {
    if (result.type === "accepted") {
      const rejected = Math.min(spans, result.rejected);
      this.#rejected += rejected;
      this.#accepted += spans - rejected;
    } else this.isStopped = true;
    this.#problem ??= result.message;
  }

  fail(problem: string): void {
    this.isStopped = true;
    this.#problem ??= problem;
  }

  report(all: number): ExportReport {
    const lost = all - this.#accepted - this.#rejected;
    return { accepted: this.#accepted, rejected: this.#rejected, lost, problem: this.#problem };
  }
}

function* portions(spans: readonly TraceSpan[]): Generator<readonly TraceSpan[]> {
  for (let at = 0; at < spans.length; at += mostSpans) yield spans.slice(at, at + mostSpans);
}

/** In several requests where one would be too large. Never rejects. */
async function sendSpans(
  { sender, session, origin, signal }: Target,
  spans: readonly TraceSpan[],
  counts: Counts,
): Promise<void> {
  const bytes = encodeSpans(
    spans.map((span) => wireSpan(span, session)),
    origin,
  );
  if (bytes.length <= requestBytes || spans.length === 1) {
    counts.add(spans.length, await sender.send(bytes, signal));
    return;
  }
  const half = spans.length >> 1;
  await sendSpans({ sender, session, origin, signal }, spans.slice(0, half), counts);
  if (!counts.isStopped) await sendSpans({ sender, session, origin, signal }, spans.slice(half), counts);
}
