// Work on one thing at a time for each name, in the order in which it was asked for; different names don't wait for each
// other.

export class OrderedTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Settles as the task does; one that rejects keeps nobody from their turn. */
  run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = before === undefined ? task() : before.then(task, task);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(name, settled);
    void settled.then(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    return turn;
  }

  isBusy(name: string): boolean {
    return this.#last.has(name);
  }

  /** Resolves when one of the turns that are under way or waited for has ended; at once where there is none. */
  async oneEnded(): Promise<void> {
    if (this.#last.size > 0) await Promise.race(this.#last.values());
  }
}
