// The guardrails of a session that runs one program: what they say are events of the program's spans. A program that went
// in circles is stopped only where the person wants that; otherwise the stop is told of, and nothing ends.

import type { Disposable } from "../../base/disposable";
import { defaultGuardrails, type GuardrailFinding, type GuardrailSettings } from "../../trace/guardrails/guardrail";
import { guardrailEvent, toldAttribute } from "../../trace/guardrails/recordedFindings";
import { runProblemEvent } from "../../trace/runAttributes";
import type { ReceivedSpan } from "../otlpSpanLog";
import type { StopReason } from "../outcome";
import type { SessionRecord } from "../sessionRecord";
import { LaneDetectors } from "./laneDetectors";
import { ProgramWatch } from "./programWatch";
import { settledGuardrails } from "./settledGuardrails";

export interface SessionGuardrailsSetup {
  readonly record: SessionRecord;
  readonly guardrails: (GuardrailSettings & { readonly stopsPrograms?: boolean | undefined }) | undefined;
  /** Undefined where there is no program that could be stopped. */
  readonly stop: ((reason: StopReason) => void) | undefined;
}

/** As budgets warn of time. */
const warnedShare = 0.8;
/** A timer that is set for longer fires at once. */
const longestMs = 2 ** 31 - 1;

export class SessionGuardrails implements Disposable {
  readonly #record: SessionRecord;
  readonly #stop: SessionGuardrailsSetup["stop"];
  readonly #detectors: LaneDetectors;
  readonly #startMs: number;
  #watch: ProgramWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasTold = false;
  #isStopped = false;

  constructor({ record, guardrails = defaultGuardrails, stop }: SessionGuardrailsSetup) {
    this.#record = record;
    this.#stop = guardrails.stopsPrograms === true ? stop : undefined;
    const { settings, problem } = settledGuardrails(guardrails);
    if (problem !== undefined) record.sessionEvent(runProblemEvent, { message: problem });
    this.#startMs = this.#nowMs();
    this.#detectors = new LaneDetectors(settings, this.#startMs);
    const { timeMs } = settings.budget;
    if (timeMs !== undefined) this.#awaitTime([timeMs * warnedShare, timeMs]);
  }

  /** Spans that the program has sent, once they are recorded. */
  readonly take = (spans: readonly ReceivedSpan[]): void => {
    this.#watch ??= new ProgramWatch({
      detectors: this.#detectors,
      spanId: this.#record.spanId,
      prefix: "",
      nowMs: () => this.#nowMs(),
      tell: (finding, spanId) => this.#tell(finding, spanId),
    });
    this.#watch.take(spans);
  };

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A program that tells nothing uses time, too. */
  #awaitTime([nextMs, ...later]: readonly number[]): void {
    if (nextMs === undefined) return;
    const leftMs = this.#startMs + nextMs - this.#nowMs();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#awaitTime([nextMs, ...later]), Math.min(Math.ceil(leftMs), longestMs));
      return;
    }
    for (const finding of this.#detectors.checkTime(this.#nowMs())) this.#tell(finding, this.#record.spanId);
    this.#awaitTime(later);
  }

  #tell({ level, pattern, message }: GuardrailFinding, spanId: string): void {
    const record = this.#record;
    // Before the event: by it readers know that there is something to look for.
    if (!this.#hasTold) record.attributes({ [toldAttribute]: true }, record.rootSpanId);
    this.#hasTold = true;
    const isLeft = level === "stop" && this.#stop === undefined;
    const told = isLeft
      ? { level: "warn", pattern, message: `${message}; the program was left running` }
      : { level, pattern, message };
    record.event(guardrailEvent, told, spanId);
    if (level !== "stop" || this.#isStopped) return;
    // Each further request would be a harder one.
    this.#isStopped = true;
    this.#stop?.({ type: "guardrail", message });
  }

  #nowMs(): number {
    return this.#record.recorder?.nowMs() ?? Date.now();
  }
}
