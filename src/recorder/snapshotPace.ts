// When a snapshot that nobody asked for may be written. While the trace is small it follows within 100 ms of quiet; when
// it is large, all snapshots together write at most three times its final size, and take a sixth of the time at most.

/** Silence after which a session counts as quiet. */
export const quietMs = 50;
const smallBytes = 8 * 1024 * 1024;
const pauseFactor = 5;

export class SnapshotPace {
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #lastTookMs = 0;
  #lastBytes = 0;

  /** @param journalBytes length of the journal that the snapshot folded */
  written(journalBytes: number, startMs: number, endMs: number): void {
    this.#lastBytes = journalBytes;
    this.#lastTookMs = endMs - startMs;
    this.#lastEndMs = endMs;
  }

  /**
   * How long to wait from `nowMs` on, in ms; undefined where the journal must grow first.
   * @param journalBytes its length now
   */
  waitMs(journalBytes: number, nowMs: number): number | undefined {
    if (journalBytes <= smallBytes) return 0;
    // Sizes that at least double add up to less than twice the last one; the fold of the end makes three.
    if (journalBytes < this.#lastBytes * 2) return undefined;
    return Math.max(0, this.#lastEndMs + this.#lastTookMs * pauseFactor - nowMs);
  }
}
