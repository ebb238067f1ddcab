// Which rows show their children. A rule for all rows, and the rows that the person switched against it.

import type { TraceModel } from "./traceModel";

export type ExpansionRule = "default" | "all" | "none";

/** Up to so many rows a trace opens with everything expanded. */
const allExpandedCount = 2_000;
/** Larger ones open with so many levels expanded, and the path to the failing step. */
const expandedLevels = 2;

export class Expansion {
  #rule: ExpansionRule;
  #toggled: Set<number>;
  #small: boolean;
  #opened = new Set<number>();
  #closed = new Set<number>();

  constructor(rule: ExpansionRule = "default", toggled: Iterable<number> = []) {
    this.#rule = rule;
    this.#toggled = new Set(toggled);
    this.#small = true;
  }

  /**
   * At the beginning of an epoch; a live trace that grows past the limit later does not fold under the reader.
   * @param closed rows that show their children only where the person wants to see them
   */
  begin(rowCount: number, closed: Iterable<number> = []): void {
    this.#small = rowCount <= allExpandedCount;
    this.#closed = new Set(closed);
  }

  get rule(): ExpansionRule {
    return this.#rule;
  }

  get toggled(): ReadonlySet<number> {
    return this.#toggled;
  }

  isExpanded(model: TraceModel, row: number): boolean {
    return this.#opened.has(row) || this.#byRule(model, row) !== this.#toggled.has(row);
  }

  set(model: TraceModel, row: number, expanded: boolean): void {
    this.#opened.delete(row);
    if (this.#byRule(model, row) === expanded) this.#toggled.delete(row);
    else this.#toggled.add(row);
  }

  setAll(expanded: boolean): void {
    this.#rule = expanded ? "all" : "none";
    this.#toggled = new Set();
    this.#opened = new Set();
  }

  /** Rows lose their numbers. */
  forgetRows(): void {
    this.#toggled = new Set();
    this.#opened = new Set();
  }

  /** Expands without making it a wish of the person: the path to the step at which the panel opens. */
  open(rows: Iterable<number>): void {
    for (const row of rows) this.#opened.add(row);
  }

  #byRule(model: TraceModel, row: number): boolean {
    switch (this.#rule) {
      case "all":
        return true;
      case "none":
        return false;
      case "default":
        if (this.#closed.has(row)) return false;
        return this.#small || (model.tree.depth[row] ?? 0) < expandedLevels;
    }
  }
}
