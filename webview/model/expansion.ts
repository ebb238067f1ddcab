// Which rows show their children. A rule for all rows, and the rows that the person switched against it.

import { RowSet } from "./rowSet";

export type ExpansionRule = "default" | "all" | "none";

/** Up to so many rows a trace opens with everything expanded. */
const allExpandedCount = 2_000;
/** Larger ones open with so many levels expanded, and the path to the failing step. */
const expandedLevels = 2;

export class Expansion {
  #rule: ExpansionRule;
  #toggled: RowSet;
  #small = true;
  #opened = new RowSet();
  #closed = new RowSet();

  constructor(rule: ExpansionRule = "default", toggled: Iterable<number> = []) {
    this.#rule = rule;
    this.#toggled = new RowSet(toggled);
  }

  /**
   * At the beginning of an epoch; a live trace that grows past the limit later does not fold under the reader.
   * @param closed rows that show their children only where the person wants to see them
   */
  begin(rowCount: number, closed: Iterable<number> = []): void {
    this.#small = rowCount <= allExpandedCount;
    this.#closed = new RowSet(closed);
  }

  get rule(): ExpansionRule {
    return this.#rule;
  }

  get toggled(): RowSet {
    return this.#toggled;
  }

  /** @param depth of the row */
  isExpanded(row: number, depth: number): boolean {
    return this.#opened.has(row) || this.#byRule(row, depth) !== this.#toggled.has(row);
  }

  set(row: number, depth: number, expanded: boolean): void {
    this.#opened.delete(row);
    if (this.#byRule(row, depth) === expanded) this.#toggled.delete(row);
    else this.#toggled.add(row);
  }

  setAll(expanded: boolean): void {
    this.#rule = expanded ? "all" : "none";
    this.forgetRows();
  }

  /** Rows lose their numbers. */
  forgetRows(): void {
    this.#toggled = new RowSet();
    this.#opened = new RowSet();
  }

  /** The same for rows that have other numbers now; those that are gone are forgotten. */
  moved(numbers: ReadonlyMap<number, number>): Expansion {
    const move = (rows: RowSet) => rows.toArray().flatMap((row) => numbers.get(row) ?? []);
    const expansion = new Expansion(this.#rule, move(this.#toggled));
    for (const row of move(this.#opened)) expansion.open(row);
    return expansion;
  }

  /** All rows that stand out from the rule. */
  get named(): number[] {
    return [...this.#toggled.toArray(), ...this.#opened.toArray()];
  }

  /** Expands without making it a wish of the person: the path to the step at which the panel opens. */
  open(row: number): void {
    this.#opened.add(row);
  }

  #byRule(row: number, depth: number): boolean {
    switch (this.#rule) {
      case "all":
        return true;
      case "none":
        return false;
      case "default":
        if (this.#closed.has(row)) return false;
        return this.#small || depth < expandedLevels;
    }
  }
}
