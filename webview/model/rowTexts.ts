// Labels and outcomes of a trace that is too large to have them in its columns: asked for when a row is shown, a frame's
// rows and some around them at once, and kept for as many rows as anybody scrolls through in a while.

import { type FirstTexts, textsResultSchema } from "../../src/protocol/panelMessages";
import type { HostConnection } from "./hostConnection";
import { RowSet } from "./rowSet";

export interface TextPair {
  readonly label: string;
  readonly outcome: string;
}

export interface TextsListener {
  /** Texts of rows that are shown, or will be soon, have come. */
  onRowTexts(): void;
  /** Texts have come that something else than the list of rows asked for. */
  changed(): void;
}

/** As the schema of the question allows. */
const mostAsked = 1_000;
/** Kept at most; the oldest half goes when there are more. */
const mostKept = 20_000;

export class RowTexts {
  readonly #connection: Pick<HostConnection, "request">;
  readonly #epoch: number;
  readonly #listener: TextsListener;
  /** Rows below this had no texts in their columns when the trace was opened. */
  readonly #lackingCount: number;
  /** Those that came with a change since. */
  readonly #inColumns = new RowSet();
  /** Of rows that came since those that came without. */
  readonly #cameWithout = new RowSet();
  /** Their texts may be other ones by now than those that are kept. */
  readonly #stale = new Set<number>();
  #kept = new Map<number, TextPair>();
  #older = new Map<number, TextPair>();
  /** Rows to ask for, and those among them that are shown elsewhere than in the list. */
  #wanted = new Set<number>();
  #elsewhere = new Set<number>();
  /** On their way. */
  #asked: ReadonlySet<number> = new Set();
  #isAsking = false;
  #isScheduled = false;
  /** Nobody asks again until rows are shown anew. */
  #hasFailed = false;

  constructor(
    connection: Pick<HostConnection, "request">,
    epoch: number,
    lackingCount: number,
    listener: TextsListener,
  ) {
    this.#connection = connection;
    this.#epoch = epoch;
    this.#lackingCount = lackingCount;
    this.#listener = listener;
  }

  isInColumns(row: number): boolean {
    return row >= this.#lackingCount ? !this.#cameWithout.has(row) : this.#inColumns.has(row);
  }

  /** Empty until it is here. */
  label(row: number): string {
    return this.#pair(row)?.label ?? "";
  }

  outcome(row: number): string {
    return this.#pair(row)?.outcome ?? "";
  }

  /** Without asking for it. */
  known(row: number): TextPair | undefined {
    return this.#kept.get(row) ?? this.#older.get(row);
  }

  /** The columns have the texts of this row from now on. */
  cameWithColumns(row: number): void {
    if (row >= this.#lackingCount) this.#cameWithout.delete(row);
    else this.#inColumns.add(row);
    this.#stale.delete(row);
    this.#kept.delete(row);
    this.#older.delete(row);
  }

  /** The row came or changed, and what came has no texts: what is known of it stands until it is asked for again. */
  cameWithout(row: number): void {
    if (row >= this.#lackingCount) this.#cameWithout.add(row);
    else this.#inColumns.delete(row);
    if (this.known(row) !== undefined) this.#stale.add(row);
  }

  /** Rows that the list shows, and those around them; others that it wanted before are not wanted any more. */
  want(rows: readonly number[]): void {
    this.#hasFailed = false;
    this.#wanted = new Set(this.#elsewhere);
    for (const row of rows) {
      if (this.isInColumns(row)) continue;
      const isLacking = this.#touch(row) === undefined && !this.#asked.has(row);
      if (isLacking || this.#stale.has(row)) this.#wanted.add(row);
    }
    this.#schedule();
  }

  /** Texts that are here now. */
  take({ rows, labels, outcomes }: FirstTexts): void {
    for (const [index, row] of rows.entries()) {
      this.#stale.delete(row);
      this.#keep(row, { label: labels[index] ?? "", outcome: outcomes[index] ?? "" });
    }
  }

  #pair(row: number): TextPair | undefined {
    const pair = this.#touch(row);
    if (pair !== undefined && !this.#stale.has(row)) return pair;
    if (pair !== undefined || !this.#asked.has(row)) this.#wanted.add(row);
    this.#elsewhere.add(row);
    this.#schedule();
    return pair;
  }

  /** What is looked at is not among the oldest. */
  #touch(row: number): TextPair | undefined {
    const pair = this.#kept.get(row);
    if (pair !== undefined) return pair;
    const older = this.#older.get(row);
    if (older !== undefined) this.#keep(row, older);
    return older;
  }

  #keep(row: number, pair: TextPair): void {
    this.#kept.set(row, pair);
    if (this.#kept.size < mostKept / 2) return;
    this.#older = this.#kept;
    this.#kept = new Map();
  }

  /** All that is wanted within a turn is asked for at once, and one question at a time. */
  #schedule(): void {
    if (this.#isScheduled || this.#isAsking || this.#hasFailed || this.#wanted.size === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#wanted.size === 0) return;
    const rows = [...this.#wanted].slice(0, mostAsked);
    for (const row of rows) this.#wanted.delete(row);
    this.#asked = new Set(rows);
    this.#isAsking = true;
    try {
      const params = { epoch: this.#epoch, rows };
      const { labels, outcomes } = await this.#connection.request("texts", params, textsResultSchema);
      this.take({ rows, labels, outcomes });
      const before = this.#elsewhere.size;
      for (const row of rows) this.#elsewhere.delete(row);
      if (this.#elsewhere.size < before) this.#listener.changed();
      else this.#listener.onRowTexts();
    } catch {
      // Of an epoch that has passed, or the trace cannot be read just now: rows go without their labels.
      this.#hasFailed = true;
      this.#elsewhere.clear();
    }
    this.#asked = new Set();
    this.#isAsking = false;
    this.#schedule();
  }
}
