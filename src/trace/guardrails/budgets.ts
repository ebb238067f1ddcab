// Time, cost and tokens against what they may be: a warning at 80 percent, a stop when all is used, each once.

import { type GuardrailBudget, type GuardrailLevel, levelNumber } from "./guardrail";

export type BudgetPattern = "time-budget" | "cost-budget" | "token-budget";

export interface BudgetSign {
  readonly pattern: BudgetPattern;
  readonly level: GuardrailLevel;
  readonly used: number;
  readonly limit: number;
}

const warnedShare = 0.8;

export class Budgets {
  readonly #limits: Readonly<Record<BudgetPattern, number | undefined>>;
  readonly #used: Record<BudgetPattern, number> = { "time-budget": 0, "cost-budget": 0, "token-budget": 0 };
  readonly #told: Record<BudgetPattern, number> = { "time-budget": 0, "cost-budget": 0, "token-budget": 0 };
  #startMs: number | undefined;

  /** @param startMs of the session; without it time counts from the first action on */
  constructor({ timeMs, costUsd, tokens }: GuardrailBudget, startMs: number | undefined) {
    this.#limits = { "time-budget": timeMs, "cost-budget": costUsd, "token-budget": tokens };
    this.#startMs = startMs;
  }

  /** @param use what one action took; numbers that can't be are left out */
  use(use: { readonly costUsd?: number | undefined; readonly tokens?: number | undefined }): readonly BudgetSign[] {
    this.#used["cost-budget"] += possible(use.costUsd);
    this.#used["token-budget"] += possible(use.tokens);
    return [...this.#check("cost-budget"), ...this.#check("token-budget")];
  }

  begin(startMs: number): void {
    if (Number.isFinite(startMs)) this.#startMs ??= startMs;
  }

  at(nowMs: number): readonly BudgetSign[] {
    if (this.#startMs === undefined || !Number.isFinite(nowMs)) return [];
    // A clock that was set back takes no time back.
    this.#used["time-budget"] = Math.max(this.#used["time-budget"], nowMs - this.#startMs);
    return this.#check("time-budget");
  }

  #check(pattern: BudgetPattern): readonly BudgetSign[] {
    const limit = this.#limits[pattern];
    const used = this.#used[pattern];
    if (limit === undefined || used < limit * warnedShare) return [];
    const level = used >= limit ? "stop" : "warn";
    if (levelNumber(level) <= this.#told[pattern]) return [];
    this.#told[pattern] = levelNumber(level);
    return [{ pattern, level, used, limit }];
  }
}

function possible(number: number | undefined): number {
  return number !== undefined && Number.isFinite(number) && number > 0 ? number : 0;
}
