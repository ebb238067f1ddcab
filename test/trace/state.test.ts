import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeAge, describeState } from "../../src/trace/describeState";
import type { CrashMarker, Evidence, JournalFacts } from "../../src/trace/evidence";
import { summaryStatuses, type Writer } from "../../src/trace/schema";
import { crashMarkerHolds, deriveState } from "../../src/trace/state";

const now = 10_000_000;
const fresh = now - 30_000;
const stale = now - 3 * 3_600_000;

const nothing: Evidence = { hasSnapshot: false, openSpans: 0, liveness: "unknown", truncated: false };
const journal = (facts: Partial<JournalFacts> = {}): JournalFacts => ({
  incarnation: 1,
  instance: "a",
  lengthBytes: 1000,
  lastSeq: 5,
  lastRecordMs: fresh,
  recordCount: 5,
  lostCount: 0,
  ...facts,
});
const writer = (fields: Partial<Writer> = {}): Writer => ({
  instance: "a",
  incarnation: 1,
  seq: 5,
  offsetBytes: 1000,
  ...fields,
});
const render = (evidence: Partial<Evidence>) => {
  const state = deriveState({ ...nothing, ...evidence }, now);
  const { label, detail } = describeState(state, now);
  const end = state.endMs === undefined ? "" : ` at ${state.endMs - now}`;
  return `${label}${end}${state.error === undefined ? "" : ` with ${state.error}`}${detail === "" ? "" : ` (${detail})`}`;
};

/** A foreign snapshot whose root is open or closed. */
const foreign = (fields: Partial<Evidence> = {}): Partial<Evidence> => ({
  hasSnapshot: true,
  claimedStatus: "completed",
  claimedEndMs: fresh,
  lastActivityMs: fresh,
  lastWriteMs: fresh,
  rootOpen: false,
  rootStatus: "ok",
  rootEndMs: fresh,
  ...fields,
});
const openRoot: Partial<Evidence> = { rootOpen: true, rootEndMs: undefined, openSpans: 1 };
const old: Partial<Evidence> = { lastWriteMs: stale, lastActivityMs: stale, claimedEndMs: stale };
const ours: Partial<Evidence> = {
  hasSnapshot: true,
  claimedStatus: "running",
  writer: writer(),
  ...openRoot,
  lastWriteMs: fresh,
  lastActivityMs: fresh,
};

describe("deriveState of a foreign snapshot", () => {
  it.each<[string, Partial<Evidence>, string]>([
    ["a closed root and a claimed end", foreign(), "Completed at -30000"],
    [
      "a closed root without a summary",
      foreign({ claimedStatus: undefined, claimedEndMs: undefined }),
      "Completed at -30000",
    ],
    [
      "nothing that tells of an end: no root, no open span, no claim",
      foreign({ ...old, claimedStatus: undefined, claimedEndMs: undefined, rootOpen: undefined, rootEndMs: undefined }),
      "Unknown (last write 3 h ago)",
    ],
    ["a root that closed with an error", foreign({ rootStatus: "error", rootError: "no" }), "Failed at -30000 with no"],
    [
      "a claimed error and a closed root",
      foreign({ claimedStatus: "error", claimedError: "bad" }),
      "Failed at -30000 with bad",
    ],
    [
      "a claimed error and an open root",
      foreign({ ...openRoot, claimedStatus: "error", claimedError: "bad" }),
      "Failed at -30000 with bad (its root span has no end)",
    ],
    [
      "a claimed crash",
      foreign({ claimedStatus: "crashed", claimedError: "SIGTERM" }),
      "Crashed at -30000 with SIGTERM",
    ],
    [
      "a claimed crash with an open root",
      foreign({ ...openRoot, ...old, claimedStatus: "crashed" }),
      `Crashed at ${stale - now}`,
    ],
    ["an open root, fresh, though it claims an end", foreign(openRoot), "Running"],
    [
      "an open root, old, though it claims an end",
      foreign({ ...openRoot, ...old }),
      "Unknown (claims “completed”, but its root span has no end; last write 3 h ago)",
    ],
    [
      "an open root with a fresh file time alone, as a copy has",
      foreign({ ...openRoot, ...old, lastWriteMs: fresh }),
      "Unknown (claims “completed”, but its root span has no end; last write 3 h ago)",
    ],
    [
      "an open root with a fresh claimed end alone",
      foreign({ ...openRoot, ...old, claimedEndMs: fresh }),
      "Unknown (claims “completed”, but its root span has no end; last write 3 h ago)",
    ],
    [
      "an open root with an old span but a fresh claimed end and file",
      foreign({ ...openRoot, lastActivityMs: stale }),
      "Running",
    ],
    [
      "an open root with nothing but times in the future, as a wrong clock writes them",
      foreign({
        ...openRoot,
        lastWriteMs: now + 9_000_000,
        lastActivityMs: now + 9_000_000,
        claimedEndMs: now + 9_000_000,
      }),
      "Unknown (claims “completed”, but its root span has no end)",
    ],
    [
      "a claimed end in the future",
      foreign({ ...openRoot, ...old, claimedEndMs: now + 9_000_000 }),
      "Unknown (claims “completed”, but its root span has no end; last write 3 h ago)",
    ],
    ["an open generation below a closed root, fresh", foreign({ openSpans: 1, openGenerations: 1 }), "Running"],
    [
      "an open generation below a closed root, old",
      foreign({ ...old, openSpans: 1, openGenerations: 1, rootEndMs: stale }),
      "Unknown (claims “completed”, but a generation has no end; last write 3 h ago)",
    ],
    [
      "an open root after the last word, fresh",
      foreign({ ...openRoot, finalFinishReason: "stop" }),
      "Waiting (waiting for the next message)",
    ],
    [
      "an open root after the end of a turn",
      foreign({ ...openRoot, finalFinishReason: "end_turn" }),
      "Waiting (waiting for the next message)",
    ],
    [
      "an open root after the last word, old",
      foreign({ ...openRoot, ...old, finalFinishReason: "stop" }),
      "Unknown (claims “completed”, but its root span has no end; last write 3 h ago)",
    ],
    ["a last word while a tool is open", foreign({ ...openRoot, openSpans: 2, finalFinishReason: "stop" }), "Running"],
    ["a turn that goes on with tools", foreign({ ...openRoot, finalFinishReason: "tool-calls" }), "Running"],
    ["a claim to run, fresh", foreign({ ...openRoot, claimedStatus: "running" }), "Running"],
    [
      "a claim to run, old",
      foreign({ ...openRoot, ...old, claimedStatus: "running" }),
      "Unknown (claims “running”, but nothing was written since; last write 3 h ago)",
    ],
    [
      "a claim to run with a closed root, old",
      foreign({ ...old, claimedStatus: "running" }),
      "Unknown (claims “running”, but its root span has ended; last write 3 h ago)",
    ],
    [
      "no root, all spans closed",
      foreign({ rootOpen: undefined, rootStatus: undefined, rootEndMs: undefined }),
      "Completed at -30000",
    ],
    [
      "no root, a span open, old",
      foreign({ ...old, rootOpen: undefined, rootStatus: undefined, rootEndMs: undefined, openSpans: 2 }),
      "Unknown (claims “completed”, but a span has no end; last write 3 h ago)",
    ],
    [
      "no root, a claimed error",
      foreign({ rootOpen: undefined, rootStatus: undefined, rootEndMs: undefined, claimedStatus: "error" }),
      "Failed at -30000",
    ],
    [
      "a cut file",
      foreign({ truncated: true, claimedStatus: undefined }),
      "Unknown (the file ends in the middle; last write 30 s ago)",
    ],
    [
      "a cut file with a crash marker",
      foreign({ truncated: true, crashMarker: { timeMs: stale, reason: "x" } }),
      `Crashed at ${stale - now} with x`,
    ],
    [
      "nothing that can be read",
      { lastWriteMs: stale },
      "Unknown (nothing of the session can be read; last write 3 h ago)",
    ],
    ["nothing at all", {}, "Unknown (nothing of the session can be read)"],
  ])("%s", (_, evidence, expected) => {
    expect(render(evidence)).toBe(expected);
  });
});

describe("deriveState of a session of ours", () => {
  const ended = { status: "completed", timeMs: stale } as const;
  it.each<[string, Partial<Evidence>, string]>([
    ["a journal without an end, writer alive", { journal: journal(), liveness: "alive" }, "Running"],
    [
      "the same, but silent",
      { journal: journal({ lastRecordMs: stale }), lastWriteMs: stale, liveness: "alive" },
      "Running (no sign of life for 3 h)",
    ],
    [
      "waiting",
      { journal: journal({ waiting: { sinceMs: stale, reason: "an answer" } }), liveness: "alive" },
      "Waiting (waiting for an answer)",
    ],
    [
      "waiting and silent",
      {
        journal: journal({ lastRecordMs: stale, waiting: { sinceMs: stale, reason: "an answer" } }),
        liveness: "alive",
      },
      "Waiting (waiting for an answer; no sign of life for 3 h)",
    ],
    ["a journal without an end, writer gone", { journal: journal(), liveness: "gone" }, "Crashed at -30000 (killed)"],
    [
      "the same with records that the snapshot lacks",
      { journal: journal(), liveness: "gone", recovered: { records: 3, lost: 1 } },
      "Crashed at -30000 (killed; recovered 3 records, 1 lost)",
    ],
    [
      "the same with a torn tail",
      { journal: journal({ hasTornTail: true }), liveness: "gone", recovered: { records: 1, lost: 0 } },
      "Crashed at -30000 (killed; recovered 1 record, 1 lost)",
    ],
    ["a torn tail while its writer works", { journal: journal({ hasTornTail: true }), liveness: "alive" }, "Running"],
    [
      "records lost while its writer works",
      { journal: journal({ lostCount: 2 }), liveness: "alive" },
      "Running (2 records lost)",
    ],
    ["writer unknown, fresh", { journal: journal(), liveness: "unknown" }, "Running"],
    [
      "writer unknown, silent",
      { journal: journal({ lastRecordMs: stale }), liveness: "unknown", liveMarker: { instance: "a", host: "box" } },
      "Unknown (last write 3 h ago on host box)",
    ],
    [
      "writer unknown, with an old file time",
      { journal: journal(), lastWriteMs: stale, writer: writer({ host: "box" }) },
      "Unknown (last write 3 h ago on host box)",
    ],
    ["a journal that ended", { journal: journal({ ended }), liveness: "gone" }, `Completed at ${stale - now}`],
    [
      "a journal that ended with an error",
      { journal: journal({ ended: { ...ended, status: "error", error: "bad" } }) },
      `Failed at ${stale - now} with bad`,
    ],
    [
      "a journal that ended, beside a snapshot that still says running",
      { ...ours, journal: journal({ ended }) },
      `Completed at ${stale - now}`,
    ],
    [
      "a journal that ended, beside a foreign snapshot that says crashed",
      { ...foreign({ claimedStatus: "crashed" }), journal: journal({ ended }) },
      `Completed at ${stale - now}`,
    ],
    [
      "a crash record",
      { journal: journal({ crashed: { timeMs: stale, reason: "SIGTERM" } }) },
      `Crashed at ${stale - now} with SIGTERM`,
    ],
    [
      "a crash record beside a snapshot that claims success",
      { ...foreign(), journal: journal({ crashed: { timeMs: stale } }) },
      `Crashed at ${stale - now}`,
    ],
    [
      "a marker beside a snapshot that claims success",
      foreign({ crashMarker: { incarnation: 1, timeMs: stale } }),
      `Crashed at ${stale - now}`,
    ],
    ["a torn marker", foreign({ crashMarker: {} }), "Crashed at -30000"],
    [
      "a marker of the incarnation before",
      { journal: journal({ incarnation: 2 }), liveness: "alive", crashMarker: { incarnation: 1 } },
      "Running",
    ],
    [
      "a marker that recovery made for a shorter journal",
      { journal: journal(), liveness: "alive", crashMarker: { incarnation: 1, journalBytes: 900 } },
      "Running",
    ],
    [
      "a marker that recovery made for this journal",
      { journal: journal(), liveness: "alive", crashMarker: { incarnation: 1, journalBytes: 1000 } },
      "Crashed at -30000",
    ],
    [
      "a snapshot that says crashed, of the incarnation before",
      { ...ours, claimedStatus: "crashed", journal: journal({ incarnation: 2, instance: "b" }), liveness: "alive" },
      "Running",
    ],
    [
      "a snapshot alone, after a clean end",
      { ...foreign({ writer: writer() }), liveness: "gone" },
      "Completed at -30000",
    ],
    [
      "a snapshot alone, after an end with an error",
      { ...foreign({ writer: writer(), claimedStatus: "error" }), liveness: "gone" },
      "Failed at -30000",
    ],
    ["a snapshot alone that still runs, writer gone", { ...ours, liveness: "gone" }, "Crashed at -30000 (killed)"],
    ["a snapshot alone that still runs, writer alive", { ...ours, liveness: "alive" }, "Running"],
    ["a snapshot alone that still runs, old, writer unknown", { ...ours, ...old }, "Unknown (last write 3 h ago)"],
    [
      "a live marker alone, writer alive",
      { liveMarker: { instance: "a" }, lastWriteMs: fresh, liveness: "alive" },
      "Running",
    ],
    [
      "a live marker alone, writer gone",
      { liveMarker: { instance: "a" }, lastWriteMs: fresh, liveness: "gone" },
      "Crashed at -30000 (killed)",
    ],
    [
      "a live marker of a new incarnation beside an ended snapshot",
      { ...foreign({ writer: writer() }), liveMarker: { instance: "b", incarnation: 2 }, liveness: "alive" },
      "Running",
    ],
    [
      "a live marker left over beside an ended snapshot",
      { ...foreign({ writer: writer() }), liveMarker: { instance: "a", incarnation: 1 }, liveness: "gone" },
      "Completed at -30000",
    ],
    [
      "a snapshot of ours that completed, though the end of its root was lost",
      { ...foreign({ writer: writer() }), rootOpen: true, liveness: "gone" },
      "Completed at -30000",
    ],
    [
      "a snapshot of ours that failed, though the end of its root was lost",
      { ...foreign({ writer: writer(), claimedStatus: "error" }), rootOpen: true, liveness: "gone" },
      "Failed at -30000 (its root span has no end)",
    ],
    [
      "a snapshot of ours that completed, and a new incarnation that was killed at once",
      {
        ...foreign({ writer: writer() }),
        rootOpen: true,
        liveMarker: { instance: "b", incarnation: 2 },
        liveness: "gone",
      },
      "Crashed at -30000 (killed)",
    ],
    [
      "a snapshot of ours that says crashed for a journal which has gone on",
      { journal: journal(), claimedStatus: "crashed", writer: writer({ offsetBytes: 999 }), liveness: "alive" },
      "Running",
    ],
    [
      "a snapshot of ours that says crashed for this journal",
      { journal: journal(), claimedStatus: "crashed", writer: writer({ offsetBytes: 1000 }), liveness: "alive" },
      "Crashed at -30000",
    ],
  ])("%s", (_, evidence, expected) => {
    expect(render(evidence)).toBe(expected);
  });
});

describe("rules that hold for any evidence", () => {
  const time = fc.option(fc.integer({ min: now - 500_000, max: now + 500_000 }), { nil: undefined });
  const outcome = fc.record({ status: fc.constantFrom(...summaryStatuses), timeMs: fc.integer() });
  const anyJournal: fc.Arbitrary<JournalFacts> = fc.record({
    incarnation: fc.integer({ min: 1, max: 3 }),
    instance: fc.constantFrom("a", "b", undefined),
    lengthBytes: fc.nat(2000),
    lastSeq: fc.nat(9),
    lastRecordMs: time,
    ended: fc.option(outcome, { nil: undefined }),
    crashed: fc.option(fc.record({ timeMs: fc.integer() }), { nil: undefined }),
    recordCount: fc.nat(9),
    lostCount: fc.nat(2),
    hasTornTail: fc.boolean(),
  });
  const anyMarker: fc.Arbitrary<CrashMarker> = fc.record({
    incarnation: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    journalBytes: fc.option(fc.nat(2000), { nil: undefined }),
  });
  const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
    hasSnapshot: fc.boolean(),
    claimedStatus: fc.constantFrom(...summaryStatuses, undefined),
    claimedEndMs: time,
    openSpans: fc.nat(3),
    openGenerations: fc.nat(1),
    rootOpen: fc.constantFrom(true, false, undefined),
    rootStatus: fc.constantFrom("ok" as const, "error" as const, undefined),
    lastActivityMs: time,
    lastWriteMs: time,
    crashMarker: fc.option(anyMarker, { nil: undefined }),
    liveMarker: fc.option(fc.record({ instance: fc.constantFrom("a", "b") }), { nil: undefined }),
    journal: fc.option(anyJournal, { nil: undefined }),
    writer: fc.option(
      fc.integer({ min: 1, max: 3 }).map((incarnation) => writer({ incarnation })),
      { nil: undefined },
    ),
    liveness: fc.constantFrom("alive" as const, "gone" as const, "unknown" as const),
    truncated: fc.boolean(),
  });

  it("lets a valid crash marker win over everything", () => {
    fc.assert(
      fc.property(anyEvidence, anyMarker, (evidence, marker) => {
        fc.pre(crashMarkerHolds(marker, evidence));
        expect(deriveState({ ...evidence, crashMarker: marker }, now).status).toBe("crashed");
      }),
    );
  });

  it("never calls a session completed whose root is open, unless its journal says so or a snapshot of ours", () => {
    fc.assert(
      fc.property(anyEvidence, (evidence) => {
        fc.pre(evidence.journal?.ended === undefined);
        fc.pre(
          evidence.journal !== undefined || evidence.writer === undefined || evidence.claimedStatus !== "completed",
        );
        expect(deriveState({ ...evidence, rootOpen: true }, now).status).not.toBe("completed");
      }),
    );
  });

  it("never calls a session running or waiting whose writer is gone", () => {
    fc.assert(
      fc.property(anyEvidence, anyJournal, (evidence, facts) => {
        const { status } = deriveState({ ...evidence, journal: facts, liveness: "gone" }, now);
        expect(["completed", "failed", "crashed"]).toContain(status);
      }),
    );
  });

  it("names an end only for sessions that have one", () => {
    fc.assert(
      fc.property(anyEvidence, (evidence) => {
        const { status, endMs } = deriveState(evidence, now);
        if (status === "running" || status === "waiting" || status === "unknown") expect(endMs).toBeUndefined();
      }),
    );
  });
});

describe("describeAge", () => {
  it.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3 * 3_600_000, "3 h"],
    [50 * 3_600_000, "2 d"],
  ])("says %d ms as %s", (ageMs, text) => {
    expect(describeAge(ageMs)).toBe(text);
  });
});
