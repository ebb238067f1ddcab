// What the page of a batch knows and what the person has chosen. Messages and keys change it; whoever draws is told once a
// frame. What the person looks at is moved by nobody but the person.

import type { Disposable } from "../../../src/base/disposable";
import { Emitter } from "../../../src/base/event";
import type {
  BatchAction,
  BatchHeader,
  BatchHostMessage,
  BatchNavigateTarget,
  BatchViewState,
  RunDetails,
} from "../../../src/protocol/batchMessages";
import { type RunState, runStates } from "../../../src/trace/batch/runColumns";
import { frameClock } from "../../model/frameClock";
import { formatInteger, setTexts, text } from "../../text";
import type { BatchHost } from "./batchHost";
import { ErrorList } from "./errorList";
import { orderRuns, type RunSort } from "./runOrder";
import { RunTable } from "./runTable";
import { runWords } from "./runWords";

export const failedStates: readonly RunState[] = ["failed", "prefailed", "uncreated"];

export type FocusTarget = "list" | "matrix" | "filter";

/** An order that took longer to make than this is made anew only after ten times as long. */
const quickOrderMs = 8;
const saveDelayMs = 100;

export class BatchPage {
  readonly host: BatchHost;
  readonly #now: () => number;
  readonly #changes = new Emitter<void>();
  header: BatchHeader | undefined;
  table: RunTable | undefined;
  isWhole = false;
  unavailable: Extract<BatchHostMessage, { type: "unavailable" }> | undefined;
  loadingPart: number | undefined;
  details: RunDetails | undefined;
  platform: "mac" | "other" = "other";
  timeZone = "UTC";
  popup: "none" | "overflow" | "shortcuts" = "none";
  announcement = "";
  focusWish: FocusTarget | undefined;
  /** A run that is to be brought into view, in the list and in the matrix. */
  revealWish: number | undefined;
  readonly errors = new ErrorList();
  filterStates: ReadonlySet<RunState> = new Set();
  words = "";
  /** Of a group of errors. */
  pattern: string | undefined;
  sort: RunSort = "index";
  isDescending = false;
  selected: number | undefined;
  /** Number of the attempt that is chosen; the last one where undefined. */
  attempt: number | undefined;
  listTop = 0;
  matrixTop = 0;
  cellPx: number | undefined;
  matrixPx: number | undefined;
  sidePx: number | undefined;
  #order: Uint32Array = new Uint32Array();
  #positions: Int32Array = new Int32Array();
  #orderVersion = 0;
  #isOrderStale = true;
  #orderCostMs = 0;
  #orderedAtMs = 0;
  #number = 0;
  #epoch = 0;
  #clockShiftMs = 0;
  #isChangeDue = false;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #restored: BatchViewState | undefined;

  constructor(host: BatchHost, now: () => number) {
    this.host = host;
    this.#now = now;
  }

  onDidChange(listener: () => void): Disposable {
    return this.#changes.event(listener);
  }

  /** By the host's clock. */
  get nowMs(): number {
    return this.#now() + this.#clockShiftMs;
  }

  /** Indexes of the runs that are shown. */
  get order(): Uint32Array {
    this.#keepOrder();
    return this.#order;
  }

  /** Counts up whenever `order` is another one. */
  get orderVersion(): number {
    this.#keepOrder();
    return this.#orderVersion;
  }

  /** Where a run stands in the order; -1 where it is not shown. */
  positionOf(index: number | undefined): number {
    this.#keepOrder();
    return index === undefined ? -1 : (this.#positions[index] ?? -1);
  }

  get isFiltered(): boolean {
    return this.filterStates.size > 0 || this.words.trim() !== "" || this.pattern !== undefined;
  }

  get isFailedOnly(): boolean {
    return this.filterStates.size > 0 && [...this.filterStates].every((state) => failedStates.includes(state));
  }

  count(state: RunState): number {
    return this.header?.counts[runStates.indexOf(state)] ?? 0;
  }

  start(): void {
    const kept = this.host.readState();
    this.#restored = kept;
    this.host.post({ type: "ready", ...(kept === undefined ? {} : { state: kept }) });
  }

  receive(message: BatchHostMessage): void {
    switch (message.type) {
      case "init":
        setTexts(message.texts);
        this.platform = message.platform;
        this.timeZone = message.timeZone;
        this.#clockShiftMs = message.nowMs - this.#now();
        break;
      case "loading":
        this.loadingPart = message.part;
        break;
      case "state":
        this.#receiveState(message);
        break;
      case "run":
        if (message.index === this.selected) this.details = message.details;
        break;
      case "reveal":
        this.clearFilters();
        this.select(message.index, message.attempt, true);
        this.focus("list");
        break;
      case "navigate":
        this.navigate(message.target);
        break;
      case "unavailable":
        this.unavailable = message;
        break;
    }
    this.changed();
  }

  #receiveState(message: Extract<BatchHostMessage, { type: "state" }>): void {
    const isFirst = message.number === 1;
    if (!isFirst && message.number !== this.#number + 1) {
      return this.#resync(`message ${message.number} after ${this.#number}`);
    }
    this.#number = message.number;
    const { header, rows } = message;
    const isOther = isFirst || message.epoch !== this.#epoch || this.table?.count !== header.runCount;
    this.#epoch = message.epoch;
    this.unavailable = undefined;
    if (isOther && (isFirst || this.table === undefined)) this.table = new RunTable(header.runCount);
    else if (isOther) return this.#resync("another number of runs");
    this.header = header;
    const fault = rows === undefined ? undefined : this.table?.apply(rows);
    if (fault !== undefined) return this.#resync(fault);
    if (this.table !== undefined) this.errors.setTable(this.table);
    if (isFirst) this.#restore(header);
    this.isWhole = message.isWhole;
    this.#isOrderStale = true;
    this.host.post({ type: "taken", number: message.number });
  }

  #resync(reason: string): void {
    this.#number = 0;
    this.host.post({ type: "resync", reason });
  }

  #restore(header: BatchHeader): void {
    const kept = this.#restored;
    this.#restored = undefined;
    if (kept === undefined || kept.id !== header.id) return;
    this.filterStates = new Set(kept.states);
    this.pattern = kept.pattern;
    this.sort = kept.sort;
    this.isDescending = kept.isDescending;
    this.selected = kept.selected;
    this.attempt = kept.attempt;
    this.listTop = kept.listTop;
    this.matrixTop = kept.matrixTop;
    this.cellPx = kept.cellPx;
    this.matrixPx = kept.matrixPx;
    this.sidePx = kept.sidePx;
  }

  /** @param isRevealed brings it into view */
  select(index: number | undefined, attempt?: number, isRevealed = true): void {
    const isOther = index !== this.selected;
    this.selected = index;
    this.attempt = attempt;
    if (isRevealed) this.revealWish = index;
    if (isOther) {
      this.details = undefined;
      this.host.post({ type: "select", ...(index === undefined ? {} : { index }) });
    }
    this.changed();
  }

  /** Opens the trace of a run's attempt, where it has one. */
  openRun(index: number, attempt: number | undefined, beside: boolean): void {
    const attempts = this.table?.attemptCounts[index] ?? 0;
    if (attempts === 0) {
      this.announce(`${text("runTitle", formatInteger(index + 1))}: ${text("noTraceYet")}`);
      return;
    }
    this.host.post({ type: "openRun", index, ...(attempt === undefined ? {} : { attempt }), beside });
  }

  control(action: BatchAction): void {
    this.host.post({ type: "control", action });
  }

  toggleState(state: RunState): void {
    const states = new Set(this.filterStates);
    if (!states.delete(state)) states.add(state);
    this.setFilter({ states });
  }

  toggleFailedOnly(): void {
    this.setFilter({ states: new Set(this.isFailedOnly ? [] : failedStates) });
  }

  setFilter(to: {
    readonly states?: ReadonlySet<RunState>;
    readonly words?: string;
    readonly pattern?: string | undefined;
  }): void {
    if (to.states !== undefined) this.filterStates = to.states;
    if (to.words !== undefined) this.words = to.words;
    if ("pattern" in to) this.pattern = to.pattern;
    this.#isOrderStale = true;
    this.#orderCostMs = 0;
    this.listTop = 0;
    this.matrixTop = 0;
    if (this.selected !== undefined) this.revealWish = this.selected;
    this.announce(text("countShown", formatInteger(this.order.length), formatInteger(this.table?.count ?? 0)));
  }

  clearFilters(): void {
    if (this.isFiltered) this.setFilter({ states: new Set(), words: "", pattern: undefined });
  }

  sortBy(sort: RunSort): void {
    this.isDescending = this.sort === sort && !this.isDescending;
    // What took longest, or most attempts, is what one looks for.
    if (this.sort !== sort) this.isDescending = sort === "duration" || sort === "attempts";
    this.sort = sort;
    this.#isOrderStale = true;
    this.#orderCostMs = 0;
    this.listTop = 0;
    this.matrixTop = 0;
    this.changed();
  }

  /** The next run that failed, after the selected one in the order in which runs stand. */
  goToFailure(direction: 1 | -1): void {
    const { table, order } = this;
    if (table === undefined || order.length === 0) return;
    const from = this.positionOf(this.selected);
    for (let step = 1; step <= order.length; step++) {
      const at = from < 0 && direction < 0 ? order.length - step : from + direction * step;
      const position = ((at % order.length) + order.length) % order.length;
      const index = order[position] ?? 0;
      if (!failedStates.includes(table.state(index))) continue;
      this.select(index);
      this.announce(
        position === at
          ? runWords(table, index, this.header?.status)
          : `${text("wrapped")}. ${runWords(table, index, this.header?.status)}`,
      );
      return;
    }
    this.announce(text("noFurtherFailure"));
  }

  navigate(target: BatchNavigateTarget): void {
    switch (target) {
      case "nextFailure":
        return this.goToFailure(1);
      case "previousFailure":
        return this.goToFailure(-1);
      case "search":
        return this.focus("filter");
      case "shortcuts":
        return this.setPopup(this.popup === "shortcuts" ? "none" : "shortcuts");
    }
  }

  setPopup(popup: BatchPage["popup"]): void {
    this.popup = popup;
    this.changed();
  }

  focus(target: FocusTarget): void {
    this.focusWish = target;
    this.changed();
  }

  announce(words: string): void {
    this.announcement = words;
    this.changed();
  }

  /** Time has passed: what runs takes longer. */
  tick(): void {
    if (this.header !== undefined && !this.header.isFinal) this.changed();
  }

  /** Something is different: it is drawn with the next frame, and kept a moment later. */
  changed(): void {
    this.#saveTimer ??= setTimeout(() => this.saveNow(), saveDelayMs);
    if (this.#isChangeDue) return;
    this.#isChangeDue = true;
    frameClock.nextFrame(() => {
      this.#isChangeDue = false;
      this.#changes.fire();
    });
  }

  saveNow(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    const { header } = this;
    if (header === undefined) return;
    this.host.keepState({
      version: 1,
      id: header.id,
      states: [...this.filterStates],
      pattern: this.pattern,
      sort: this.sort,
      isDescending: this.isDescending,
      selected: this.selected,
      attempt: this.attempt,
      listTop: this.listTop,
      matrixTop: this.matrixTop,
      cellPx: this.cellPx,
      matrixPx: this.matrixPx,
      sidePx: this.sidePx,
    });
  }

  #keepOrder(): void {
    const { table } = this;
    if (table === undefined || !this.#isOrderStale) return;
    const startMs = performance.now();
    // Sorting a hundred thousand runs with every change would hold the page.
    if (this.#orderCostMs > quickOrderMs && startMs - this.#orderedAtMs < 10 * this.#orderCostMs) return;
    this.#isOrderStale = false;
    const { filterStates: states, words, pattern, errors } = this;
    const isInGroup = pattern === undefined ? undefined : errors.isIn(pattern);
    const order = orderRuns(table, { states, words, isInGroup }, this.sort, this.isDescending, this.nowMs);
    this.#orderCostMs = performance.now() - startMs;
    this.#orderedAtMs = startMs;
    if (this.#orderVersion > 0 && isSame(order, this.#order) && this.#positions.length === table.count) return;
    const positions = new Int32Array(table.count).fill(-1);
    for (let at = 0; at < order.length; at++) positions[order[at] ?? 0] = at;
    this.#order = order;
    this.#positions = positions;
    this.#orderVersion++;
  }
}

function isSame(one: Uint32Array, other: Uint32Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
