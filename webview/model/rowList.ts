// The rows that the tree shows, from top to bottom: what is expanded, what the filters keep, what the search found. A row
// that is expanded or collapsed costs about the same in a trace of a hundred rows and in one of a million; what concerns
// all rows is work in steps, and until its end the list is as it was.

import { Expansion, type ExpansionRule } from "./expansion";
import { dependsOnTime, type Filter, type Filtered, type FilterTest, filterTest, sameFilter } from "./filters";
import { KeptRows } from "./keptRows";
import { notKept } from "./rowOrder";
import { RowSet } from "./rowSet";
import { rowsAround } from "./rowsAround";
import { keepsNumbers, newNumbers } from "./sameRows";
import { stepRows } from "./spanForest";
import { ancestors, type PanelColumns, type RowTree, type TraceModel, type TraceTimes } from "./traceModel";

/** With more rows to expand at once than this all rows are gone through once instead. */
const mostSingly = 64;
/** As the schema of the view state allows. */
const mostRemembered = 100_000;

let versions = 0;

export class RowList {
  #expansion = new Expansion();
  /** While filtered everything is expanded but these. */
  #collapsedWhileFiltered = new RowSet();
  #filters: readonly Filter[] = [];
  /** Those by which `#kept` was found. */
  #shownFilters: readonly Filter[] = [];
  #model: TraceModel | undefined;
  #kept: KeptRows | undefined;
  /** By which rows that come or change are judged, and what it looks at. */
  #test: FilterTest | undefined;
  #filtered: Filtered | undefined;
  #progress: number | undefined;
  #keepsNumbers = false;
  #version = ++versions;

  /** Another number whenever rows may stand elsewhere than before; no two lists have the same. */
  get version(): number {
    return this.#version;
  }

  get count(): number {
    return this.#model?.order.shownCount ?? 0;
  }

  get filters(): readonly Filter[] {
    return this.#filters;
  }

  /** Whether what is shown now is filtered. */
  get isFiltered(): boolean {
    return this.#kept !== undefined;
  }

  /** Rows that match the filters, whether shown or within a collapsed row. */
  get matchCount(): number {
    return this.#kept?.matchCount ?? this.#model?.columns.count ?? 0;
  }

  /** Share of the rows that filters which were just set have gone through; undefined where none are under way. */
  get progress(): number | undefined {
    return this.#progress;
  }

  /** Rows that the person switched against the rule; undefined where they are too many to be remembered. */
  toggledList(): number[] | undefined {
    const { toggled } = this.#expansion;
    return toggled.size <= mostRemembered ? toggled.toArray() : undefined;
  }

  get expansionRule(): ExpansionRule {
    return this.#expansion.rule;
  }

  /** The row at a position, -1 beyond the last. */
  rowAt(position: number): number {
    return this.#model?.order.rowAt(position) ?? -1;
  }

  /** Rows from one position to before another. */
  slice(first: number, end: number): number[] {
    return this.#model?.order.shownRows(first, end) ?? [];
  }

  /** Position of a row among those shown, -1 where it is not. */
  positionOf(row: number): number {
    return this.#model?.order.positionOf(row) ?? -1;
  }

  isShown(row: number): boolean {
    return this.#model?.order.isShown(row) === true;
  }

  restore(rule: ExpansionRule, toggled: Iterable<number>, filters: readonly Filter[]): void {
    this.#expansion = new Expansion(rule, toggled);
    this.#filters = filters;
  }

  /** The rows keep the numbers that they had in the list before. */
  get keepsNumbers(): boolean {
    return this.#keepsNumbers;
  }

  /**
   * The list of another picture with the same filters, which shows nothing yet, and expands what this one does.
   * @param then the columns of this list, where it has any
   * @param isSameEpoch row numbers mean the same in both for sure
   */
  next(then: PanelColumns | undefined, now: PanelColumns, isSameEpoch: boolean): RowList {
    const list = new RowList();
    list.#filters = this.#filters;
    list.#keepsNumbers = isSameEpoch || (then !== undefined && keepsNumbers(then, now));
    if (list.#keepsNumbers) list.#expansion = this.#expansion;
    else {
      const named = this.#expansion.named;
      const numbers = then === undefined ? new Map<number, number>() : newNumbers(then, named, now);
      list.#expansion = this.#expansion.moved(numbers);
      list.begin(now.count);
    }
    return list;
  }

  /** At the beginning of an epoch. @param closed rows that are collapsed at first */
  begin(rowCount: number, closed: Iterable<number> = []): void {
    this.#expansion.begin(rowCount, closed);
  }

  /** Takes effect with the next `show`. */
  setFilters(filters: readonly Filter[]): void {
    this.#filters = filters.filter(
      (filter, index) => filters.findIndex((other) => sameFilter(filter, other)) === index,
    );
  }

  /**
   * Finds the rows of the model that the filters keep, and shows them.
   * @param within the rows that a search keeps, where it is to act as a filter.
   */
  *show(model: TraceModel, times: TraceTimes, within: Uint8Array | undefined): Generator<void, void> {
    const filters = this.#filters;
    const filtered = { columns: model.columns, times };
    const test = filterTest(filtered, filters, within);
    const isSame = test !== undefined && this.#kept !== undefined && this.#shownFilters === filters;
    const collapsed = isSame ? this.#collapsedWhileFiltered : new RowSet();
    const kept = test === undefined ? undefined : new KeptRows(model.forest.capacity);
    try {
      if (kept !== undefined && test !== undefined) yield* this.#match(model, test, kept);
      const isExpanded = (row: number, depth: number) =>
        kept === undefined ? this.#expansion.isExpanded(row, depth) : !collapsed.has(row);
      yield* hideAnew(model, kept, isExpanded);
    } finally {
      this.#progress = undefined;
    }
    this.#model = model;
    this.#kept = kept;
    this.#test = test;
    this.#filtered = filtered;
    this.#shownFilters = filters;
    this.#collapsedWhileFiltered = collapsed;
    this.#version = ++versions;
  }

  /** A row, and the rows that `show` will show above and below it; none where it is filters that decide. */
  foresee({ forest }: RowTree, row: number, reach: number): number[] {
    if (this.#filters.length > 0) return [];
    return rowsAround(forest, row, reach, (each) => this.#expansion.isExpanded(each, forest.depth[each] ?? 0));
  }

  /** Shows what is expanded now, with the filters as they are. */
  *arrange(): Generator<void, void> {
    const model = this.#model;
    if (model === undefined) return;
    yield* hideAnew(model, this.#kept, (row, depth) => this.#isExpanded(row, depth));
    this.#version = ++versions;
  }

  /** Rows came or changed within the epoch; told before the rows are judged. */
  update(model: TraceModel, times: TraceTimes): void {
    this.#model = model;
    this.#version = ++versions;
    if (this.#filtered === undefined) return;
    this.#filtered.columns = model.columns;
    this.#filtered.times = times;
  }

  /** From 1, among the siblings that are shown or would be with their parent expanded. */
  ordinalOf(row: number): number {
    return this.#kept === undefined ? (this.#model?.forest.ordinal[row] ?? 1) : this.#kept.ordinalOf(row);
  }

  /** The row's siblings that are shown, itself included. */
  siblingCount(row: number): number {
    const forest = this.#model?.forest;
    const above = forest?.parentOf(row) ?? -1;
    return this.#kept?.keptChildrenOf(above) ?? forest?.childCountOf(above) ?? 1;
  }

  isExpanded(row: number): boolean {
    return this.#isExpanded(row, this.#model?.forest.depth[row] ?? 0);
  }

  setExpanded(row: number, expanded: boolean): void {
    const { forest, order } = this.#model ?? {};
    const first = forest?.firstChildOf(row) ?? -1;
    if (forest === undefined || first < 0 || this.isExpanded(row) === expanded) return;
    this.#set(row, expanded);
    order?.hide(first, forest.lastOf(row), expanded ? -1 : 1);
    this.#version = ++versions;
  }

  /** Takes effect with the next `arrange`. */
  setAllExpanded(expanded: boolean): void {
    const { forest, columns } = this.#model ?? {};
    this.#expansion.setAll(expanded);
    this.#collapsedWhileFiltered = new RowSet();
    if (expanded || this.#kept === undefined || forest === undefined) return;
    for (let row = 0; row < (columns?.count ?? 0); row++) {
      if (forest.firstChildOf(row) >= 0) this.#collapsedWhileFiltered.add(row);
    }
  }

  /** False where it takes effect with the next `arrange` only. */
  expandSiblings(row: number): boolean {
    const forest = this.#model?.forest;
    if (forest === undefined) return true;
    const above = forest.parentOf(row);
    const isSingly = forest.childCountOf(above) <= mostSingly;
    for (let each = forest.firstChildOf(above); each >= 0; each = forest.nextSibling[each] ?? -1) {
      if (isSingly) this.setExpanded(each, true);
      else if (forest.firstChildOf(each) >= 0) this.#set(each, true);
    }
    return isSingly;
  }

  /**
   * Expands what hides the row, as nobody's wish.
   * @param model where the list does not show it yet
   * @returns false where it takes effect with the next `arrange` or `show` only
   */
  openPath(row: number, model: RowTree | undefined = this.#model): boolean {
    if (model === undefined || row < 0) return true;
    const { forest, order } = model;
    const isShownModel = model === this.#model;
    const above = ancestors(model.columns, row);
    const closed = isShownModel ? above.filter((each) => !this.isExpanded(each)) : [];
    const isSingly = isShownModel && closed.length <= mostSingly;
    for (const each of above) {
      if (!this.#expansion.isExpanded(each, forest.depth[each] ?? 0)) this.#expansion.open(each);
    }
    for (const each of closed) {
      this.#collapsedWhileFiltered.delete(each);
      if (isSingly) order.hide(forest.firstChildOf(each), forest.lastOf(each), -1);
    }
    this.#version = ++versions;
    return isSingly;
  }

  /** The reasons that hide a row which comes into the order, where those of its parent are known. */
  reasonsOf(row: number, parentReasons: number): number {
    const above = this.#model?.forest.parentOf(row) ?? -1;
    const isCollapsed = above >= 0 && !this.isExpanded(above);
    const reasons = (parentReasons & ~notKept) + (isCollapsed ? 1 : 0);
    return this.#kept === undefined || this.#kept.isKept(row) ? reasons : reasons | notKept;
  }

  /** Told by who changes the forest: after the row was linked (1), or before it is unlinked (-1). */
  relinked(row: number, by: 1 | -1): void {
    const { forest } = this.#model ?? {};
    if (forest !== undefined) this.#kept?.relinked(row, by, forest, this.#keptChanged);
  }

  /** Told after the siblings from a row on have come to stand elsewhere. */
  siblingsMoved(row: number): void {
    const { forest } = this.#model ?? {};
    if (forest !== undefined && row >= 0) this.#kept?.numberFrom(row, forest);
  }

  /** Judges a row that came or changed by the filters. */
  judge(row: number): void {
    const { forest } = this.#model ?? {};
    if (forest === undefined || this.#kept === undefined || this.#test === undefined) return;
    this.#kept.setMatch(row, this.#test(row), forest, this.#keptChanged);
  }

  /** Rows that time alone may make match are judged again. */
  judgeOpen(trace: { forEachOpen(visit: (row: number) => void): void }): void {
    if (dependsOnTime(this.#shownFilters)) trace.forEachOpen((row) => this.judge(row));
  }

  *#match(model: TraceModel, test: FilterTest, kept: KeptRows): Generator<void, void> {
    const { count } = model.columns;
    for (let row = 0; row < count; row++) {
      if (test(row)) kept.setMatch(row, true, model.forest);
      if (row % stepRows !== stepRows - 1) continue;
      this.#progress = row / count;
      yield;
    }
  }

  readonly #keptChanged = (row: number): void => {
    const { order, forest } = this.#model ?? {};
    if (forest === undefined || order === undefined || this.#kept === undefined) return;
    if (order.has(row)) order.setKept(row, this.#kept.isKept(row));
    if (forest.isLinked(row)) this.#kept.numberFrom(row, forest);
  };

  #isExpanded(row: number, depth: number): boolean {
    return this.#kept === undefined ? this.#expansion.isExpanded(row, depth) : !this.#collapsedWhileFiltered.has(row);
  }

  #set(row: number, expanded: boolean): void {
    if (this.#kept === undefined) this.#expansion.set(row, this.#model?.forest.depth[row] ?? 0, expanded);
    else if (expanded) this.#collapsedWhileFiltered.delete(row);
    else this.#collapsedWhileFiltered.add(row);
  }
}

function* hideAnew(
  { forest, order }: TraceModel,
  kept: KeptRows | undefined,
  isExpanded: (row: number, depth: number) => boolean,
): Generator<void, void> {
  // Of the children of each row: reasons that hide all of them, and how many are numbered.
  const forChildren = new Int32Array(forest.capacity);
  const numbers = new Int32Array(kept === undefined ? 0 : forest.capacity + 1);
  yield* order.hideAnew((row) => {
    const above = forest.parentOf(row);
    const reasons = above < 0 ? 0 : (forChildren[above] ?? 0);
    if (forest.firstChildOf(row) >= 0) {
      forChildren[row] = isExpanded(row, forest.depth[row] ?? 0) ? reasons : reasons + 1;
    }
    if (kept === undefined) return reasons;
    if (!kept.isKept(row)) return reasons | notKept;
    const number = (numbers[above + 1] ?? 0) + 1;
    numbers[above + 1] = number;
    kept.number(row, number);
    return reasons;
  });
}
