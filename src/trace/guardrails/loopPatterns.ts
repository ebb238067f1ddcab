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
  /** Equal for the same action. */
  readonly key: string;
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

  /**
   * An action of which is not known yet whether it is like one before: it counts as new until `name` is called for it.
   * @returns its place
   */
  addUnnamed(index: number): number {
    this.#isAfterWait = false;
    const at = this.#places++;
    this.#cycles.add({ index, at, same: undefined, isSameSuccess: false });
    this.#revisits.add({ index, at, same: undefined, isSameSuccess: false }, this.#known);
    this.#known.add(undefined, at, index);
    this.#repeats.add({ index, at, same: undefined, isSameSuccess: false }, this.#known.newestAt);
    return at;
  }

  /** Tells which action it was that was added without a name at a place, now that one like it comes. */
  name(at: number, index: number, key: string, outcome: string): void {
    const same = sameOf(key, outcome);
    if (this.#known.get(same) !== undefined) return;
    this.#known.remember(same, at, index);
    this.#cycles.name(at, same);
    this.#repeats.name(at, index, same);
  }

  /** The patterns that the action is part of; undefined for a wait or polling, which no pattern sees. */
  add({ index, key, outcome, isFailed, isWait, isPolling }: PatternedAction): readonly LoopSign[] | undefined {
    if (isWait) {
      this.#isAfterWait = true;
      return undefined;
    }
    const waited = isPolling || this.#isAfterWait;
    this.#isAfterWait = false;
    const same = sameOf(key, outcome);
    // To look again after a wait is what one does while something else works. What fails again and again is stuck.
    if (waited && !isFailed && this.#known.get(same) !== undefined) return undefined;
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

function sameOf(key: string, outcome: string): string {
  return `${outcome}\0${key}`;
}
