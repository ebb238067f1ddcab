// The rows that the tree shows, from top to bottom: what is expanded, what the filters keep, what the search found.

import { visibleRows } from "../../src/trace/visibleRows";
import { Expansion, type ExpansionRule } from "./expansion";
import { type Filter, matchingRows, sameFilter } from "./filters";
import { ancestors, hasChildren, type TraceModel, type TraceTimes } from "./traceModel";

export class RowList {
  #expansion = new Expansion();
  /** While filtered everything is expanded but these. */
  #collapsedWhileFiltered = new Set<number>();
  #filters: readonly Filter[] = [];
  #rows = new Int32Array(0);
  #positions = new Int32Array(0);
  #matchCount = 0;
  /** By row, among the siblings that are shown; used while filtered only. */
  #ordinals = new Int32Array(0);
  /** By row + 1, with the top at 0: children that are shown. */
  #shownChildren = new Int32Array(0);
  #isFiltered = false;

  /** Rows shown, by position. */
  get rows(): Int32Array {
    return this.#rows;
  }

  get filters(): readonly Filter[] {
    return this.#filters;
  }

  get isFiltered(): boolean {
    return this.#isFiltered;
  }

  /** Rows that match the filters, whether shown or within a collapsed row. */
  get matchCount(): number {
    return this.#matchCount;
  }

  get toggledRows(): ReadonlySet<number> {
    return this.#expansion.toggled;
  }

  get expansionRule(): ExpansionRule {
    return this.#expansion.rule;
  }

  /** Position of a row among those shown, -1 where it is not. */
  positionOf(row: number): number {
    return this.#positions[row] ?? -1;
  }

  restore(rule: ExpansionRule, toggled: Iterable<number>, filters: readonly Filter[]): void {
    this.#expansion = new Expansion(rule, toggled);
    this.#filters = filters;
  }

  /** A new epoch: row numbers lose their meaning unless `keepRows`. @param closed rows that are collapsed at first */
  begin(rowCount: number, keepRows: boolean, closed: Iterable<number> = []): void {
    if (!keepRows) this.#expansion.forgetRows();
    this.#collapsedWhileFiltered.clear();
    this.#expansion.begin(rowCount, closed);
  }

  setFilters(filters: readonly Filter[]): void {
    this.#filters = filters.filter(
      (filter, index) => filters.findIndex((other) => sameFilter(filter, other)) === index,
    );
    this.#collapsedWhileFiltered.clear();
  }

  /** @param within the rows that a search keeps, where it is to act as a filter. */
  rebuild(model: TraceModel, times: TraceTimes, within: Uint8Array | undefined): void {
    const matches = matchingRows(model, times, this.#filters, within);
    this.#isFiltered = matches !== undefined;
    this.#matchCount = matches === undefined ? model.columns.count : countSet(matches);
    this.#rows = visibleRows(model.tree, (row) => this.isExpanded(model, row), matches) as Int32Array<ArrayBuffer>;
    if (this.#positions.length < model.columns.count) this.#positions = new Int32Array(2 * model.columns.count);
    this.#positions.fill(-1);
    for (let position = 0; position < this.#rows.length; position++)
      this.#positions[this.#rows[position] ?? 0] = position;
    if (this.#isFiltered) this.#countSiblings(model);
  }

  /** From 1, among the siblings that are shown or would be with their parent expanded. */
  ordinalOf(model: TraceModel, row: number): number {
    return (this.#isFiltered ? this.#ordinals : model.posInSet)[row] ?? 1;
  }

  /** The row's siblings that are shown, itself included. */
  siblingCount(model: TraceModel, row: number): number {
    if (!this.#isFiltered) return model.setSize[row] ?? 1;
    return this.#shownChildren[(model.columns.parent[row] ?? -1) + 1] ?? 1;
  }

  isExpanded(model: TraceModel, row: number): boolean {
    return this.#isFiltered ? !this.#collapsedWhileFiltered.has(row) : this.#expansion.isExpanded(model, row);
  }

  setExpanded(model: TraceModel, row: number, expanded: boolean): void {
    if (!hasChildren(model, row)) return;
    if (!this.#isFiltered) this.#expansion.set(model, row, expanded);
    else if (expanded) this.#collapsedWhileFiltered.delete(row);
    else this.#collapsedWhileFiltered.add(row);
  }

  setAllExpanded(expanded: boolean): void {
    this.#expansion.setAll(expanded);
    this.#collapsedWhileFiltered.clear();
  }

  expandSiblings(model: TraceModel, row: number): void {
    const parent = model.columns.parent[row] ?? -1;
    const first = parent < 0 ? model.tree.firstRoot : (model.tree.firstChild[parent] ?? -1);
    for (let sibling = first; sibling >= 0; sibling = model.tree.nextSibling[sibling] ?? -1) {
      this.setExpanded(model, sibling, true);
    }
  }

  /** A shown row's parent is expanded, so that counting the shown rows counts all siblings that the filters keep. */
  #countSiblings(model: TraceModel): void {
    if (this.#ordinals.length < model.columns.count) {
      this.#ordinals = new Int32Array(2 * model.columns.count);
      this.#shownChildren = new Int32Array(2 * model.columns.count + 1);
    }
    this.#shownChildren.fill(0);
    for (const row of this.#rows) {
      const slot = (model.columns.parent[row] ?? -1) + 1;
      const ordinal = (this.#shownChildren[slot] ?? 0) + 1;
      this.#shownChildren[slot] = ordinal;
      this.#ordinals[row] = ordinal;
    }
  }

  /** Expands what hides the row; takes effect with the next `rebuild`. */
  openPath(model: TraceModel, row: number): void {
    if (row < 0) return;
    const above = ancestors(model.columns, row);
    this.#expansion.open(above.filter((ancestor) => !this.#expansion.isExpanded(model, ancestor)));
    for (const ancestor of above) this.#collapsedWhileFiltered.delete(ancestor);
  }
}

function countSet(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) count += byte;
  return count;
}
