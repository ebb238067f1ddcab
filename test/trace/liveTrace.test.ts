import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { readSession } from "../../src/trace/readSession";
import type { TraceSpan, Writer } from "../../src/trace/schema";
import type { FileBytes } from "../../src/trace/sessionFiles";
import {
  arbitraryCuts,
  arbitraryDamage,
  arbitraryRecords,
  arbitraryStepRecords,
  cutAt,
  damageLines,
} from "./arbitraryRecords";
import { arbitrarySpans, traceText } from "./arbitrarySpans";
import { baseMs, beginTool, concat, linesOf, root } from "./journalLines";
import { FollowedSession, type Moment } from "./liveModel";

const numRuns = Number(process.env["RUNS"] ?? 100);

const arbitraryMoment: fc.Arbitrary<Moment> = fc.record({
  nowMs: fc.constantFrom(baseMs + 60_000, baseMs + 600_000),
  liveness: fc.constantFrom("alive", "gone", "unknown"),
});

type ArbitrarySnapshot =
  /** As the journal's writer made it of so many lines, cut or not. */
  | { readonly type: "own"; readonly part: number; readonly cutAt: number | undefined }
  | { readonly type: "foreign"; readonly spans: readonly TraceSpan[] };

const arbitrarySnapshot: fc.Arbitrary<ArbitrarySnapshot> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("own" as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      cutAt: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("foreign" as const), spans: arbitrarySpans }) },
);

function snapshotOf(
  snapshot: ArbitrarySnapshot,
  lines: readonly Uint8Array[],
  madeBy: Partial<Writer> = {},
): FileBytes {
  const file = (text: string): FileBytes => ({ name: "S.json", bytes: concat([text]), mtimeMs: baseMs + 50 });
  if (snapshot.type === "foreign") return file(traceText(snapshot.spans));
  const count = Math.round(snapshot.part * (lines.length - 1));
  const bytes = concat(lines.slice(0, count + 1));
  const journals = [{ name: "S.1.journal.ndjson", bytes, mtimeMs: baseMs }];
  const { trace } = readSession({ safeId: "S", journals }, () => "alive");
  const writer = { instance: "aaaa-1", incarnation: 1, seq: count, offsetBytes: bytes.length, ...madeBy };
  const text = JSON.stringify({ ...trace, writer });
  return file(snapshot.cutAt === undefined ? text : text.slice(0, Math.round(snapshot.cutAt * text.length)));
}

const arbitraryRun = fc.record({
  older: arbitraryRecords,
  newer: arbitraryRecords,
  /** Which of the older records are written again. */
  copies: fc.array(fc.nat(40), { maxLength: 8 }),
  isSameRun: fc.boolean(),
  goesOn: fc.boolean(),
  snapshot: fc.option(arbitrarySnapshot, { nil: undefined }),
  holdsEarlier: fc.boolean(),
  crashMarker: fc.option(fc.constantFrom(1, 2, undefined), { nil: null }),
  hasLiveMarker: fc.boolean(),
  damage: arbitraryDamage,
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 2 }).map((parts) => parts.sort()),
  isNewerFirst: fc.boolean(),
});

const goesOn = { continues: { instance: "aaaa-1", incarnation: 1 } };
const earlierMark = { instance: "bbbb-2", incarnation: 2, earlier: [{ instance: "aaaa-1", incarnation: 1, seq: 3 }] };

function copiesOf(records: readonly JournalRecord[], which: readonly number[]): JournalRecord[] {
  // The root's beginning comes first in the journal.
  const seqs = [...new Set(which.map((index) => 1 + (index % (records.length + 1))))].sort((a, b) => a - b);
  return seqs.map((seq) => {
    const record: JournalRecord = seq === 1 ? root : (records[seq - 2] ?? root);
    return { ...record, o: seq, ...(seq % 3 === 0 ? { k: 1 } : {}) } as JournalRecord;
  });
}

function markersOf({ crashMarker, hasLiveMarker }: { crashMarker: number | undefined | null; hasLiveMarker: boolean }) {
  const file = (name: string, bytes: Uint8Array): FileBytes => ({ name, bytes, mtimeMs: baseMs + 70 });
  const note = encodeCrashNote({
    incarnation: crashMarker ?? undefined,
    timeMs: baseMs + 55,
    reason: "killed by hand",
  });
  return {
    ...(crashMarker === null ? {} : { crashMarker: file("S.crash", note) }),
    ...(hasLiveMarker ? { liveMarker: file("S.live", encodeLiveMarker({ instance: "bbbb-2", incarnation: 2 })) } : {}),
  };
}

describe("LiveTrace", () => {
  it("says after every record what reading the whole journal says", () => {
    const records: JournalRecord[] = [
      root,
      beginTool("a"),
      { t: "end", id: "a", set: { output: "done" } },
      beginTool("b"),
      { t: "end", id: "b", set: { status: "error", statusMessage: "exit 1" } },
      beginTool("b2", { command: "b" }),
      { t: "event", id: "a", event: { name: "late" } },
      { t: "end", id: "b2", set: {} },
      { t: "metadata", metadata: { title: "New" } },
      { t: "finish", status: "completed" },
    ];
    const [header, ...lines] = linesOf(records);
    const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: concat([header ?? ""]) }]);
    session.expectAsReadWhole();
    for (const line of lines) {
      session.append(0, line);
      session.expectAsReadWhole();
    }
  });

  it("says after any piece of any journal what reading all of it says", () => {
    fc.assert(
      fc.property(arbitraryRecords, arbitraryCuts, (records, cuts) => {
        const [first = new Uint8Array(), ...pieces] = cutAt(concat(linesOf([root, ...records])), cuts);
        const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: first }]);
        session.expectAsReadWhole();
        for (const piece of pieces) {
          session.append(0, piece);
          session.expectAsReadWhole();
        }
      }),
      { numRuns },
    );
  });

  it("says of attempts that are made good, and of steps that fail later than what is in them, what reading all of them says", () => {
    const span = (spanId: string, parentSpanId: string, at: readonly [number, number], rest: object) => ({
      t: "span",
      span: {
        spanId,
        parentSpanId,
        name: spanId,
        kind: "span",
        status: "ok",
        startTime: baseMs + at[0],
        endTime: baseMs + at[1],
        ...rest,
      },
    });
    const step = { attributes: { "tracekeeper.step": { id: "x" } } };
    const attempt = { attributes: { "tracekeeper.attempt": { number: 1 } } };
    const failed = { status: "error" };
    const make = { name: "make", kind: "tool", input: { command: "make" } };
    const begin = (spanId: string) => ({
      t: "begin",
      span: { spanId, parentSpanId: "root", name: spanId, kind: "span", status: "ok", startTime: baseMs + 1, ...step },
    });
    const end = (id: string) => ({ t: "end", id, set: { status: "error", endTime: baseMs + 50 } });
    const moved = (id: string, parentSpanId: string) => ({ t: "set", id, set: { parentSpanId } });
    const cases: Readonly<Record<string, readonly object[]>> = {
      "covered by an attempt": [
        span("held", "root", [1, 90], step),
        span("one", "held", [2, 9], { ...attempt, ...failed }),
        span("lint", "one", [3, 4], failed),
        span("two", "held", [10, 80], attempt),
      ],
      "failed late below what is covered": [
        span("one", "root", [2, 9], { ...attempt, ...failed }),
        span("two", "root", [10, 80], attempt),
        span("lint", "one", [3, 4], failed),
      ],
      "made good from outside before its step failed": [
        begin("broken"),
        span("inner", "broken", [2, 3], { ...make, ...failed }),
        span("outer", "root", [4, 5], make),
        end("broken"),
      ],
      "moved below a step that fails": [
        begin("broken"),
        span("between", "root", [2, 4], {}),
        span("inner", "between", [2, 3], { ...make, ...failed }),
        span("outer", "root", [4, 5], make),
        moved("between", "broken"),
        end("broken"),
      ],
      "moved below a step that fails, and away again": [
        begin("broken"),
        span("inner", "root", [2, 3], { ...make, ...failed }),
        span("outer", "root", [4, 5], make),
        moved("inner", "broken"),
        end("broken"),
        moved("outer", "broken"),
        moved("inner", "root"),
      ],
    };
    for (const [name, records] of Object.entries(cases)) {
      const lines = linesOf([root, ...(records as JournalRecord[])]);
      const whole = [concat(lines.slice(1))];
      // Record by record, looked at after each or only at the end, and all of them in one change.
      for (const [pieces, isLookedAt] of [
        [lines.slice(1), true] as const,
        [lines.slice(1), false] as const,
        [whole, false] as const,
      ]) {
        const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: lines[0] ?? new Uint8Array() }]);
        for (const piece of pieces) {
          session.append(0, piece);
          if (isLookedAt) session.expectAsReadWhole();
        }
        session.expectAsReadWhole();
        const { recovered } = session.live.rows.findFailures({ status: "running", reasons: [] });
        expect([name, recovered.length]).toEqual([
          name,
          name.startsWith("made good from outside") || name.endsWith("fails") ? 0 : 1,
        ]);
      }
    }
  });

  it("says of steps of playbooks, after any record, what reading all of them says", () => {
    let recoveredOnes = 0;
    fc.assert(
      fc.property(arbitraryStepRecords, arbitraryCuts, (records, cuts) => {
        const [first = new Uint8Array(), ...pieces] = cutAt(concat(linesOf([root, ...records])), cuts);
        const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: first }]);
        for (const piece of pieces) {
          session.append(0, piece);
          session.expectAsReadWhole();
        }
        recoveredOnes += session.live.rows.findFailures({ status: "running", reasons: [] }).recovered.length;
      }),
      { numRuns: 3 * numRuns },
    );
    expect(recoveredOnes).toBeGreaterThan(5);
  });

  it("says of a damaged journal what reading all of it says, after any piece", () => {
    fc.assert(
      fc.property(
        arbitraryRecords,
        arbitraryDamage,
        arbitraryCuts,
        arbitraryMoment,
        (records, damage, cuts, moment) => {
          const bytes = concat(damageLines(linesOf([root, ...records]), damage));
          const [first = new Uint8Array(), ...pieces] = cutAt(bytes, cuts);
          const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: first }]);
          session.expectAsReadWhole(moment);
          for (const piece of pieces) {
            session.append(0, piece);
            session.expectAsReadWhole(moment);
          }
        },
      ),
      { numRuns },
    );
  });

  it("takes no step that is open for a success, whether it writes output or did", () => {
    const input = { path: "a.ts" };
    const output = { "tracekeeper.output": { stream: "stdout", bytes: 0, times: [] } };
    const records = [
      {
        t: "set",
        id: "failed",
        set: { parentSpanId: "root", name: "bash", status: "error", endTime: 1_000_000, input },
      },
      { t: "begin", span: { spanId: "open", name: "bash", kind: "span", status: "ok", input, attributes: output } },
      { t: "set", id: "open", set: { attributes: {} } },
    ] as JournalRecord[];
    const [header = new Uint8Array(), ...lines] = linesOf([root, ...records]);
    const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: header }]);
    for (const line of lines) {
      session.append(0, line);
      session.expectAsReadWhole();
    }
  });

  it("adds the records to what a snapshot holds, whatever that is", () => {
    fc.assert(
      fc.property(
        arbitraryRecords,
        arbitrarySnapshot,
        arbitraryCuts,
        arbitraryMoment,
        (records, snapshot, cuts, moment) => {
          const lines = linesOf([root, ...records]);
          const [first = new Uint8Array(), ...pieces] = cutAt(concat(lines), cuts);
          const session = new FollowedSession({ snapshot: snapshotOf(snapshot, lines) }, [
            { name: "S.1.journal.ndjson", bytes: first },
          ]);
          session.expectAsReadWhole(moment);
          for (const piece of pieces) {
            session.append(0, piece);
            session.expectAsReadWhole(moment);
          }
        },
      ),
      { numRuns },
    );
  });

  it("combines journals, markers and snapshots as a reader of the whole does, whichever of them grows", () => {
    fc.assert(
      fc.property(arbitraryRun, arbitraryMoment, (run, moment) => {
        const older = linesOf([root, ...run.older]);
        const newer = linesOf([...copiesOf(run.older, run.copies), ...run.newer], {
          instance: run.isSameRun ? "aaaa-1" : "bbbb-2",
          incarnation: 2,
          ...(run.goesOn ? goesOn : {}),
        });
        const snapshot = run.snapshot && snapshotOf(run.snapshot, older, run.holdsEarlier ? earlierMark : {});
        const parts = [
          { journal: 0, pieces: cutAt(concat(damageLines(older, run.damage)), run.cuts) },
          { journal: 1, pieces: cutAt(concat(damageLines(newer, run.damage.slice(2))), run.cuts) },
        ];
        const names = ["S.1.journal.ndjson", "S.2.journal.ndjson"];
        const session = new FollowedSession(
          { snapshot, ...markersOf(run) },
          parts.map(({ journal, pieces }) => ({ name: names[journal] ?? "", bytes: pieces[0] ?? new Uint8Array() })),
        );
        session.expectAsReadWhole(moment);
        const later = parts.flatMap(({ journal, pieces }) => pieces.slice(1).map((bytes) => ({ journal, bytes })));
        for (const { journal, bytes } of run.isNewerFirst ? later.reverse() : later) {
          session.append(journal, bytes);
          session.expectAsReadWhole(moment);
        }
      }),
      { numRuns },
    );
  });
});
