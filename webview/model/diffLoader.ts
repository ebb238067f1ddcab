// The lines of one change that are here: the beginning comes with the details, more of them and what is folded when the
// person asks for it.

import { diffPartSchema } from "../../src/protocol/payloadMessages";
import type { DiffEntry, DiffView } from "../../src/trace/diffView";
import { type HostConnection, StaleReplyError } from "./hostConnection";

export interface DiffAddress {
  readonly epoch: number;
  readonly row: number;
  readonly change: number;
}

const morePart = 1_000;

export class DiffLoader {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  #address: DiffAddress | undefined;
  #view: DiffView | undefined;
  #entries: readonly DiffEntry[] = [];
  #shown = 0;
  #serial = 0;
  #isLoading = false;
  #hasFailed = false;

  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** With what was folded in place of the fold, where it was opened. */
  get entries(): readonly DiffEntry[] {
    return this.#entries;
  }

  /** Of the entries as they came: a fold is one, open or not. */
  get shown(): number {
    return this.#shown;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  begin(address: DiffAddress, view: DiffView): void {
    if (view === this.#view) return;
    this.#address = address;
    this.#view = view;
    this.#entries = view.entries;
    this.#shown = view.entries.length;
    this.#serial++;
    this.#isLoading = false;
    this.#hasFailed = false;
  }

  async more(): Promise<void> {
    await this.#ask({ from: this.#shown, count: morePart }, (entries) => {
      this.#entries = [...this.#entries, ...entries];
      this.#shown += entries.length;
    });
  }

  /** Opens a fold, or as much of a long one as comes at once. */
  async unfold(fold: Extract<DiffEntry, { type: "fold" }>): Promise<void> {
    const count = Math.min(fold.count, morePart);
    await this.#ask({ from: fold.from, count, isUnfolded: true }, (lines) => {
      const at = this.#entries.indexOf(fold);
      if (at < 0) return;
      const left = fold.count - lines.length;
      const rest: DiffEntry[] = left > 0 ? [{ type: "fold", from: fold.from + lines.length, count: left }] : [];
      this.#entries = [...this.#entries.slice(0, at), ...lines, ...rest, ...this.#entries.slice(at + 1)];
    });
  }

  async #ask(
    what: { readonly from: number; readonly count: number; readonly isUnfolded?: boolean },
    take: (entries: readonly DiffEntry[]) => void,
  ): Promise<void> {
    const address = this.#address;
    if (address === undefined || this.#isLoading) return;
    const serial = this.#serial;
    this.#isLoading = true;
    this.#hasFailed = false;
    this.#onChange();
    try {
      const { entries } = await this.#connection.request("payloadDiff", { ...address, ...what }, diffPartSchema);
      if (serial !== this.#serial) return;
      take(entries);
    } catch (error) {
      if (serial !== this.#serial) return;
      this.#hasFailed = !(error instanceof StaleReplyError);
    }
    this.#isLoading = false;
    this.#onChange();
  }
}
