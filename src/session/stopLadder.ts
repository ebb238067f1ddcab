// How a program is stopped: it is interrupted as by Ctrl+C, later terminated, then killed, with everything that belongs to
// it. Whoever asks again goes to the next step at once.

export const stopSteps = ["interrupt", "terminate", "kill"] as const;
export type StopStep = (typeof stopSteps)[number];

export interface StopPauses {
  readonly terminateAfterMs: number;
  readonly killAfterMs: number;
}

/** A killed process that does not go away hangs in the system. */
const givenUpAfterMs = 5000;

export class StopLadder {
  readonly #pauses: StopPauses;
  readonly #take: (step: StopStep) => void;
  readonly #giveUp: () => void;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /**
   * @param take takes the step
   * @param giveUp called where even the last one did not help
   */
  constructor(pauses: StopPauses, take: (step: StopStep) => void, giveUp: () => void) {
    this.#pauses = pauses;
    this.#take = take;
    this.#giveUp = giveUp;
  }

  /** False before the first request. */
  get isBegun(): boolean {
    return this.#next > 0;
  }

  request(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    const step = stopSteps[this.#next];
    if (step === undefined) return;
    this.#next++;
    this.#take(step);
    const { terminateAfterMs, killAfterMs } = this.#pauses;
    if (step === "kill") this.#timer = setTimeout(() => this.#giveUp(), givenUpAfterMs);
    else this.#timer = setTimeout(() => this.request(), step === "interrupt" ? terminateAfterMs : killAfterMs);
  }

  /** The program is gone. */
  over(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
