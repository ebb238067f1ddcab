// The same action with the same result again, after at least `stuckRevisitGap` others. Once is a hint, because many healthy
// sessions look at something twice. It is more than that where nothing new was done between the visits: then the session
// goes round in a circle that is too long for the other patterns.

import { type GuardrailSettings, levelNumber } from "./guardrail";
import type { KnownAction, KnownActions } from "./knownActions";
import { type LoopSign, levelOf, type Occurrence } from "./loopSign";

export class Revisits {
  readonly #settings: GuardrailSettings;
  /** Ends with the next new action; what it goes through was told once and not for each action again. */
  #episode = 0;
  #told = 0;

  constructor(settings: GuardrailSettings) {
    this.#settings = settings;
  }

  /** @param known as it was before this action */
  add({ at, index, same }: Occurrence, known: KnownActions): LoopSign | undefined {
    const before = same === undefined ? undefined : known.get(same);
    if (before === undefined) {
      this.#told = 0;
      this.#episode++;
      return undefined;
    }
    const others = at - before.at - 1;
    if (others < this.#settings.stuckRevisitGap) return undefined;
    const { repeats } = this.#settings;
    visit(before, index, known.newestAt > before.at, repeats.stop);
    const level = levelOf(before.visits, repeats) ?? "hint";
    const number = levelNumber(level);
    const isNews = number > this.#told && !(level === "hint" && before.isTold);
    if (isNews) this.#told = number;
    before.isTold = true;
    return {
      pattern: "revisit",
      episode: this.#episode,
      level,
      isNews,
      isLoop: before.visits >= repeats.hint,
      count: before.visits,
      length: 1,
      others,
      actions: before.visited.slice(),
    };
  }
}

function visit(known: KnownAction, index: number, isAfterNews: boolean, most: number): void {
  if (isAfterNews) {
    known.visits = 2;
    known.visited = [known.index, index];
    return;
  }
  known.visits++;
  known.visited.push(index);
  if (known.visited.length > most) known.visited.shift();
}
