// One detector for each agent, because what several do beside each other is no loop of any of them, and one account of what
// all of them use. Memory is bounded by the agents that are watched at a time.

import { GuardrailDetector } from "../../trace/guardrails/detector";
import type { GuardrailFinding, GuardrailSettings, WatchedAction } from "../../trace/guardrails/guardrail";

/** Of more the one that was silent longest is forgotten. */
const mostLanes = 200;

interface Lane {
  readonly detector: GuardrailDetector;
  lastEndMs: number;
}

export class LaneDetectors {
  readonly #settings: GuardrailSettings;
  readonly #budgets: GuardrailDetector;
  readonly #lanes = new Map<string, Lane>();

  /** @param settings that can be kept @param startMs of what is watched, for the time budget */
  constructor(settings: GuardrailSettings, startMs: number) {
    this.#settings = { ...settings, budget: {} };
    this.#budgets = new GuardrailDetector(settings, startMs);
  }

  add(lane: string, action: WatchedAction): readonly GuardrailFinding[] {
    const known = this.#lanes.get(lane) ?? {
      detector: new GuardrailDetector(this.#settings),
      lastEndMs: Number.NEGATIVE_INFINITY,
    };
    this.#lanes.delete(lane);
    this.#lanes.set(lane, known);
    const [oldest] = this.#lanes.keys();
    if (this.#lanes.size > mostLanes && oldest !== undefined) this.#lanes.delete(oldest);
    if (action.endMs > known.lastEndMs) known.lastEndMs = action.endMs;
    return known.detector.add(action);
  }

  /** When its latest action ended; -Infinity where it has none. */
  lastEndMs(lane: string): number {
    return this.#lanes.get(lane)?.lastEndMs ?? Number.NEGATIVE_INFINITY;
  }

  forget(lane: string): void {
    this.#lanes.delete(lane);
  }

  /** What was used, by an action or by what is none. */
  spend(use: Pick<WatchedAction, "tokens" | "costUsd">, nowMs: number): readonly GuardrailFinding[] {
    return this.#budgets.spend(use, nowMs);
  }

  /** What the time says while nothing ends: for a timer. */
  checkTime(nowMs: number): readonly GuardrailFinding[] {
    return this.#budgets.checkTime(nowMs);
  }
}
