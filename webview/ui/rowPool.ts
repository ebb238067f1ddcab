// The rows that are in the document: those around what is in view, in their order, by elements that are used again. A row
// that stays keeps its elements; one that comes gets those of one that went.

import type { MatchMarks } from "../model/matchMarks";
import type { RowFacts } from "./rowFacts";
import { RowView } from "./rowView";

export class RowPool {
  readonly #parent: HTMLElement;
  /** In the order of the document. */
  #views: RowView[] = [];
  readonly #spare: RowView[] = [];

  constructor(parent: HTMLElement) {
    this.#parent = parent;
  }

  /** How many of the rows are not in the document. */
  missing(rows: readonly number[]): number {
    const there = new Set(this.#views.map((view) => view.row));
    let count = 0;
    for (const row of rows) if (!there.has(row)) count++;
    return count;
  }

  /**
   * @param rows from top to bottom
   * @param factsOf a row at its index among them
   * @param topOf the index, in px within the parent
   */
  show(
    rows: readonly number[],
    factsOf: (row: number, index: number) => RowFacts,
    topOf: (index: number) => number,
    marks: MatchMarks,
  ): void {
    const wanted = new Set(rows);
    const staying = new Map<number, RowView>();
    const free = new Map<Node, RowView>();
    for (const view of this.#views) {
      if (wanted.has(view.row)) staying.set(view.row, view);
      else free.set(view.element, view);
    }
    // What stays is not moved; what went is used in its place where a row came there, else it is moved to where one did.
    let next: ChildNode | null = this.#parent.firstChild;
    this.#views = rows.map((row, index) => {
      const staysAs = staying.get(row);
      if (staysAs !== undefined) while (next !== null && free.has(next)) next = next.nextSibling;
      const view = staysAs ?? (next === null ? undefined : free.get(next)) ?? this.#take(free);
      free.delete(view.element);
      view.show(factsOf(row, index), topOf(index), marks);
      if (view.element === next) next = next.nextSibling;
      else this.#parent.insertBefore(view.element, next);
      return view;
    });
    for (const view of free.values()) {
      view.element.remove();
      this.#spare.push(view);
    }
  }

  #take(free: ReadonlyMap<Node, RowView>): RowView {
    const [view] = free.values();
    return view ?? this.#spare.pop() ?? new RowView();
  }
}
