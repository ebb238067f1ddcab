// Watches the actions of a session, one after the other. Each pattern is told when it begins and again when its level rises.
// Work for an action, but for reading its input, and memory depend on the settings and not on how long the session lives.

import { type BudgetSign, Budgets } from "./budgets";
import { compareAction, nameOfAction, outcomeOf } from "./comparedAction";
import { FailureRuns } from "./failureRuns";
import { budgetMessage, cycleMessage, failuresMessage, repeatMessage, revisitMessage } from "./findingMessages";
import type { GuardrailFinding, GuardrailSettings, WatchedAction } from "./guardrail";
import { guardrailProblems } from "./guardrailProblems";
import { LoopPatterns } from "./loopPatterns";
import type { LoopSign } from "./loopSign";

export class GuardrailDetector {
  readonly #settings: GuardrailSettings;
  readonly #loops: LoopPatterns;
  readonly #failures: FailureRuns;
  readonly #budgets: Budgets;
  /** Of the latest actions, by number: as many as a cycle is long, so that it can be named. Waits are not among them. */
  readonly #names = new Map<number, string>();
  #actions = 0;

  /**
   * @param startMs of the session, for its time budget; without it time counts from the first action on
   * @throws RangeError that names the setting that can't be kept
   */
  constructor(settings: GuardrailSettings, startMs?: number) {
    const problems = guardrailProblems(settings);
    if (problems.length > 0) throw new RangeError(problems.map(({ message }) => message).join("; "));
    this.#settings = settings;
    this.#loops = new LoopPatterns(settings);
    this.#failures = new FailureRuns(settings);
    this.#budgets = new Budgets(settings.budget, startMs);
  }

  /** What is new with this action, in the order: loops, failures, budgets. */
  add(action: WatchedAction): readonly GuardrailFinding[] {
    const index = this.#actions++;
    const { tool, input = "", isFailed, startMs, endMs } = action;
    const compared = compareAction(tool, input);
    const outcome = outcomeOf(isFailed, action.output);
    const findings: GuardrailFinding[] = [];
    const name = nameOfAction(tool, input);
    const isUnknown = input === "" && !compared.isWait;
    if (isUnknown) this.#loops.addUnnamed(index);
    const signs = isUnknown ? undefined : this.#loops.add({ index, outcome, isFailed, ...compared });
    if (signs !== undefined) this.#remember(index, name);
    for (const sign of signs ?? []) if (sign.isNews) findings.push(this.#found(sign, outcome));
    // A wait that succeeds makes nothing good.
    if (isFailed || !compared.isWait) {
      for (const { pattern, failures, actions } of this.#failures.add(index, isFailed)) {
        const level = pattern === "consecutive-errors" ? "stop" : "warn";
        const message = failuresMessage(pattern, failures, this.#settings, name);
        findings.push({ level, pattern, message, actions });
      }
    }
    this.#budgets.begin(startMs ?? endMs);
    return [...findings, ...this.#used([...this.#budgets.at(endMs), ...this.#budgets.use(action)])];
  }

  /** What something used that is no action, such as an answer of a model. */
  spend(use: Pick<WatchedAction, "tokens" | "costUsd">, nowMs: number): readonly GuardrailFinding[] {
    return this.#used([...this.#budgets.at(nowMs), ...this.#budgets.use(use)]);
  }

  /** What the time says while no action ends: for a timer. */
  checkTime(nowMs: number): readonly GuardrailFinding[] {
    return this.#used(this.#budgets.at(nowMs));
  }

  #used(signs: readonly BudgetSign[]): readonly GuardrailFinding[] {
    const actions = this.#actions === 0 ? [] : [this.#actions - 1];
    return signs.map((sign) => ({ level: sign.level, pattern: sign.pattern, message: budgetMessage(sign), actions }));
  }

  #found(sign: LoopSign, outcome: string): GuardrailFinding {
    return {
      level: sign.level,
      pattern: sign.pattern,
      message: this.#messageOf(sign, outcome),
      actions: sign.actions.slice(),
    };
  }

  #messageOf(sign: LoopSign, outcome: string): string {
    const last = sign.actions.at(-1) ?? -1;
    switch (sign.pattern) {
      case "repeat":
        return repeatMessage(sign, this.#settings.window, this.#nameOf(last), outcome);
      case "cycle":
        return cycleMessage(
          sign,
          sign.actions.slice(-sign.length).map((index) => this.#nameOf(index)),
          outcome,
        );
      case "revisit":
        return revisitMessage(sign, this.#nameOf(last), outcome);
    }
  }

  #remember(index: number, name: string): void {
    this.#names.set(index, name);
    if (this.#names.size <= this.#settings.cycle.maxLength) return;
    const [oldest] = this.#names.keys();
    if (oldest !== undefined) this.#names.delete(oldest);
  }

  #nameOf(index: number): string {
    return this.#names.get(index) ?? "";
  }
}
