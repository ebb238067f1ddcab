// Which rows changed with which revision of an epoch, so that a panel that lags behind is sent the sum of what it lacks,
// once, instead of every step. What is too long ago is forgotten: such a panel is sent everything.

/** How far a picture reached: rows and texts before these are in it. */
export interface Extent {
  readonly rows: number;
  readonly strings: number;
}

export interface ChangesSince extends Extent {
  /** Ascending, of rows that were there. */
  readonly changedRows: Uint32Array<ArrayBuffer>;
}

interface Entry {
  /** As it was before the change. */
  readonly before: Extent;
  readonly changedRows: Uint32Array;
}

/** Rows named in all entries together: of more than that, sending everything costs less. */
const mostRows = 100_000;
const mostEntries = 10_000;

export class ChangeLog {
  readonly #entries: Entry[] = [];
  #firstRevision: number;
  #rowCount = 0;

  /** @param revision of the picture with which the log begins */
  constructor(revision: number) {
    this.#firstRevision = revision;
  }

  /** Notes the change from the latest revision to the next one. */
  add(before: Extent, changedRows: Uint32Array): void {
    this.#entries.push({ before, changedRows });
    this.#rowCount += changedRows.length;
    while (this.#entries.length > 1 && (this.#rowCount > mostRows || this.#entries.length > mostEntries)) {
      this.#rowCount -= this.#entries.shift()?.changedRows.length ?? 0;
      this.#firstRevision++;
    }
  }

  /** What changed since a revision; undefined where that is forgotten or was never. */
  since(revision: number): ChangesSince | undefined {
    const entries = this.#entries.slice(Math.max(0, revision - this.#firstRevision));
    const [first] = entries;
    if (revision < this.#firstRevision || first === undefined) return undefined;
    const { rows, strings } = first.before;
    const changed = new Set<number>();
    for (const entry of entries) for (const row of entry.changedRows) if (row < rows) changed.add(row);
    return { rows, strings, changedRows: Uint32Array.from(changed).sort() };
  }
}
