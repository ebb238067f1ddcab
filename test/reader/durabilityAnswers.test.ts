// What is known of a trace's way to the disk, and that nothing is made up where nothing was noted.
import { describe, expect, it } from "vitest";
import { durabilityResultSchema } from "../../src/protocol/durabilityMessages";
import { durabilityAt, durabilityOf, lossProfile } from "../../src/reader/durabilityAnswers";
import type { TracePicture } from "../../src/reader/picture";
import type { SpanEvent } from "../../src/trace/schema";
import { timelineOf } from "../trace/timeline/timelineSpans";

interface Options {
  readonly durability?: unknown;
  readonly status?: string;
  readonly events?: readonly SpanEvent[];
  readonly evidence?: Readonly<Record<string, unknown>>;
  readonly writer?: unknown;
  readonly endMs?: number;
}

function pictureOf(options: Options): TracePicture {
  const { columns, tree } = timelineOf("main s 1000-\na t 2000-3000 < main\nb t 4000- < main");
  return {
    epoch: 1,
    revision: 1,
    columns,
    tree,
    state: { status: options.status ?? "crashed", reasons: [], endMs: options.endMs },
    session: { header: { durability: options.durability, writer: options.writer }, evidence: options.evidence ?? {} },
    spans: { spanAt: (row: number) => (row === 0 ? { events: options.events ?? [] } : undefined) },
  } as unknown as TracePicture;
}

const noted = [
  {
    incarnation: 1,
    startMs: 1_000,
    fsync: "interval",
    untilMs: 3_500,
    synced: [
      [500, 10, 1],
      [2_100, 10, 3],
    ],
    snapshots: [[50, 5, 1]],
  },
];
const events: SpanEvent[] = [
  { name: "tracekeeper.degraded", timeMs: 2_200, attributes: { phase: "from", reason: "slow" } },
  { name: "tracekeeper.degraded", timeMs: 2_400, attributes: { phase: "to" } },
  { name: "tracekeeper.dropped", timeMs: 2_500, attributes: { count: 7 } },
  { name: "tracekeeper.crash", timeMs: 5_000, attributes: { reason: "killed" } },
  { name: "other", timeMs: 1 },
];

describe("what is known of a trace's way to the disk", () => {
  it("is what was noted, and what the session's own events tell", () => {
    const { result } = durabilityOf(pictureOf({ durability: noted, events }));
    expect(durabilityResultSchema.safeParse(result).success).toBe(true);
    expect(result).toMatchObject({
      known: "noted",
      fsync: "interval",
      isCutOff: true,
      syncCount: 2,
      snapshotCount: 1,
      crashes: [{ atMs: 5_000, reason: "killed" }],
      degraded: [{ fromMs: 2_200, toMs: 2_400, reason: "slow" }],
      dropped: [{ atMs: 2_500, count: 7 }],
      // Events at 2000, 3000 and 4000 came behind the one snapshot.
      onlyInJournal: 3,
      onlyInJournalSinceMs: 2_000,
    });
    expect([...result.syncedMs]).toEqual([1_510, 3_110]);
    expect(result.worst).toEqual({ events: 2, atMs: expect.closeTo(3_110, 1) });
  });

  it("is nothing for another recorder's trace, and for one of ours that noted nothing", () => {
    expect(durabilityOf(pictureOf({})).result).toMatchObject({ known: "foreign", worst: undefined, onlyInJournal: 0 });
    expect(durabilityOf(pictureOf({ writer: {} })).result.known).toBe("notNoted");
    expect(durabilityOf(pictureOf({ evidence: { liveMarker: {} } })).result.known).toBe("notNoted");
    expect(durabilityOf(pictureOf({ durability: "nonsense", writer: {} })).result.known).toBe("notNoted");
  });

  it("tells the crash from the marker where no event does", () => {
    const crashMarker = { timeMs: 4_500, reason: "SIGKILL" };
    const { result } = durabilityOf(pictureOf({ durability: noted, evidence: { crashMarker } }));
    expect(result.crashes).toEqual([{ atMs: 4_500, reason: "SIGKILL" }]);
    expect(durabilityOf(pictureOf({ status: "completed", durability: noted })).result.crashes).toEqual([]);
  });

  it("says of an instant what would have been lost, and whether that is sure", () => {
    const picture = pictureOf({ durability: noted, events });
    expect(durabilityAt(picture, 3_100)).toMatchObject({
      unsynced: 2,
      unsyncedSinceMs: 2_000,
      unsaved: 2,
      lastSyncMs: 1_510,
      isDegraded: false,
      isExact: true,
    });
    expect(durabilityAt(picture, 3_110)).toMatchObject({ unsynced: 0, lastSyncMs: 3_110 });
    expect(durabilityAt(picture, 2_300).isDegraded).toBe(true);
    // Behind what was noted there may have been syncs that nobody wrote down.
    expect(durabilityAt(picture, 4_800)).toMatchObject({ unsynced: 1, isExact: false });
  });

  it("is safe once a session has ended and was brought to the disk", () => {
    const ended = pictureOf({ durability: noted, status: "completed", writer: {} });
    expect(durabilityAt(ended, 4_499).unsynced).toBe(1);
    expect(durabilityAt(ended, 4_500)).toMatchObject({ unsynced: 0, unsaved: 0 });
    const never = [{ ...noted[0], fsync: "never", synced: [] }];
    expect(durabilityAt(pictureOf({ durability: never, status: "completed" }), 9_000).unsynced).toBe(4);
  });

  it("is drawn from the most that would have been lost in each column", () => {
    const { unsynced, unsaved } = lossProfile(
      pictureOf({ durability: noted }),
      Float64Array.of(1_000, 2_000, 3_050, 4_000),
    );
    expect([...unsynced]).toEqual([1, 2, 2]);
    expect([...unsaved]).toEqual([1, 2, 2]);
  });
});
