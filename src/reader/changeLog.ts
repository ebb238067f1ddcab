// Which rows changed with which revision of an epoch, so that a panel that lags behind is sent the sum of what it lacks,
// once, instead of every step. What is too long ago is forgotten: such a panel is sent everything.

/** How far a picture reached: rows and texts before these are in it. */
export interface Extent {
  readonly rows: number;
  readonly strings: number;
}

/** What came between two revisions. */
export interface Changes {
  readonly from: Extent;
  readonly to: Extent;
  /** Ascending, of rows that were there before. */
  readonly changedRows: Uint32Array<ArrayBuffer>;
}

interface Entry {
  readonly before: Extent;
  readonly changedRows: Uint32Array;
}

/** Rows named in all entries together: of more than that, sending everything costs less. */
const mostRows = 50_000;
const mostEntries = 10_000;

export class ChangeLog {
  readonly #entries: Entry[] = [];
  /** Revision to which the first entry was the next change. */
  #first = 1;
  #now: Extent;
  #rowCount = 0;

  /** @param extent of the picture of revision 1 */
  constructor(extent: Extent) {
    this.#now = extent;
  }

  /** How far the latest revision reaches. */
  get extent(): Extent {
    return this.#now;
  }

  /** Notes the change to the next revision. */
  add(changedRows: Uint32Array, after: Extent): void {
    this.#entries.push({ before: this.#now, changedRows });
    this.#now = after;
    this.#rowCount += changedRows.length;
    while (this.#rowCount > mostRows || this.#entries.length > mostEntries) {
      this.#rowCount -= this.#entries.shift()?.changedRows.length ?? 0;
      this.#first++;
    }
  }

  /** Undefined where that is forgotten or never was. */
  between(revision: number, until: number): Changes | undefined {
    if (revision < this.#first || until <= revision || until > this.#first + this.#entries.length) return undefined;
    const entries = this.#entries.slice(revision - this.#first, until - this.#first);
    const from = entries[0]?.before ?? this.#now;
    const to = this.#entries[until - this.#first]?.before ?? this.#now;
    const changed = new Set<number>();
    for (const entry of entries) for (const row of entry.changedRows) if (row < from.rows) changed.add(row);
    return { from, to, changedRows: Uint32Array.from(changed).sort() };
  }
}
