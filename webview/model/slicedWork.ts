// Long work in slices, so that no frame is late: a generator that yields often is run for a few milliseconds a frame, or,
// while there is nothing to be drawn before its end, with hardly a pause. There is one work at a time; new work takes the
// place of old, and whoever needs the result now has it finished at once.

/** The browser's clock and frames, handed in so that tests need neither. */
export interface FrameClock {
  now(): number;
  /** Calls back once, at the next frame or soon where there are no frames. */
  nextFrame(run: () => void): void;
  /** Calls back once, as soon as what has happened meanwhile was dealt with. */
  nextTurn(run: () => void): void;
}

export interface WorkOptions {
  /** Called after every slice but the last. */
  readonly onSlice?: (() => void) | undefined;
  /** Somebody waits for nothing else: it goes on in the next turn, not in the next frame. */
  readonly isUrgent?: boolean | undefined;
}

/** Of one frame; the rest of it is for what else happens. */
const sliceMs = 4;
/** Of urgent work: a key that is pressed is answered within a frame. */
const urgentSliceMs = 12;

export class SlicedWork {
  readonly #clock: FrameClock;
  #steps: Generator<void, unknown> | undefined;
  #done: ((result: never) => void) | undefined;
  #options: WorkOptions = {};
  #isScheduled = false;

  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#steps !== undefined;
  }

  /**
   * Begins at once; work that never yields is done when this returns. What was under way is dropped.
   * @param done called with the result after the last step, when other work may be started
   */
  start<Result>(steps: Generator<void, Result>, done?: (result: Result) => void, options: WorkOptions = {}): void {
    this.cancel();
    this.#steps = steps;
    this.#done = done;
    this.#options = options;
    this.#slice();
  }

  /** Does the rest now. */
  finish(): void {
    const steps = this.#steps;
    if (steps === undefined) return;
    while (this.#steps === steps) this.#advance(steps);
  }

  cancel(): void {
    const steps = this.#steps;
    this.#steps = undefined;
    this.#done = undefined;
    this.#options = {};
    steps?.return(undefined);
  }

  #slice(): void {
    const steps = this.#steps;
    if (steps === undefined) return;
    const { isUrgent = false, onSlice } = this.#options;
    const endMs = this.#clock.now() + (isUrgent ? urgentSliceMs : sliceMs);
    do this.#advance(steps);
    while (this.#steps === steps && this.#clock.now() < endMs);
    if (this.#steps === undefined) return;
    if (this.#steps === steps) onSlice?.();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const goOn = () => {
      this.#isScheduled = false;
      this.#slice();
    };
    if (this.#options.isUrgent === true) this.#clock.nextTurn(goOn);
    else this.#clock.nextFrame(goOn);
  }

  /** One step; what it throws ends the work. */
  #advance(steps: Generator<void, unknown>): void {
    let step: IteratorResult<void, unknown> | undefined;
    try {
      step = steps.next();
    } finally {
      if (step?.done !== false) this.#steps = undefined;
    }
    if (step.done !== true) return;
    const done = this.#done;
    this.#done = undefined;
    done?.(step.value as never);
  }
}
