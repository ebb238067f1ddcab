// What a panel is told of its timeline: the rows that it lacks and no others, copies that may be given away, totals.
import { describe, expect, it } from "vitest";
import { timelinePartLength, timelineResultSchema } from "../../src/protocol/timelineMessages";
import type { TracePicture } from "../../src/reader/picture";
import { TimelineAnswers, timelineProfile, totalsOfRange } from "../../src/reader/timelineAnswers";
import { type TimelineTrace, timelineOf } from "../trace/timeline/timelineSpans";

function pictureOf(trace: TimelineTrace, epoch = 1, revision = 1): TracePicture {
  const usage = new Float64Array(trace.columns.count).fill(Number.NaN);
  return {
    epoch,
    revision,
    columns: trace.columns,
    tree: trace.tree,
    usage: { tokens: usage, cost: usage },
    state: { status: "completed", reasons: [], endMs: 100 },
    session: { header: {}, evidence: {} },
  } as unknown as TracePicture;
}

const lines = ["main s 0-100", "a t 0-10 < main", "b t 5-20 < main", "c t 30-40 < main", "d t 35-50 < main"];
const traceOf = (count: number) => timelineOf(lines.slice(0, count).join("\n"));
const ask = { epoch: 1, mode: "concurrency", wantsPath: false, layout: 0 } as const;

function makeAnswers(tookMs = 0): TimelineAnswers {
  let now = 0;
  return new TimelineAnswers(() => {
    now += tookMs;
    return now;
  }, 1_000);
}

describe("answers about the timeline", () => {
  it("give a layout a number, by which its rows are asked for", () => {
    const answers = makeAnswers();
    const result = answers.timeline(pictureOf(traceOf(5)), ask);
    expect(timelineResultSchema.safeParse(result).success).toBe(true);
    expect(result).toMatchObject({ keptCount: 0, rowCount: 4, laneCount: 2, layout: 1_001, pathCount: 0 });
    const rows = answers.rows(1, { epoch: 1, layout: result.layout, from: 1 });
    expect({ ...rows, rows: [...rows.rows], lanes: [...rows.lanes] }).toEqual({
      gone: false,
      from: 1,
      rows: [2, 3, 4],
      lanes: [1, 0, 1],
    });
  });

  it("say what is the same as in the layout that the panel has", () => {
    const answers = makeAnswers();
    const first = answers.timeline(pictureOf(traceOf(4)), ask);
    const next = answers.timeline(pictureOf(traceOf(5), 1, 2), { ...ask, layout: first.layout });
    expect([next.keptCount, next.rowCount]).toEqual([3, 4]);
    // Of another epoch rows mean something else, and of a number that was never given nothing is known.
    expect(answers.timeline(pictureOf(traceOf(5), 2), { ...ask, epoch: 2, layout: next.layout }).keptCount).toBe(0);
    expect(answers.timeline(pictureOf(traceOf(5), 1, 3), { ...ask, layout: 77 }).keptCount).toBe(0);
    expect(
      answers.timeline(pictureOf(traceOf(5), 1, 3), { ...ask, mode: "agent", layout: next.layout }).keptCount,
    ).toBe(4);
  });

  it("say that a layout is gone when others have come since, or of another epoch", () => {
    const answers = makeAnswers();
    const first = answers.timeline(pictureOf(traceOf(3)), ask);
    expect(answers.rows(2, { epoch: 2, layout: first.layout, from: 0 }).gone).toBe(true);
    for (let revision = 2; revision < 7; revision++) answers.timeline(pictureOf(traceOf(3), 1, revision), ask);
    expect(answers.rows(1, { epoch: 1, layout: first.layout, from: 0 })).toMatchObject({ gone: true });
    expect(answers.path(1, { epoch: 1, layout: first.layout, from: 0 }).gone).toBe(true);
  });

  it("hand out copies of exact size, so that one that was given away is not missing here", () => {
    const answers = makeAnswers();
    const picture = pictureOf(traceOf(5));
    const { layout } = answers.timeline(picture, { ...ask, wantsPath: true });
    for (let turn = 0; turn < 2; turn++) {
      const rows = answers.rows(1, { epoch: 1, layout, from: 0 });
      const path = answers.path(1, { epoch: 1, layout, from: 0 });
      const { bursts } = answers.timeline(picture, ask);
      for (const array of [rows.rows, rows.lanes, path.row, path.fromMs, path.toMs, bursts.row, bursts.calls]) {
        expect(array.buffer.byteLength).toBe(array.byteLength);
        structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
      }
      expect(answers.rows(1, { epoch: 1, layout, from: 0 }).rows.length).toBe(4);
      expect(answers.path(1, { epoch: 1, layout, from: 0 }).row.length).toBeGreaterThan(0);
    }
  });

  it("come in parts of at most a megabyte", () => {
    const many = Array.from({ length: timelinePartLength + 5 }, (_, at) => `s${at} t ${at}-${at + 1}`);
    const answers = makeAnswers();
    const { layout, rowCount } = answers.timeline(pictureOf(timelineOf(many.join("\n"))), ask);
    const first = answers.rows(1, { epoch: 1, layout, from: 0 });
    expect(first.rows.byteLength + first.lanes.byteLength).toBeLessThan(1_000_000);
    expect(answers.rows(1, { epoch: 1, layout, from: first.rows.length }).rows.length).toBe(
      rowCount - first.rows.length,
    );
  });

  it("ask to be left alone for five times what they took, within bounds", () => {
    expect(makeAnswers(0).timeline(pictureOf(traceOf(5)), ask).restMs).toBe(250);
    expect(makeAnswers(200).timeline(pictureOf(traceOf(5)), ask).restMs).toBe(1_000);
    expect(makeAnswers(60_000).timeline(pictureOf(traceOf(5)), ask).restMs).toBe(5_000);
  });

  it("follow a picture that has changed, and the time of what is open", () => {
    const picture = { ...pictureOf(timelineOf("main s 0-\na t 0- < main")), state: { status: "running", reasons: [] } };
    const at = (openEndMs: number) =>
      timelineProfile(picture as TracePicture, { epoch: 1, edgesMs: [0, 50_000], openEndMs }).atWork[0];
    expect(at(25_000)).toBeCloseTo(0.5);
    expect(at(50_000)).toBeCloseTo(1);
  });

  it("total what began in a range", () => {
    expect(totalsOfRange(pictureOf(traceOf(5)), { epoch: 1, fromMs: 30, toMs: 60 })).toMatchObject({
      spans: 2,
      running: 1,
      peak: 2,
      tokens: undefined,
    });
  });
});
