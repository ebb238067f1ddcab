// Every row's place in one forest, kept while rows come and change: by the rules of `spanForest`, and always with the result
// that these would have for all rows at once. A row costs a step for itself and one for each later sibling; walks go up only
// from rows that have children, and down only where a whole subtree moves.

import { readsPerStep, rowsPerStep, type Steps } from "../base/steps";
import type { LiveColumns } from "./liveColumns";
import { LiveLinks, orphanList, topList } from "./liveLinks";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { FLAG, type SpanTree } from "./spanColumns";
import {
  cycleProblem,
  duplicateIdProblem,
  earliestOfCycle,
  missingParent,
  orphanProblem,
  parentNotReceived,
  reversedProblem,
} from "./spanForest";
import type { SpanSource } from "./spanSource";
import { buildTree, treeInSteps } from "./spanTree";

/** Spans by row, with those that are not here yet. */
type LiveSource = Pick<SpanSource, "shortSpanAt" | "idOf" | "rowOf">;

export class LiveForest {
  readonly #columns: LiveColumns;
  readonly #spans: LiveSource;
  readonly #links: LiveLinks;
  /** Rows whose parents are missing, and the ids of those. */
  readonly #awaited = new Map<number, string>();
  readonly #waiting = new Map<string, Set<number>>();
  /** Rows at which a cycle was cut, and the parents that they name. */
  readonly #cuts = new Map<number, number>();
  /** For the members of cycles: the row at which theirs was cut. */
  readonly #cutOf = new Map<number, number>();
  /** Rows that are in no list for the moment: these get the place that they name, those the one that they have. */
  readonly #out = new Set<number>();
  readonly #loose = new Set<number>();
  #duplicates = 0;
  #firstDuplicate = -1;
  /** Row that stands in the links for the list of orphans; -1 while none does. */
  #synthetic = -1;
  #hasOrphansMoved = false;
  #problems: readonly Problem[] | undefined;
  #order: Pick<SpanTree, "preorder" | "subtreeSize"> | undefined;

  private constructor(columns: LiveColumns, spans: LiveSource, tree: SpanTree) {
    this.#columns = columns;
    this.#spans = spans;
    this.#synthetic = columns.hasSynthetic ? columns.spans : -1;
    this.#links = new LiveLinks(columns, tree, this.#synthetic);
  }

  /** @param spans of the columns as they are, of which only those are read that have no place of their own */
  static *of(columns: LiveColumns, spans: LiveSource): Steps<LiveForest> {
    const forest = new LiveForest(columns, spans, yield* treeInSteps(columns.columns));
    yield* forest.#begin();
    return forest;
  }

  *#begin(): Steps<void> {
    const columns = this.#columns;
    const parentIdOf = (row: number) => this.#spans.shortSpanAt(row)?.parentSpanId ?? "";
    let read = 0;
    for (let row = 0; row < columns.spans; row++) {
      if (row % rowsPerStep === 0) yield;
      if (columns.hasFlag(row, FLAG.duplicateId)) this.#noteDuplicate(row);
      if (!columns.hasFlag(row, FLAG.orphan | FLAG.cycleCut)) continue;
      if (++read % readsPerStep === 0) yield;
      if (columns.hasFlag(row, FLAG.orphan)) this.#await(row, parentIdOf(row));
      else this.#noteCut(row, this.#spans.rowOf(parentIdOf(row)));
    }
    this.#hasOrphansMoved = false;
  }

  /** Makes room for spans behind those that are there. To be called before their columns are set. */
  beforeAppend(): void {
    if (this.#synthetic < 0) return;
    this.#links.remove(this.#synthetic, topList);
    this.#links.forgetChildren(this.#synthetic);
    this.#synthetic = -1;
    this.#hasOrphansMoved = true;
    for (const row of this.#awaited.keys()) this.#columns.parent[row] = missingParent;
  }

  /** To be called when the columns of new rows are set, before they get their places. */
  reach(): void {
    this.#links.reach(this.#columns.spans);
  }

  hasChildren(row: number): boolean {
    return this.#links.hasChildren(row);
  }

  /** Gives a new row its place, and takes in those that waited for it. Its columns but the parent are set. */
  append(row: number, id: string, parentId: string | null): void {
    this.#changed();
    const isFirst = this.#spans.rowOf(id) === row;
    if (!isFirst) {
      this.#columns.setFlag(row, FLAG.duplicateId, true);
      this.#noteDuplicate(row);
    }
    this.#attach(row, parentId);
    const waiting = isFirst ? this.#waiting.get(id) : undefined;
    for (const child of waiting ? [...waiting] : []) {
      this.#detach(child);
      this.#insertLoose();
      this.#attach(child, id);
    }
  }

  /**
   * Takes rows that were there out of their places, where they have others now. All of them before any gets one: a list
   * with a row whose time has changed is in no order.
   */
  takeOut(
    rows: readonly { readonly row: number; readonly parentId: string | null; readonly hasOtherStart: boolean }[],
  ) {
    for (const { row, parentId, hasOtherStart } of rows) {
      if (!hasOtherStart && this.#namesParent(row, parentId)) continue;
      this.#changed();
      this.#detach(row);
      this.#out.add(row);
    }
    this.#insertLoose();
  }

  /** Gives a row that was there its place, if it was taken out of it. */
  putBack(row: number, parentId: string | null): void {
    if (this.#out.delete(row)) this.#attach(row, parentId);
  }

  /** Something of a row has changed: its times, its name. */
  touched(row: number): void {
    this.#problems = undefined;
    if (this.#awaited.has(row)) this.#hasOrphansMoved = true;
  }

  /** Brings the row of missing parents up to date. To be called after all changes. */
  settle(): void {
    const columns = this.#columns;
    if (this.#awaited.size === 0) {
      if (this.#synthetic >= 0) this.#takeSyntheticOut();
      columns.hasSynthetic = false;
      return;
    }
    if (!this.#hasOrphansMoved && this.#synthetic >= 0) return;
    this.#hasOrphansMoved = false;
    if (this.#synthetic >= 0) this.#takeSyntheticOut();
    const row = columns.spans;
    let earliest = Number.POSITIVE_INFINITY;
    let latest = Number.NEGATIVE_INFINITY;
    for (const orphan of this.#awaited.keys()) {
      columns.setOrphanParent(orphan, row);
      const start = columns.startMs[orphan] ?? Number.NaN;
      const end = columns.endMs[orphan] ?? Number.NaN;
      if (start < earliest) earliest = start;
      if (start > latest) latest = start;
      if (end > latest) latest = end;
    }
    columns.setSynthetic(
      earliest === Number.POSITIVE_INFINITY ? Number.NaN : earliest,
      latest === Number.NEGATIVE_INFINITY ? Number.NaN : latest,
      parentNotReceived,
    );
    this.#links.reach(row);
    // Its children are where they belong already.
    this.#links.insert(row, topList);
    this.#links.standFor(row, orphanList);
    this.#synthetic = row;
  }

  /** Over the same memory as the columns; the order of all rows is worked out when somebody asks for it. */
  get tree(): SpanTree {
    const forest = this;
    return {
      ...this.#links.tree(this.#columns.count),
      get preorder() {
        return forest.#ordered().preorder;
      },
      get subtreeSize() {
        return forest.#ordered().subtreeSize;
      },
    };
  }

  /** What `buildColumns` would report. */
  get problems(): readonly Problem[] {
    this.#problems ??= this.#findProblems();
    return this.#problems;
  }

  #changed(): void {
    this.#problems = undefined;
    this.#order = undefined;
  }

  #ordered(): Pick<SpanTree, "preorder" | "subtreeSize"> {
    this.#order ??= buildTree(this.#columns.columns);
    return this.#order;
  }

  #takeSyntheticOut(): void {
    this.#links.remove(this.#synthetic, topList);
    this.#links.forgetChildren(this.#synthetic);
    this.#synthetic = -1;
  }

  /** Whether the place of the row is due to that parent. */
  #namesParent(row: number, parentId: string | null): boolean {
    const awaited = this.#awaited.get(row);
    if (awaited !== undefined) return awaited === parentId;
    const parent = this.#cuts.get(row) ?? this.#columns.parent[row] ?? topList;
    return parentId === null ? parent === topList : parent >= 0 && parent === this.#spans.rowOf(parentId);
  }

  /** Takes a row out of its list, and its cycle apart. */
  #detach(row: number): void {
    const cut = this.#cutOf.get(row);
    if (!this.#loose.delete(row)) this.#links.remove(row, this.#listOf(row));
    if (this.#awaited.has(row)) {
      const id = this.#awaited.get(row) ?? "";
      const waiting = this.#waiting.get(id);
      waiting?.delete(row);
      if (waiting?.size === 0) this.#waiting.delete(id);
      this.#awaited.delete(row);
      this.#columns.setFlag(row, FLAG.orphan, false);
      this.#hasOrphansMoved = true;
    }
    this.#columns.setParent(row, topList);
    if (cut === undefined) return;
    const parent = this.#cuts.get(cut) ?? topList;
    this.#cuts.delete(cut);
    this.#columns.setFlag(cut, FLAG.cycleCut, false);
    for (const [member, cutOf] of this.#cutOf) if (cutOf === cut) this.#cutOf.delete(member);
    if (cut === row) return;
    // Without the row there is no cycle, so that this one has its parent.
    this.#links.remove(cut, topList);
    this.#columns.setParent(cut, parent);
    this.#loose.add(cut);
  }

  /** Rows that lost their place with the cycle that was cut there. */
  #insertLoose(): void {
    for (const row of this.#loose) this.#links.insert(row, this.#listOf(row));
    this.#loose.clear();
  }

  /** Gives a row that is in no list its place. */
  #attach(row: number, parentId: string | null): void {
    const parent = parentId === null ? topList : this.#spans.rowOf(parentId);
    if (parentId !== null && parent < 0) {
      this.#columns.setFlag(row, FLAG.orphan, true);
      this.#columns.parent[row] = missingParent;
      this.#await(row, parentId);
      this.#links.insert(row, orphanList);
      return;
    }
    this.#columns.setParent(row, parent);
    if (row === parent || (this.#links.hasChildren(row) && this.#isBelow(parent, row))) this.#cut(row, parent);
    else this.#links.insert(row, parent);
  }

  /** The parent closes a cycle, which is cut where it began. */
  #cut(row: number, parent: number): void {
    const { row: cut } = earliestOfCycle(row, this.#columns);
    this.#noteCut(cut, cut === row ? parent : (this.#columns.parent[cut] ?? topList));
    if (cut !== row) {
      this.#links.remove(cut, this.#listOf(cut));
      this.#links.insert(cut, topList);
      this.#columns.setParent(cut, topList);
      this.#columns.setFlag(cut, FLAG.cycleCut, true);
      this.#links.insert(row, parent);
      return;
    }
    this.#columns.setParent(row, topList);
    this.#columns.setFlag(row, FLAG.cycleCut, true);
    this.#links.insert(row, topList);
  }

  #noteCut(cut: number, parent: number): void {
    this.#cuts.set(cut, parent);
    this.#cutOf.set(cut, cut);
    for (let row = parent; row !== cut && row >= 0; row = this.#columns.parent[row] ?? topList)
      this.#cutOf.set(row, cut);
  }

  #isBelow(row: number, above: number): boolean {
    let at = row;
    while (at >= 0 && at !== above) at = this.#columns.parent[at] ?? topList;
    return at === above;
  }

  #listOf(row: number): number {
    return this.#awaited.has(row) ? orphanList : (this.#columns.parent[row] ?? topList);
  }

  #await(row: number, parentId: string): void {
    this.#awaited.set(row, parentId);
    const waiting = this.#waiting.get(parentId) ?? new Set();
    this.#waiting.set(parentId, waiting);
    waiting.add(row);
    this.#hasOrphansMoved = true;
  }

  #noteDuplicate(row: number): void {
    if (this.#duplicates++ === 0) this.#firstDuplicate = row;
  }

  #findProblems(): Problem[] {
    const columns = this.#columns;
    const problems = new ProblemList();
    const idOf = (row: number) => this.#spans.idOf(row);
    if (this.#duplicates > 0) {
      const problem = duplicateIdProblem(idOf(this.#firstDuplicate), this.#firstDuplicate);
      problems.add(counted(problem, this.#duplicates));
    }
    if (this.#awaited.size > 0) {
      const first = lowest(this.#awaited.keys());
      problems.add(orphanProblem(columns.nameOf(first), first, this.#awaited.size));
    }
    const reversed = columns.reversedEnds;
    if (reversed.size > 0) {
      const first = lowest(reversed.keys());
      const end = reversed.get(first) ?? this.#spans.shortSpanAt(first)?.endTime ?? Number.NaN;
      problems.add(
        counted(reversedProblem(columns.nameOf(first), (columns.startMs[first] ?? 0) - end, first), reversed.size),
      );
    }
    const { parent } = columns;
    const lengths = new Map<number, number>();
    for (const cut of this.#cutOf.values()) lengths.set(cut, (lengths.get(cut) ?? 0) + 1);
    for (const cut of this.#cutsInOrder()) {
      parent[cut] = this.#cuts.get(cut) ?? topList;
      problems.add(cycleProblem(cut, lengths.get(cut) ?? 1, parent, idOf));
      parent[cut] = topList;
    }
    return problems.toArray();
  }

  /** By the lowest row that leads into the cycle. */
  #cutsInOrder(): number[] {
    const cuts = [...this.#cuts.keys()];
    if (cuts.length < 2) return cuts;
    const firsts = new Map(cuts.map((cut) => [cut, lowest(this.#links.subtree(cut))]));
    return cuts.sort((a, b) => (firsts.get(a) ?? 0) - (firsts.get(b) ?? 0));
  }
}

function counted(problem: Problem, count: number): Problem {
  return count > 1 ? { ...problem, count } : problem;
}

function lowest(rows: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const row of rows) if (row < least) least = row;
  return least;
}
