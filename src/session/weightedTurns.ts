// Work that takes memory, done at the same time as far as all of it together is bounded. First come, first served.

export class WeightedTurns {
  readonly #most: number;
  #taken = 0;
  readonly #waiting: { readonly weight: number; readonly begin: () => void }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** @param weight more than there is in all is had alone */
  async run<T>(weight: number, task: () => Promise<T>): Promise<T> {
    const release = await this.take(weight);
    try {
      return await task();
    } finally {
      release();
    }
  }

  /** Resolves when there is room. @returns to be called once, when the work is done */
  async take(weight: number): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#hasRoom(weight)) {
      await new Promise<void>((begin) => void this.#waiting.push({ weight, begin }));
    } else this.#taken += weight;
    return () => {
      this.#taken -= weight;
      this.#beginNext();
    };
  }

  #hasRoom(weight: number): boolean {
    return this.#taken === 0 || this.#taken + weight <= this.#most;
  }

  #beginNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.weight); next = this.#waiting[0]) {
      this.#waiting.shift();
      // Here, so that nobody who comes before it runs has the room too.
      this.#taken += next.weight;
      next.begin();
    }
  }
}
