import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLAG } from "../../../src/trace/spanColumns";
import { agentLanes } from "../../../src/trace/timeline/agentLanes";
import { concurrencyLanes } from "../../../src/trace/timeline/concurrencyLanes";
import type { LaneLayout } from "../../../src/trace/timeline/laneLayout";
import { ROW } from "../../../src/trace/timeline/workRows";
import { arbitrarySpans } from "../arbitrarySpans";
import { type TimelineTrace, timelineOf, timelineOfSpans } from "./timelineSpans";

/** `0: a c` for each lane, from top to bottom. */
function render({ columns, names }: TimelineTrace, layout: LaneLayout): string[] {
  const lines = Array.from({ length: layout.laneCount }, () => "");
  for (const [index, row] of layout.rows.entries()) lines[layout.lanes[index]!] += ` ${names[row]}`;
  return layout.groups.flatMap(({ kind, name, firstLane, laneCount, agents }) => [
    `${kind}${name > 0 ? ` ${columns.strings[name]} ${agents}` : ""}:${lines[firstLane]}`,
    ...lines.slice(firstLane + 1, firstLane + laneCount),
  ]);
}

function expectSound({ columns, work }: TimelineTrace, layout: LaneLayout): void {
  const drawn = [...layout.rows];
  expect(new Set(drawn).size).toBe(drawn.length);
  for (const [row, role] of work.role.entries()) {
    if (role !== ROW.none && !Number.isNaN(work.startMs[row]!)) expect(drawn).toContain(row);
  }
  const starts = drawn.map((row) => work.startMs[row]!);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
  const lastOf = new Map<number, number>();
  for (const [index, row] of layout.rows.entries()) {
    const lane = layout.lanes[index]!;
    expect(lane).toBeGreaterThanOrEqual(0);
    expect(lane).toBeLessThan(layout.laneCount);
    const before = lastOf.get(lane);
    if (before !== undefined) {
      expect(columns.flags[before]! & FLAG.open).toBe(0);
      expect(work.endMs[before]!).toBeLessThanOrEqual(work.startMs[row]!);
      expect(work.startMs[before]!).toBeLessThan(work.startMs[row]!);
    }
    lastOf.set(lane, row);
  }
  let lane = 0;
  for (const group of layout.groups) {
    expect(group.firstLane).toBe(lane);
    lane += group.laneCount;
  }
  expect(lane).toBe(layout.laneCount);
}

describe("lanes by concurrency", () => {
  it("uses as many lanes as steps were at work at once, the first free one for each", () => {
    const trace = timelineOf(`
      main s 0-100
      a t 0-10 < main
      b t 5-20 < main
      c t 10-12 < main
      d t 11-14 < main
      e t 20-30 < main
    `);
    const layout = concurrencyLanes(trace.columns, trace.work);
    expect(render(trace, layout)).toEqual(["main: a c e", " b", " d"]);
  });

  it("draws turns of a model beside the calls within them, and no place for others", () => {
    const trace = timelineOf(`
      main s 0-100
      turn g 0-50 < main
      step p 50-90 < main
      a t 10-20 < turn
      b t 60-70 < step
    `);
    expect(render(trace, concurrencyLanes(trace.columns, trace.work))).toEqual(["main: turn b", " a"]);
  });

  it("gives two calls of the same instant two lanes, though they took no time", () => {
    const trace = timelineOf(`
      main s 0-9
      a t 5-5 < main
      b t 5-5 < main
      c t 6-6 < main
    `);
    expect(render(trace, concurrencyLanes(trace.columns, trace.work))).toEqual(["main: a c", " b"]);
  });

  it("keeps an open step's lane for it", () => {
    const trace = timelineOf(`
      main s 0-
      a t 1- < main
      b t 50-60 < main
      c t 70-80 < main
    `);
    expect(render(trace, concurrencyLanes(trace.columns, trace.work))).toEqual(["main: a", " b c"]);
  });

  it("draws what a program printed below its steps, and the program as a step", () => {
    const trace = timelineOf(`
      main s 0-100
      command t 0-100 < main
      out x 0-100 < command output
      line.1 x 10-20 < out output
      line.2 x 15-30 < out output
      step t 40-50 < command
    `);
    const layout = concurrencyLanes(trace.columns, trace.work);
    expect(render(trace, layout)).toEqual(["main: step", "output: line.1", " line.2"]);
    const silent = timelineOf("main s 0-100\ncommand t 0-100 < main\nout x 0-100 < command output");
    expect(render(silent, concurrencyLanes(silent.columns, silent.work))).toEqual(["main: command", "output: out"]);
  });

  it("never moves a row that is there when later ones come", () => {
    const line = fc.tuple(fc.nat(50), fc.option(fc.nat(20)));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (parts) => {
        const spans = parts
          .toSorted(([a], [b]) => a - b)
          .map(([from, length], index) => `s${index} t ${from}-${length === null ? "" : from + length}`);
        const all = timelineOf(spans.join("\n"));
        const whole = concurrencyLanes(all.columns, all.work);
        for (let count = 0; count <= spans.length; count++) {
          const part = timelineOf(spans.slice(0, count).join("\n"));
          const { rows, lanes } = concurrencyLanes(part.columns, part.work);
          expect([...rows]).toEqual([...whole.rows.subarray(0, rows.length)]);
          expect([...lanes]).toEqual([...whole.lanes.subarray(0, lanes.length)]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is sound for any spans", () => {
    fc.assert(
      fc.property(arbitrarySpans, (spans) => {
        const trace = timelineOfSpans(spans);
        expectSound(trace, concurrencyLanes(trace.columns, trace.work));
      }),
    );
  });
});

describe("lanes by sub-agent", () => {
  const render2 = (text: string) => {
    const trace = timelineOf(text);
    return render(trace, agentLanes(trace.columns, trace.tree, trace.work));
  };

  it("groups what belongs to a sub-agent below its own bar", () => {
    expect(
      render2(`
        main s 0-100
        turn g 0-10 < main
        task.1 t 10-90 < turn
        turn.1 g 10-20 < task.1
        read t 20-30 < turn.1
        grep t 25-40 < turn.1
        bash t 10-15 < turn
      `),
    ).toEqual(["main: turn bash", "agent task 1: task.1", " turn.1 read", " grep"]);
  });

  it("puts agents of one name beside each other, and below each other where they overlap", () => {
    expect(
      render2(`
        main s 0-100
        task.1 t 0-10 < main
        g.1 g 0-10 < task.1
        task.2 t 5-20 < main
        g.2 g 5-20 < task.2
        task.3 t 12-30 < main
        g.3 g 12-30 < task.3
        review.1 t 40-50 < main
        g.4 g 40-50 < review.1
      `),
    ).toEqual(["agent task 3: task.1 task.3", " g.1 g.3", " task.2", " g.2", "agent review 1: review.1", " g.4"]);
  });

  it("gives an agent within an agent a group of its own", () => {
    expect(
      render2(`
        main s 0-100
        plan t 0-90 < main
        g.1 g 0-10 < plan
        search t 10-50 < g.1
        g.2 g 10-20 < search
        read t 60-70 < g.1
      `),
    ).toEqual(["agent plan 1: plan", " g.1 read", "agent search 1: search", " g.2"]);
  });

  it("takes a call with several calls below it for an agent, and neither a program with output nor a wrapper of wrappers", () => {
    expect(
      render2(`
        main s 0-100
        command t 0-90 < main
        out x 0-90 < command output
        line x 0-5 < out output
        outer p 0-50 < main
        inner p 0-50 < outer
        g.1 g 0-10 < inner
        script t 60-70 < main
        step.1 t 61-62 < script
        step.2 t 62-63 < script
        shell t 70-80 < main
        only t 71-72 < shell
      `),
    ).toEqual([
      "main: command",
      " only",
      "agent inner 1: inner",
      " g.1",
      "agent script 1: script",
      " step.1 step.2",
      "output: line",
    ]);
  });

  it("reserves the time of what outlives its agent, and all time for an open one", () => {
    expect(
      render2(`
        main s 0-
        task.1 t 0-10 < main
        g.1 g 0-30 < task.1
        task.2 t 20-40 < main
        g.2 g 20- < task.2
        task.3 t 50-60 < main
        g.3 g 50-60 < task.3
      `),
    ).toEqual(["agent task 3: task.1 task.3", " g.1 g.3", " task.2", " g.2"]);
  });

  it("is sound for any spans", () => {
    fc.assert(
      fc.property(arbitrarySpans, (spans) => {
        const trace = timelineOfSpans(spans);
        expectSound(trace, agentLanes(trace.columns, trace.tree, trace.work));
      }),
    );
  });
});
