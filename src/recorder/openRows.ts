// Which row of the journal a span is: of every span that is open, and of those that ended last. So memory depends on open
// spans, and a late record, which is nearly always about one of the last spans, still names its row.

const remembered = 256;

export class OpenRows {
  readonly #open = new Map<string, number>();
  /** Rings: ids of the spans that ended last, and their rows. */
  readonly #closedIds: string[] = [];
  readonly #closedRows = new Float64Array(remembered);
  #next = 0;
  #count = 0;

  get openCount(): number {
    return this.#open.size;
  }

  isOpen(spanId: string): boolean {
    return this.#open.has(spanId);
  }

  open(spanId: string): number {
    const row = this.#count++;
    this.#open.set(spanId, row);
    return row;
  }

  /** A span that begins and ends at once. */
  addClosed(spanId: string): number {
    const row = this.#count++;
    this.#remember(spanId, row);
    return row;
  }

  close(spanId: string): void {
    const row = this.#open.get(spanId);
    if (row === undefined) return;
    this.#open.delete(spanId);
    this.#remember(spanId, row);
  }

  rowOf(spanId: string): number | undefined {
    const open = this.#open.get(spanId);
    if (open !== undefined) return open;
    // The one that ended last first.
    for (let back = 1; back <= this.#closedIds.length; back++) {
      const at = (this.#next - back + remembered) % remembered;
      if (this.#closedIds[at] === spanId) return this.#closedRows[at];
    }
    return undefined;
  }

  #remember(spanId: string, row: number): void {
    this.#closedIds[this.#next] = spanId;
    this.#closedRows[this.#next] = row;
    this.#next = (this.#next + 1) % remembered;
  }
}
