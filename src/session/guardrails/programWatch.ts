// Lets the guardrails see what a program tells of itself: its calls of tools are actions, in the order in which they ended,
// and all that it reports counts against the budgets. Spans of one request are put in order; no request waits for another.

import type { GuardrailFinding } from "../../trace/guardrails/guardrail";
import type { ReceivedSpan } from "../otlpSpanLog";
import type { SecretMask } from "../secrets/secretMask";
import { totalTokens } from "../steps/usageSum";
import { AgentLanes } from "./agentLanes";
import type { LaneDetectors } from "./laneDetectors";

export interface ProgramWatchSetup {
  readonly detectors: LaneDetectors;
  /** Of the command: parent of the spans at the top. */
  readonly spanId: string;
  /** Before the names of its agents, where other programs share the detectors. */
  readonly prefix: string;
  nowMs(): number;
  /** Of a program that was told secrets: what is said of an action is cut, and a part of one is known to nobody. */
  readonly mask?: SecretMask;
  /** @param spanId of the action, as it is recorded */
  tell(finding: GuardrailFinding, spanId: string): void;
}

export class ProgramWatch {
  readonly #setup: ProgramWatchSetup;
  readonly #agents: AgentLanes;

  constructor(setup: ProgramWatchSetup) {
    this.#setup = setup;
    this.#agents = new AgentLanes(setup.spanId);
  }

  /** Spans that have begun or ended, each once. */
  take(spans: readonly ReceivedSpan[]): void {
    // Only now are all parents known that come with their children.
    for (const { mapped } of spans) this.#agents.add(mapped);
    const ended = spans.filter(({ mapped }) => mapped.span.endTime !== undefined);
    for (const span of ended.sort((one, other) => endOf(one) - endOf(other))) this.#takeEnded(span);
  }

  #takeEnded({ id, mapped, counted }: ReceivedSpan): void {
    const { detectors, prefix, nowMs, tell, mask } = this.#setup;
    const { kind, name, status, startTime: startMs, endTime: endMs = startMs } = mapped.span;
    if (kind === "tool") {
      const masked = (value: unknown) => (mask === undefined ? value : mask.value(value, { numbers: true }));
      const [input, output] = [mapped.span.input, mapped.span.output].map((value) => textOf(masked(value)));
      const action = { tool: mask?.text(name) ?? name, input, output, isFailed: status === "error" };
      const lane = prefix + this.#agents.of(mapped);
      for (const finding of detectors.add(lane, { ...action, startMs, endMs })) tell(finding, id);
    }
    // By the session's clock: a program's may be wrong, and a stop for that would be, too.
    const use = { tokens: totalTokens(counted), costUsd: counted.cost };
    for (const finding of detectors.spend(use, nowMs())) tell(finding, id);
  }
}

function endOf({ mapped }: ReceivedSpan): number {
  return mapped.span.endTime ?? mapped.span.startTime;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || value === undefined ? value : JSON.stringify(value);
}
