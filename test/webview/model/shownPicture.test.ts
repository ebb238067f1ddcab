import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTree } from "../../../src/trace/spanTree";
import type { Filter } from "../../../webview/model/filters";
import { HostConnection } from "../../../webview/model/hostConnection";
import { type PictureOwner, ShownPicture } from "../../../webview/model/shownPicture";
import type { FrameClock } from "../../../webview/model/slicedWork";
import { effectiveTimes, idleStretches } from "../layout/referenceActivity";
import {
  arbitraryFacts,
  columnsOf,
  deltaMessage,
  failuresBelow,
  isAbove,
  type MadeRow,
  madeHeader,
  madeRow,
  madeRows,
  openMessages,
  parentFor,
  type RowFacts,
} from "./madeColumns";
import { visibleRows } from "./visibleRows";

/** A picture whose frames are run by hand, and the rows that it should be of. */
class Bench {
  rows: MadeRow[];
  filters: readonly Filter[] = [];
  within: Uint8Array | undefined;
  nowMs = 9_000_000;
  isLive = true;
  readonly shown: ShownPicture;
  readonly posted: unknown[] = [];
  readonly #frames: (() => void)[] = [];
  #revision = 1;

  constructor(rows: MadeRow[], clock?: Partial<FrameClock>) {
    this.rows = rows;
    const bench = this;
    const owner: PictureOwner = {
      get header() {
        return { ...madeHeader, live: bench.isLive };
      },
      get nowMs() {
        return bench.nowMs;
      },
      searchFilter: () => this.within,
      opening: () => {},
      opened: () => {},
      following: () => {},
      grew: () => {},
      changed: () => {},
      onRowTexts: () => {},
    };
    const connection = new HostConnection({
      postMessage: (message) => this.posted.push(message),
      getState: () => undefined,
      setState: () => {},
    });
    this.shown = new ShownPicture(connection, owner, {
      now: () => 0,
      nextFrame: (run) => this.#frames.push(run),
      nextTurn: (run) => this.#frames.push(run),
      ...clock,
    });
    this.receive(openMessages(rows));
  }

  receive(messages: ReturnType<typeof openMessages>): void {
    for (const message of messages) {
      if (message.type === "open") this.shown.open(message);
      else if (message.type === "columns") this.shown.columns(message);
      else if (message.type === "delta") this.shown.delta(message);
    }
  }

  /** One frame; false when nobody waits for one. */
  frame(): boolean {
    const run = this.#frames.shift();
    run?.();
    return run !== undefined;
  }

  /** Rows changed and came. */
  grow(changed: readonly number[], came: readonly MadeRow[]): void {
    const before = this.rows.length;
    this.rows = [...this.rows, ...came];
    this.receive([deltaMessage(this.rows, [...new Set(changed)], before, this.#revision++)]);
  }

  check(): void {
    const { rows: list, picture } = this.shown;
    if (picture === undefined) throw new Error("There is no picture");
    const columns = columnsOf(this.rows);
    const tree = buildTree(columns);
    const { model, times } = picture;
    expect(model.columns.count).toBe(columns.count);
    expect(model.tree.preorder).toEqual(tree.preorder);
    expect(model.tree.depth).toEqual(tree.depth);
    expect(model.tree.subtreeSize).toEqual(tree.subtreeSize);
    expect(model.tree.firstChild).toEqual(tree.firstChild);
    expect(model.tree.nextSibling).toEqual(tree.nextSibling);
    expect([...model.failuresBelow.subarray(0, columns.count)]).toEqual(failuresBelow(columns, tree));

    const filter = this.#mask(times.endMs);
    const expanded = Uint8Array.from(this.rows, (_, row) => (list.isExpanded(row) ? 1 : 0));
    const expected = [...visibleRows(tree, expanded, filter)];
    expect(list.slice(0, list.count)).toEqual(expected);
    expect(list.count).toBe(expected.length);
    const positions = new Int32Array(columns.count).fill(-1);
    for (const [position, row] of expected.entries()) positions[row] = position;
    expect(positions.map((_, row) => list.positionOf(row))).toEqual(positions);
    expect(expected.map((_, position) => list.rowAt(position))).toEqual(expected);
    if (filter !== undefined) expect(list.matchCount).toBe(filter.reduce((sum, byte) => sum + byte, 0));
    this.#checkOrdinals(tree, filter);

    const right = effectiveTimes(columns, tree, this.isLive ? this.nowMs : undefined);
    expect(times.startMs).toEqual(right.startMs);
    expect(times.endMs).toEqual(right.endMs);
    expect([times.firstMs, times.lastMs]).toEqual([right.firstMs, right.lastMs]);
    // Where a row ends earlier than it did before, a stretch may be taken for a little shorter.
    const idle = idleStretches(columns, tree, right);
    for (const gap of times.scale.gaps) {
      const around = idle.find(({ startMs, endMs }) => startMs <= gap.startMs && gap.endMs <= endMs);
      expect(around, `the gap ${gap.startMs} to ${gap.endMs}`).toBeDefined();
    }
  }

  #checkOrdinals(tree: ReturnType<typeof buildTree>, filter: Uint8Array | undefined): void {
    const list = this.shown.rows;
    const kept = new Set(visibleRows(tree, () => true, filter));
    const counts = new Map<number, number>();
    const ordinals = new Map<number, number>();
    for (const row of tree.preorder) {
      if (!kept.has(row)) continue;
      const above = this.rows[row]?.parent ?? -1;
      counts.set(above, (counts.get(above) ?? 0) + 1);
      ordinals.set(row, counts.get(above) ?? 0);
    }
    const places = [...ordinals].map(([row]) => `${row}: ${list.ordinalOf(row)} of ${list.siblingCount(row)}`);
    const right = [...ordinals].map(([row, at]) => `${row}: ${at} of ${counts.get(this.rows[row]?.parent ?? -1)}`);
    expect(places).toEqual(right);
  }

  /** Which rows match, by definition. */
  #mask(endMs: Float64Array): Uint8Array | undefined {
    if (this.filters.length === 0 && this.within === undefined) return undefined;
    return Uint8Array.from(this.rows, ({ name, flags, status, startMs }, row) => {
      if (this.within !== undefined && this.within[row] !== 1) return 0;
      const matches = this.filters.every((filter) => {
        if (filter.type === "name") return filter.name === name;
        if (filter.type === "status") return (flags & (1 << 0)) !== 0;
        if (filter.type !== "longerThan") return true;
        const isOpen = (flags & 1) !== 0;
        if (isOpen && (!this.isLive || status === 1 || (flags & 2) !== 0)) return false;
        return (isOpen ? (endMs[row] ?? 0) : (this.rows[row]?.endMs ?? 0)) - startMs >= filter.ms;
      });
      return matches ? 1 : 0;
    });
  }
}

const pick = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const filterChoices: readonly (readonly Filter[])[] = [
  [],
  [{ type: "name", name: "bash" }],
  [{ type: "status", status: "open" }],
  [{ type: "longerThan", ms: 3_000 }],
  [
    { type: "name", name: "read" },
    { type: "longerThan", ms: 1_000 },
  ],
];

type Step =
  | { type: "toggle" | "reveal" | "siblings"; at: number }
  | { type: "all"; expanded: boolean }
  | { type: "filter"; choice: number }
  | { type: "within"; seed: number }
  | { type: "tick"; byMs: number }
  | { type: "grow"; facts: RowFacts[]; change: { at: number; facts: RowFacts; moves: boolean }[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("toggle" as const), at: pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("reveal" as const), at: pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("siblings" as const), at: pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("all" as const), expanded: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("filter" as const), choice: fc.nat({ max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("within" as const), seed: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("tick" as const), byMs: fc.nat({ max: 200_000 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("grow" as const),
      facts: fc.array(arbitraryFacts, { maxLength: 5 }),
      change: fc.array(fc.record({ at: pick, facts: arbitraryFacts, moves: fc.boolean() }), { maxLength: 4 }),
    }),
  },
);

function take(bench: Bench, step: Step): void {
  const { shown } = bench;
  const rowAt = (at: number) => Math.floor(at * bench.rows.length);
  switch (step.type) {
    case "toggle": {
      const row = rowAt(step.at);
      return shown.setExpanded(row, !shown.rows.isExpanded(row));
    }
    case "siblings":
      return shown.expandSiblings(rowAt(step.at));
    case "reveal": {
      const row = rowAt(step.at);
      shown.uncover(row, () => {
        bench.filters = [];
        bench.within = undefined;
        shown.setFilters([]);
      });
      return expect(shown.rows.isShown(row)).toBe(true);
    }
    case "all":
      return shown.setAllExpanded(step.expanded);
    case "filter":
      bench.filters = filterChoices[step.choice] ?? [];
      return shown.setFilters(bench.filters);
    case "within":
      bench.within =
        step.seed === 0 ? undefined : Uint8Array.from(bench.rows, (_, row) => (row % 7 === step.seed ? 1 : 0));
      return shown.searchChanged();
    case "tick":
      bench.nowMs += step.byMs;
      return shown.refreshTimes();
    case "grow": {
      const changed: number[] = [];
      const rows = [...bench.rows];
      const came = step.facts.map((facts) => madeRow(facts, -1));
      const all = [...rows, ...came];
      for (const { at, facts, moves } of step.change) {
        const row = rowAt(at);
        const parent = rows[row]?.parent ?? -1;
        const wanted = moves ? Math.min(Math.floor(facts.under * all.length), all.length - 1) : parent;
        const made = madeRow(facts, isAbove(all, row, wanted) ? parent : wanted);
        rows[row] = made;
        all[row] = made;
        changed.push(row);
      }
      for (const [index, facts] of step.facts.entries()) {
        const made = came[index];
        if (made !== undefined) made.parent = parentFor(all, rows.length + index, facts.under);
      }
      bench.rows = rows;
      return bench.grow(changed, came);
    }
  }
}

describe("the picture", () => {
  it("is what its rows, what is expanded and the filters make it, after anything that happens", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryFacts, { minLength: 1, maxLength: 40 }),
        fc.array(step, { maxLength: 25 }),
        (facts, steps) => {
          const bench = new Bench(madeRows(facts));
          bench.check();
          for (const each of steps) {
            take(bench, each);
            bench.shown.finish();
            bench.check();
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("has siblings in order of their starts after several in a row have moved", () => {
    const at = (startMs: number): RowFacts => {
      return { startMs, lastsMs: 0, kind: 0, status: 0, mark: 0, name: "bash", under: 0 };
    };
    const bench = new Bench(["a", "b", "c", "d"].map(() => madeRow(at(0), -1)));
    bench.rows = bench.rows.map((row, index) => (index < 2 ? madeRow(at(1), -1) : row));
    bench.grow([0, 1], []);
    expect([...bench.shown.rows.slice(0, 4)]).toEqual([2, 3, 0, 1]);
    bench.check();
  });

  it("is the same for traces of many chunks", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryFacts, { minLength: 3, maxLength: 30 }),
        fc.integer({ min: 2_500, max: 4_500 }),
        fc.array(step, { maxLength: 12 }),
        (facts, count, steps) => {
          const many = Array.from({ length: count }, (_, row) => {
            const each = facts[row % facts.length]!;
            return { ...each, under: (each.under + row * 0.618) % 1, startMs: each.startMs + row * 10 };
          });
          const bench = new Bench(madeRows(many));
          for (const each of steps) take(bench, each);
          bench.shown.finish();
          bench.check();
        },
      ),
      { numRuns: 15 },
    );
  });

  const many = madeRows(
    Array.from(
      { length: 40_000 },
      (_, row): RowFacts => ({
        startMs: row * 7,
        lastsMs: (row * 31) % 900,
        kind: row % 6,
        status: row % 50 === 0 ? 1 : 0,
        mark: 0,
        name: (["bash", "read", "edit"] as const)[row % 3]!,
        under: (row * 0.618) % 0.9,
      }),
    ),
  );
  /** A clock by which every step takes longer than a slice may. */
  function slow(): Partial<FrameClock> {
    let nowMs = 0;
    return { now: () => (nowMs += 100) };
  }
  const came = (name: string): MadeRow => ({ ...many[7]!, parent: 3, startMs: 1_000_000, endMs: 1_000_500, name });

  it("appears after some frames where it is large, and stays as it is until filters are through", () => {
    const bench = new Bench(many, slow());
    expect(bench.shown.picture).toBeUndefined();
    let frames = 0;
    while (bench.frame()) frames++;
    expect(frames).toBeGreaterThan(10);
    bench.check();

    const before = bench.shown.rows.count;
    bench.filters = [{ type: "name", name: "bash" }];
    bench.shown.setFilters(bench.filters);
    expect(bench.shown.rows.progress).toBeGreaterThan(0);
    expect([bench.shown.rows.count, bench.shown.rows.isFiltered]).toEqual([before, false]);
    while (bench.frame());
    expect([bench.shown.rows.isFiltered, bench.shown.rows.progress]).toEqual([true, undefined]);
    bench.check();
  });

  it("takes in rows that come while it is filtered, in the end, and drops filters that others followed", () => {
    const bench = new Bench(many, slow());
    while (bench.frame());
    bench.shown.setFilters([{ type: "name", name: "edit" }]);
    bench.frame();
    bench.grow([12], [came("bash"), came("edit")]);
    bench.filters = [{ type: "name", name: "bash" }];
    bench.shown.setFilters(bench.filters);
    bench.frame();
    bench.grow([], [came("bash")]);
    expect(bench.shown.picture?.model.columns.count).toBe(40_000);
    while (bench.frame());
    expect(bench.shown.picture?.model.columns.count).toBe(40_003);
    bench.check();
  });

  it("finishes what is under way for whoever expands, collapses or jumps meanwhile", () => {
    const bench = new Bench(many, slow());
    while (bench.frame());
    bench.shown.setAllExpanded(true);
    bench.frame();
    bench.grow([], [came("read")]);
    bench.shown.setExpanded(0, false);
    bench.check();
    bench.shown.setAllExpanded(false);
    bench.frame();
    bench.shown.uncover(39_999, () => {});
    expect(bench.shown.rows.isShown(39_999)).toBe(true);
    bench.check();
  });

  it("is built anew, in steps, where so much comes at once that this costs less", () => {
    const bench = new Bench(many, slow());
    while (bench.frame());
    bench.shown.setExpanded(0, false);
    bench.grow(
      [],
      Array.from({ length: 30_000 }, (_, index) => ({ ...came("read"), startMs: 500_000 + index })),
    );
    bench.grow([39_999], [came("bash")]);
    expect(bench.shown.picture?.model.columns.count).toBe(40_000);
    while (bench.frame());
    expect(bench.shown.picture?.model.columns.count).toBe(70_001);
    expect(bench.shown.rows.isExpanded(0)).toBe(false);
    bench.check();
  });

  it("asks for everything again after a gap, once", () => {
    const bench = new Bench(many.slice(0, 20));
    bench.receive([deltaMessage(many.slice(0, 21), [], 20, 7), deltaMessage(many.slice(0, 22), [], 21, 8)]);
    expect(bench.posted).toEqual([{ type: "resync", reason: "delta from revision 7 on 1" }]);
    expect(bench.shown.picture?.model.columns.count).toBe(20);
  });
});
