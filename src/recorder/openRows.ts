// Which row of the journal a span is: of every span that is open, and of those that ended last. So memory depends on open
// spans, and a late record still names its row.

const mostClosed = 256;

export class OpenRows {
  readonly #open = new Map<string, number>();
  /** The one that ended first comes first. */
  readonly #closed = new Map<string, number>();
  #count = 0;

  get openCount(): number {
    return this.#open.size;
  }

  isKnown(spanId: string): boolean {
    return this.#open.has(spanId) || this.#closed.has(spanId);
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
    return this.#open.get(spanId) ?? this.#closed.get(spanId);
  }

  #remember(spanId: string, row: number): void {
    this.#closed.set(spanId, row);
    if (this.#closed.size <= mostClosed) return;
    const [oldest] = this.#closed.keys();
    if (oldest !== undefined) this.#closed.delete(oldest);
  }
}
