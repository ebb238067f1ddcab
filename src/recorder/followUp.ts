// Background work of which one run at a time is enough: however often it is asked for meanwhile, one more run follows.

export class FollowUp {
  readonly #work: () => Promise<unknown>;
  #isRunning = false;
  #isWanted = false;

  /** @param work tells of its failures itself */
  constructor(work: () => Promise<unknown>) {
    this.#work = work;
  }

  request(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      try {
        await this.#work();
      } catch {
        // The next request tries again.
      }
    }
    this.#isRunning = false;
  }
}
