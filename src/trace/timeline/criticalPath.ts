// The chain of steps that explains how long a session took: walked backwards from its end, from each step to the one that
// ended last before it began. Shortening a step that is not on it does not make the session shorter.
//
// A step's time is that of its whole subtree, because some recorders end a turn before the calls that hang below it.
// Where no step ended shortly before the path came by, but one was still at work there, the path goes through that one:
// time that a step explains is not left to the step above.

import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../spanColumns";
import { NumberHeap } from "./numberHeap";
import type { WorkRows } from "./workRows";

const session = kindCodes.indexOf("session");
/** A step that ended at most so long before another one began is what that one waited for. */
const handOverMs = 2;
const handOverShare = 0.01;

export interface CriticalPath {
  /** By time; they neither overlap nor leave a hole. -1 where no step was at work. */
  readonly row: Int32Array;
  readonly fromMs: Float64Array;
  readonly toMs: Float64Array;
}

export function criticalPath(columns: SpanColumns, tree: SpanTree, work: WorkRows): CriticalPath {
  if (Number.isNaN(work.firstMs) || columns.count === 0) return new Walk(columns, tree, work).path();
  const walk = new Walk(columns, tree, work);
  walk.run();
  return walk.path();
}

interface Segment {
  readonly row: number;
  fromMs: number;
  readonly toMs: number;
}

class Walk {
  readonly #columns: SpanColumns;
  readonly #tree: SpanTree;
  readonly #work: WorkRows;
  /** First start and last end of each row and all below it, output aside. */
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  /** Against time. */
  readonly #segments: Segment[] = [];

  constructor(columns: SpanColumns, tree: SpanTree, work: WorkRows) {
    this.#columns = columns;
    this.#tree = tree;
    this.#work = work;
    this.#starts = work.startMs.slice();
    this.#ends = work.endMs.slice();
    // What is open ended after everything that ended.
    for (let row = 0; row < columns.count; row++) {
      if (((columns.flags[row] ?? 0) & FLAG.open) !== 0) this.#ends[row] = Number.POSITIVE_INFINITY;
    }
    for (let position = columns.count - 1; position >= 0; position--) {
      const row = tree.preorder[position] ?? 0;
      const above = columns.parent[row] ?? -1;
      if (above < 0 || this.#isOutput(row)) continue;
      if ((this.#starts[row] ?? 0) < (this.#starts[above] ?? 0)) this.#starts[above] = this.#starts[row] ?? 0;
      if ((this.#ends[row] ?? 0) > (this.#ends[above] ?? 0)) this.#ends[above] = this.#ends[row] ?? 0;
    }
  }

  run(): void {
    const stack = [this.#children(-1, this.#work.firstMs, this.#work.lastMs)];
    for (let above = stack.at(-1); above !== undefined; above = stack.at(-1)) {
      const child = above.take();
      if (child < 0) {
        this.#addOwn(above.row, above.fromMs, above.reachedMs);
        stack.pop();
        continue;
      }
      const toMs = Math.min(this.#ends[child] ?? 0, above.reachedMs);
      const fromMs = Math.max(this.#starts[child] ?? 0, above.fromMs);
      this.#addOwn(above.row, toMs, above.reachedMs);
      above.reachedMs = fromMs;
      stack.push(this.#children(child, fromMs, toMs));
    }
  }

  path(): CriticalPath {
    const inTime = this.#segments.toReversed();
    return {
      row: Int32Array.from(inTime, ({ row }) => row),
      fromMs: Float64Array.from(inTime, ({ fromMs }) => fromMs),
      toMs: Float64Array.from(inTime, ({ toMs }) => toMs),
    };
  }

  #children(row: number, fromMs: number, toMs: number): Children {
    const rows: number[] = [];
    const first = row < 0 ? this.#tree.firstRoot : (this.#tree.firstChild[row] ?? -1);
    for (let child = first; child >= 0; child = this.#tree.nextSibling[child] ?? -1) {
      if (this.#isOutput(child)) continue;
      if ((this.#ends[child] ?? 0) > fromMs && (this.#starts[child] ?? 0) < toMs) rows.push(child);
    }
    return new Children(row, fromMs, toMs, rows, this.#starts, this.#ends);
  }

  /** A stretch in which nothing below the row was at work: the row's own as far as it lasted, else nobody's. */
  #addOwn(row: number, fromMs: number, toMs: number): void {
    const start = this.#work.startMs[row] ?? toMs;
    const end = this.#work.endMs[row] ?? fromMs;
    if (row < 0 || this.#isPlace(row) || end <= fromMs || start >= toMs) {
      this.#add(-1, fromMs, toMs);
      return;
    }
    this.#add(-1, Math.max(fromMs, end), toMs);
    this.#add(row, Math.max(fromMs, start), Math.min(toMs, end));
    this.#add(-1, fromMs, Math.min(toMs, start));
  }

  #add(row: number, fromMs: number, toMs: number): void {
    if (!(toMs > fromMs)) return;
    const later = this.#segments.at(-1);
    if (later?.row === row && later.fromMs === toMs) later.fromMs = fromMs;
    else this.#segments.push({ row, fromMs, toMs });
  }

  #isOutput(row: number): boolean {
    return ((this.#columns.flags[row] ?? 0) & FLAG.output) !== 0;
  }

  /** Not at work itself: a session between its steps, or no span at all. */
  #isPlace(row: number): boolean {
    if (((this.#columns.flags[row] ?? 0) & FLAG.synthetic) !== 0) return true;
    return this.#columns.kind[row] === session && (this.#tree.firstChild[row] ?? -1) >= 0;
  }
}

/** The children of one row, in the order in which the path goes back through them. */
class Children {
  readonly row: number;
  readonly fromMs: number;
  /** The path has been followed back to here. */
  reachedMs: number;
  readonly #toMs: number;
  readonly #byEnd: readonly number[];
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  /** Those that end after what was reached, by start. */
  #running: NumberHeap | undefined;
  #next: number;

  constructor(row: number, fromMs: number, toMs: number, rows: number[], starts: Float64Array, ends: Float64Array) {
    this.row = row;
    this.fromMs = fromMs;
    this.reachedMs = toMs;
    this.#toMs = toMs;
    this.#starts = starts;
    this.#ends = ends;
    const isOpen = (row: number) => (ends[row] === Number.POSITIVE_INFINITY ? 1 : 0);
    // Of those that end together the one that began last is what the end waited for.
    this.#byEnd = rows.sort(
      (a, b) =>
        this.#endOf(a) - this.#endOf(b) || isOpen(a) - isOpen(b) || (starts[a] ?? 0) - (starts[b] ?? 0) || b - a,
    );
    this.#next = rows.length - 1;
  }

  /** The child through which the path goes on; -1 where none is left. */
  take(): number {
    for (; this.#next >= 0; this.#next--) {
      const child = this.#byEnd[this.#next] ?? 0;
      if (this.#endOf(child) <= this.reachedMs) break;
      this.#running ??= new NumberHeap();
      this.#running.push(this.#starts[child] ?? 0, child);
    }
    const ended = this.#byEnd[this.#next] ?? -1;
    const endedMs = ended < 0 ? Number.NEGATIVE_INFINITY : this.#endOf(ended);
    const slackMs = Math.max(handOverMs, (this.#toMs - this.fromMs) * handOverShare);
    const isHandOver = endedMs > this.fromMs && endedMs >= this.reachedMs - slackMs;
    if (!isHandOver && this.#running !== undefined && this.#running.leastKey < this.reachedMs) {
      const running = this.#running.pop();
      // It began first of all that were running, so none of these is before it.
      this.#running = undefined;
      return running;
    }
    if (!(endedMs > this.fromMs)) return -1;
    this.#next--;
    return ended;
  }

  #endOf(child: number): number {
    return Math.min(this.#ends[child] ?? 0, this.#toMs);
  }
}
