// The patterns of loops, over actions of which only is known which are the same: what live sessions and opened traces have
// in common. Work for an action and memory depend on the settings alone.

import { unknownOutcome } from "./comparedAction";
import { Cycles } from "./cycles";
import type { GuardrailSettings } from "./guardrail";
import { KnownActions } from "./knownActions";
import type { LoopSign, Occurrence } from "./loopSign";
import { Repeats } from "./repeats";
import { Revisits } from "./revisits";

export interface PatternedAction {
  readonly index: number;
  /** Equal for the same action; undefined where it is known to be like no other. */
  readonly key: string | undefined;
  /** Equal for the same result; see `outcomeOf`. */
  readonly outcome: string;
  readonly isFailed: boolean;
  readonly isWait: boolean;
  readonly isPolling: boolean;
}

export class LoopPatterns {
  readonly #known = new KnownActions();
  readonly #repeats: Repeats;
  readonly #cycles: Cycles;
  readonly #revisits: Revisits;
  #places = 0;
  #isAfterWait = false;

  constructor(settings: GuardrailSettings) {
    this.#repeats = new Repeats(settings);
    this.#cycles = new Cycles(settings);
    this.#revisits = new Revisits(settings);
  }

  /** The patterns that the action is part of; undefined for a wait or polling, which no pattern sees. */
  add({ index, key, outcome, isFailed, isWait, isPolling }: PatternedAction): readonly LoopSign[] | undefined {
    if (isWait) {
      this.#isAfterWait = true;
      return undefined;
    }
    const waited = isPolling || this.#isAfterWait;
    this.#isAfterWait = false;
    const same = key === undefined ? undefined : `${outcome}\0${key}`;
    // To look again after a wait is what one does while something else works. What fails again and again is stuck.
    if (waited && !isFailed && same !== undefined && this.#known.get(same) !== undefined) return undefined;
    const at = this.#places++;
    const occurrence: Occurrence = { index, at, same, isSameSuccess: !isFailed && outcome !== unknownOutcome };
    const cycle = this.#cycles.add(occurrence);
    const revisit = this.#revisits.add(occurrence, this.#known);
    this.#known.add(same, at, index);
    const repeat = this.#repeats.add(occurrence, this.#known.newestAt);
    // A cycle tells all that its actions' repeats would tell.
    if (cycle !== undefined) return [cycle];
    const signs: LoopSign[] = [];
    if (repeat !== undefined) signs.push(repeat);
    if (revisit !== undefined) signs.push(revisit);
    return signs;
  }
}
