// Which rows of a tree are printed. A short trace is printed whole; of a long one equal siblings in a row are left out,
// then the middle of very many siblings, then what lies too deep: never without its number, and the failing step last.

import { outputAttribute } from "../trace/outputBurst";
import type { TraceSpan } from "../trace/schema";
import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../trace/spanColumns";

export type TreeItem = {
  /** 0 at the top. */
  readonly depth: number;
  /** No item of the same parent follows. */
  readonly isLast: boolean;
} & (
  | {
      readonly type: "step";
      readonly row: number;
      /** Steps below that are not printed because they lie too deep. */
      readonly hidden: number;
    }
  | ({ readonly type: "elided" } & Elision)
);

export interface Elision {
  /** Siblings that are left out. */
  readonly count: number;
  /** With everything below them. */
  readonly steps: number;
  readonly failures: number;
  readonly recovered: number;
  /** One of them, where all are of the same kind and name. */
  readonly alike: number | undefined;
}

export interface TreeOptions {
  /** Everything is printed, down to `depth`. */
  readonly isFull: boolean;
  readonly depth?: number | undefined;
}

/** What is left out: nothing; equal steps in a row with nothing below them; equal siblings in a row, and the middle of many. */
type Thrift = "none" | "leaves" | "siblings";

interface Plan {
  readonly columns: SpanColumns;
  readonly tree: SpanTree;
  readonly spans: readonly TraceSpan[];
  readonly thrift: Thrift;
  readonly depth: number;
  /** One byte a row: it or something below it failed for good or has no end. */
  readonly loud: Uint8Array;
  /** Of a row's subtree. */
  readonly failures: Int32Array;
  readonly recovered: Int32Array;
  /** The failing step and what is above it: never left out among siblings. */
  readonly failingPath: ReadonlySet<number>;
  /** The same, where it is printed at any depth. */
  readonly deepPath: ReadonlySet<number>;
}

/** Of equal siblings in a row, where there are more than this and one. */
const keptBefore = 2;
const keptAfter = 1;
const leastElided = 3;
const mostSiblings = 40;
/** At each end of very many siblings. */
const keptAtEnds = 15;
/** So many rows are printed as they are. */
const shortRows = 80;
const mostRows = 300;
const longestPath = 60;

const generation = kindCodes.indexOf("generation");

export function treeItems(
  columns: SpanColumns,
  tree: SpanTree,
  spans: readonly TraceSpan[],
  { isFull, depth }: TreeOptions,
): TreeItem[] {
  const { loud, failures, recovered } = sumUp(columns, tree);
  const plan: Plan = {
    columns,
    tree,
    spans,
    thrift: "none",
    depth: depth ?? Number.POSITIVE_INFINITY,
    loud,
    failures,
    recovered,
    failingPath: pathToFailingStep(columns),
    deepPath: new Set(),
  };
  const whole = walk(plan);
  if (isFull || whole.length <= shortRows) return whole;
  const withoutLeaves = walk({ ...plan, thrift: "leaves" });
  if (withoutLeaves.length <= mostRows) return withoutLeaves;
  const thrifty: Plan = { ...plan, thrift: "siblings" };
  const items = walk(thrifty);
  if (depth !== undefined || items.length <= mostRows) return items;
  const deepPath = plan.failingPath.size <= longestPath ? plan.failingPath : plan.deepPath;
  return walk({ ...thrifty, depth: depthFor(items), deepPath });
}

/** Bottom-up over the preorder, in which parents come before their children. */
function sumUp(
  { flags, parent, count }: SpanColumns,
  { preorder }: SpanTree,
): Pick<Plan, "loud" | "failures" | "recovered"> {
  const loud = new Uint8Array(count);
  const failures = new Int32Array(count);
  const recovered = new Int32Array(count);
  const loudFlags = FLAG.failure | FLAG.failingStep | FLAG.open;
  for (let position = preorder.length - 1; position >= 0; position--) {
    const row = preorder[position] ?? 0;
    const bits = flags[row] ?? 0;
    if ((bits & loudFlags) !== 0) loud[row] = 1;
    if ((bits & FLAG.failure) !== 0) failures[row] = (failures[row] ?? 0) + 1;
    if ((bits & FLAG.recovered) !== 0) recovered[row] = (recovered[row] ?? 0) + 1;
    const above = parent[row] ?? -1;
    if (above < 0) continue;
    if (loud[row] === 1) loud[above] = 1;
    failures[above] = (failures[above] ?? 0) + (failures[row] ?? 0);
    recovered[above] = (recovered[above] ?? 0) + (recovered[row] ?? 0);
  }
  return { loud, failures, recovered };
}

/** The deepest level at which all rows down to it are few enough. */
function depthFor(items: readonly TreeItem[]): number {
  const counts: number[] = [];
  for (const { depth } of items) counts[depth] = (counts[depth] ?? 0) + 1;
  let sum = 0;
  let depth = 0;
  while (depth < counts.length && sum + (counts[depth] ?? 0) <= mostRows) {
    sum += counts[depth] ?? 0;
    depth++;
  }
  return Math.max(0, depth - 1);
}

function pathToFailingStep({ flags, parent, count }: SpanColumns): ReadonlySet<number> {
  const path = new Set<number>();
  let row = 0;
  while (row < count && ((flags[row] ?? 0) & FLAG.failingStep) === 0) row++;
  if (row === count) return path;
  for (; row >= 0; row = parent[row] ?? -1) path.add(row);
  return path;
}

interface Frame {
  readonly children: readonly (number | Elision)[];
  next: number;
}

function walk(plan: Plan): TreeItem[] {
  const items: TreeItem[] = [];
  const frames: Frame[] = [{ children: printedChildren(plan, -1, 0), next: 0 }];
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const child = frame.children[frame.next++];
    if (child === undefined) {
      frames.pop();
      continue;
    }
    const depth = frames.length - 1;
    const isLast = frame.next === frame.children.length;
    if (typeof child !== "number") {
      items.push({ type: "elided", depth, isLast, ...child });
      continue;
    }
    const children = printedChildren(plan, child, depth + 1);
    const below = (plan.tree.subtreeSize[child] ?? 1) - 1;
    const hidden = children.length === 0 && !isOutput(plan, child) ? below : 0;
    items.push({ type: "step", row: child, depth, isLast, hidden });
    if (children.length > 0) frames.push({ children, next: 0 });
  }
  return items;
}

/** @param above -1 for the top */
function printedChildren(plan: Plan, above: number, depth: number): readonly (number | Elision)[] {
  const rows = childRows(plan, above);
  if (depth > plan.depth) {
    const isKept = rows.map((row) => plan.deepPath.has(row));
    return isKept.includes(true) ? withElisions(plan, rows, isKept) : [];
  }
  if (plan.thrift === "none") return rows;
  const isKept = rows.map(() => true);
  dropEqual(plan, rows, isKept);
  if (plan.thrift === "siblings") dropMiddle(plan, rows, isKept);
  return withElisions(plan, rows, isKept);
}

function childRows({ tree, spans }: Plan, above: number): number[] {
  const rows: number[] = [];
  const isOutputAbove = spans[above]?.attributes?.[outputAttribute] === true;
  const first = above < 0 ? tree.firstRoot : (tree.firstChild[above] ?? -1);
  for (let row = first; row >= 0; row = tree.nextSibling[row] ?? -1) {
    // The pieces of a program's output are printed as lines and not as steps.
    if (isOutputAbove && spans[row]?.attributes?.[outputAttribute] !== undefined) continue;
    rows.push(row);
  }
  return rows;
}

function isOutput({ spans }: Plan, row: number): boolean {
  return spans[row]?.attributes?.[outputAttribute] === true;
}

/** The middle of each run of equal siblings in which nothing failed for good or has no end. */
function dropEqual(plan: Plan, rows: readonly number[], isKept: boolean[]): void {
  for (let from = 0; from < rows.length; ) {
    const sort = sortOf(plan, rows[from] ?? 0);
    let to = from;
    while (to < rows.length && isDroppable(plan, rows[to] ?? 0) && sortOf(plan, rows[to] ?? 0) === sort) to++;
    if (to - from >= keptBefore + leastElided + keptAfter) isKept.fill(false, from + keptBefore, to - keptAfter);
    from = Math.max(to, from + 1);
  }
}

function isDroppable({ loud, thrift, tree }: Plan, row: number): boolean {
  return loud[row] === 0 && (thrift === "siblings" || tree.subtreeSize[row] === 1);
}

/** Where there are still too many: what is quiet and not near an end, and where that is not enough what failed there too. */
function dropMiddle(plan: Plan, rows: readonly number[], isKept: boolean[]): void {
  for (const isLoudDropped of [false, true]) {
    const kept = [...isKept.keys()].filter((index) => isKept[index]);
    if (kept.length <= mostSiblings) return;
    for (const index of kept.slice(keptAtEnds, -keptAtEnds)) {
      const row = rows[index] ?? 0;
      if (!plan.failingPath.has(row) && (isLoudDropped || plan.loud[row] === 0)) isKept[index] = false;
    }
  }
}

function withElisions(plan: Plan, rows: readonly number[], isKept: readonly boolean[]): (number | Elision)[] {
  const printed: (number | Elision)[] = [];
  for (let from = 0; from < rows.length; ) {
    const row = rows[from] ?? 0;
    let to = from;
    while (to < rows.length && isKept[to] !== true) to++;
    // A line that says "1 more" takes the room of the one that it hides.
    if (to === from || (to === from + 1 && plan.tree.subtreeSize[row] === 1)) {
      printed.push(row);
      from++;
      continue;
    }
    printed.push(elide(plan, rows.slice(from, to)));
    from = to;
  }
  return printed;
}

function elide(plan: Plan, rows: readonly number[]): Elision {
  const first = rows[0] ?? 0;
  const sort = sortOf(plan, first);
  const sum = (values: Int32Array) => rows.reduce((total, row) => total + (values[row] ?? 0), 0);
  return {
    count: rows.length,
    steps: sum(plan.tree.subtreeSize),
    failures: sum(plan.failures),
    recovered: sum(plan.recovered),
    alike: rows.every((row) => sortOf(plan, row) === sort) ? first : undefined,
  };
}

/** Equal for steps of the same kind and name; generations are named after their number, so all of them are one. */
function sortOf({ columns }: Plan, row: number): number {
  const kind = columns.kind[row] ?? 0;
  return kind === generation ? kind : kind + (1 + (columns.name[row] ?? 0)) * kindCodes.length;
}
