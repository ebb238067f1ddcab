// Lets the guardrails see what a program tells of itself: its calls of tools are actions, in the order in which they ended,
// and all that it reports counts against the budgets. Spans of one request are put in order; no request waits for another.
// Calls below a span that has not come are looked at by themselves. Once it comes and is no agent but a frame around them,
// they are seen as the calls of whose frame it is, so that a frame around each call does not hide that calls repeat. Frames
// of several calls that were open beside each other stay apart: in a row they would make up a cycle that never was.

import { shortOutput } from "../../trace/guardrails/comparedAction";
import type { GuardrailFinding, WatchedAction } from "../../trace/guardrails/guardrail";
import type { ReceivedSpan } from "../otlpSpanLog";
import type { SecretMask } from "../secrets/secretMask";
import { totalTokens } from "../steps/usageSum";
import { type AgentLane, AgentLanes } from "./agentLanes";
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

/** More calls than that stand in no frame, and longer ones are not kept for it. */
const mostFramed = 50;
const mostKeptLength = 200_000;
/** Spans that are awaited; of more the one that was silent longest is an agent's. */
const mostAwaited = 200;

interface SeenAction {
  readonly action: WatchedAction & { readonly startMs: number };
  readonly id: string;
}

/** Calls below a span that has not come, and what was told of them. */
interface Framed {
  actions: SeenAction[];
  readonly told: Set<string>;
  keptLength: number;
  /** They are too many or too long for a frame: whatever the span is, they stay by themselves. */
  isOver: boolean;
}

export class ProgramWatch {
  readonly #setup: ProgramWatchSetup;
  readonly #agents: AgentLanes;
  /** By key of the lane. */
  readonly #framed = new Map<string, Framed>();

  constructor(setup: ProgramWatchSetup) {
    this.#setup = setup;
    this.#agents = new AgentLanes(setup.spanId);
  }

  /** Spans that have begun or ended, each once. */
  take(spans: readonly ReceivedSpan[]): void {
    const inOrder = spans.toSorted((one, other) => endOf(one) - endOf(other));
    // Only now are all parents known that come with their children.
    const keys = inOrder.map(({ mapped }) => this.#agents.add(mapped));
    for (const [index, { mapped }] of inOrder.entries()) this.#unframe(keys[index] ?? "", this.#agents.below(mapped));
    for (const span of inOrder) if (span.mapped.span.endTime !== undefined) this.#takeEnded(span);
  }

  #takeEnded({ id, mapped, counted }: ReceivedSpan): void {
    const { detectors, nowMs, tell, mask } = this.#setup;
    const { kind, name, status, startTime: startMs, endTime: endMs = startMs } = mapped.span;
    if (kind === "tool") {
      const masked = (value: unknown) => (mask === undefined ? value : mask.value(value, { numbers: true }));
      const [input, output] = [mapped.span.input, mapped.span.output].map((value) => textOf(masked(value)));
      const facts = { tool: mask?.text(name) ?? name, input, output: output && shortOutput(output) };
      const action = { ...facts, isFailed: status === "error", startMs, endMs };
      this.#see({ action, id }, this.#agents.of(mapped), new Set());
    }
    // By the session's clock: a program's may be wrong, and a stop for that would be, too.
    const use = { tokens: totalTokens(counted), costUsd: counted.cost };
    for (const finding of detectors.spend(use, nowMs())) tell(finding, id);
  }

  /** @param told what was told of the action before */
  #see(seen: SeenAction, { key, isAwaited }: AgentLane, told: ReadonlySet<string>): void {
    const { detectors, prefix, tell } = this.#setup;
    const findings = detectors.add(prefix + key, seen.action);
    const framed = isAwaited ? this.#frame(key) : undefined;
    if (framed !== undefined) keep(framed, seen);
    for (const finding of findings) {
      const name = `${finding.level} ${finding.pattern}`;
      framed?.told.add(name);
      if (!told.has(name)) tell(finding, seen.id);
    }
  }

  #frame(key: string): Framed {
    const framed = this.#framed.get(key) ?? { actions: [], told: new Set(), keptLength: 0, isOver: false };
    this.#framed.delete(key);
    this.#framed.set(key, framed);
    const [oldest] = this.#framed.keys();
    if (this.#framed.size > mostAwaited && oldest !== undefined) this.#framed.delete(oldest);
    return framed;
  }

  /** What the calls stand below has come. @param lane they are of it */
  #unframe(key: string, lane: AgentLane): void {
    const framed = this.#framed.get(key);
    if (framed === undefined) return;
    this.#framed.delete(key);
    if (lane.key === key || framed.isOver) return;
    const { detectors, prefix } = this.#setup;
    const { actions, told } = framed;
    const beganMs = Math.min(...actions.map(({ action }) => action.startMs));
    if (actions.length > 1 && beganMs < detectors.lastEndMs(prefix + lane.key)) return;
    detectors.forget(prefix + key);
    for (const seen of actions) this.#see(seen, lane, told);
  }
}

function keep(framed: Framed, seen: SeenAction): void {
  if (framed.isOver) return;
  framed.actions.push(seen);
  framed.keptLength += seen.action.input?.length ?? 0;
  framed.isOver = framed.actions.length > mostFramed || framed.keptLength > mostKeptLength;
  if (framed.isOver) framed.actions = [];
}

function endOf({ mapped }: ReceivedSpan): number {
  return mapped.span.endTime ?? mapped.span.startTime;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || value === undefined ? value : JSON.stringify(value);
}
