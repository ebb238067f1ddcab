import "../englishTexts";
import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../../src/trace/schema";
import { durationText, shortDurationText } from "../../../webview/format";
import { lastsBetween, rowDuration } from "../../../webview/model/rowDuration";
import { madeUp } from "../../trace/traceSamples";
import { madePicture } from "./madePicture";

const spans: Partial<TraceSpan>[] = [
  { kind: "session", startTime: 0 },
  { name: "done", startTime: 1_000, endTime: 3_500 },
  { name: "open", startTime: 4_000 },
  { name: "failed without an end", startTime: 4_000, status: "error", statusMessage: "no" },
  { name: "interrupted", startTime: 4_000, interrupted: true },
  { name: "ends before it starts", startTime: 6_000, endTime: 5_000 },
];
const { columns } = madeUp(spans);
/** Fifty seconds after the start of the trace. */
const nowMs = (columns.startMs[0] ?? 0) + 50_000;
const model = { columns };
const ended = madePicture(columns, nowMs).times;
const live = madePicture(columns, nowMs, true).times;

describe("how long a row took", () => {
  it.each([
    ["a finished step", 1, "2.5 s", "2.5 s"],
    ["a step that is open", 2, "no end", "46.0 s so far"],
    ["a step that failed without an end", 3, "no end", "no end"],
    ["an interrupted step without an end", 4, "no end", "no end"],
    ["a step whose end lies before its start", 5, "duration unknown", "duration unknown"],
  ] as const)("is said of %s", (_, row, whenEnded, whenLive) => {
    expect(durationText(rowDuration(model, ended, row))).toBe(whenEnded);
    expect(durationText(rowDuration(model, live, row))).toBe(whenLive);
  });

  it("is marked as growing where there is room for a few letters only", () => {
    expect(shortDurationText(rowDuration(model, live, 2))).toBe("46.0 s…");
    expect(shortDurationText(rowDuration(model, ended, 2))).toBe("no end");
    expect(shortDurationText(rowDuration(model, ended, 5))).toBe("");
  });

  it.each([
    ["a finished step within the bounds", ended, 1, 2_000, 3_000, true],
    ["a finished step that is shorter", ended, 1, 3_000, Infinity, false],
    ["every row where nothing is asked", ended, 2, 0, Infinity, true],
    ["an open step of an ended session", ended, 2, 1, Infinity, false],
    ["an open step of an ended session, by a most", ended, 2, 0, 1e9, false],
    ["a running step that is longer already", live, 2, 45_000, Infinity, true],
    ["a running step that is not so long yet", live, 2, 47_000, Infinity, false],
    ["a running step that may become longer", live, 2, 0, 60_000, false],
    ["a failed step without an end of a live session", live, 3, 1, Infinity, false],
    ["a step whose end lies before its start", ended, 5, 0, 60_000, false],
  ] as const)("filters %s", (_, times, row, least, most, kept) => {
    expect(lastsBetween(columns, times, row, least, most)).toBe(kept);
  });
});
