// What is known of a trace's way to the disk: marks of syncs and snapshots, and the events on its roots that tell of
// crashes, of times in which appends were not waited for, and of what was given up. Nothing is made up where nothing was
// noted.

import type { DurabilityAtResult, DurabilityResult } from "../protocol/durabilityMessages";
import { type Durability, decodeDurability } from "../trace/durability";
import type { SpanEvent } from "../trace/schema";
import { kindCodes } from "../trace/spanColumns";
import { buildSafety, type Coverage, lossAt, markBefore, mostLost, type Safety } from "../trace/timeline/safety";
import type { TracePicture } from "./picture";

const session = kindCodes.indexOf("session");
/** Roots and events that are looked at; a session has a few. */
const mostRoots = 100;
const mostNotes = 200;
const mostReasonLength = 500;

interface KnownDurability {
  readonly told: readonly Durability[];
  readonly safety: Safety;
  readonly result: DurabilityResult;
}

/** As long as the picture is. */
const known = new WeakMap<TracePicture, KnownDurability>();

export function durabilityOf(picture: TracePicture): KnownDurability {
  let found = known.get(picture);
  if (found === undefined) {
    found = read(picture);
    known.set(picture, found);
  }
  return found;
}

export function durabilityAt(picture: TracePicture, atMs: number): DurabilityAtResult {
  const { safety, result, told } = durabilityOf(picture);
  const disk = lossAt(safety, safety.synced, atMs);
  const file = lossAt(safety, safety.snapshots, atMs);
  const notedUntilMs = Math.max(
    ...told.map(({ startMs, untilMs }) => (untilMs === undefined ? startMs : startMs + untilMs)),
  );
  const lastMarkMs = safety.synced.marks.at(-1)?.doneMs ?? Number.NEGATIVE_INFINITY;
  return {
    unsynced: disk.events,
    unsyncedSinceMs: disk.sinceMs,
    unsaved: file.events,
    lastSyncMs: markBefore(safety.synced, atMs)?.doneMs,
    lastSnapshotMs: markBefore(safety.snapshots, atMs)?.doneMs,
    isDegraded: result.degraded.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < (toMs ?? Number.POSITIVE_INFINITY)),
    isExact: isExact(safety.synced, atMs) && (atMs <= lastMarkMs || atMs <= notedUntilMs),
  };
}

/** The most that would have been lost within each two neighbours of `edgesMs`. */
export function lossProfile(
  picture: TracePicture,
  edgesMs: Float64Array,
): { unsynced: Uint32Array; unsaved: Uint32Array } {
  const { safety } = durabilityOf(picture);
  return {
    unsynced: mostLost(safety, safety.synced, edgesMs),
    unsaved: mostLost(safety, safety.snapshots, edgesMs),
  };
}

function isExact({ marks }: Coverage, atMs: number): boolean {
  return !marks.some(({ beganMs, doneMs, count }) => count > 1 && atMs > beganMs && atMs < doneMs);
}

function read(picture: TracePicture): KnownDurability {
  const { header, evidence } = picture.session;
  const told = decodeDurability(header.durability);
  const hasEnded = picture.state.status === "completed" || picture.state.status === "failed";
  const last = told.at(-1);
  const safeFromMs =
    hasEnded && last?.untilMs !== undefined && last.fsync !== "never"
      ? last.startMs + last.untilMs
      : Number.POSITIVE_INFINITY;
  const safety = buildSafety(picture.columns, told, safeFromMs);
  const isOurs = header.writer !== undefined || evidence.journal !== undefined || evidence.liveMarker !== undefined;
  const notes = readNotes(picture);
  const lastEventMs = safety.events.at(-1);
  const crashed = picture.state.status === "crashed";
  const onlyInJournal =
    crashed && told.length > 0 && lastEventMs !== undefined ? lossAt(safety, safety.snapshots, lastEventMs) : undefined;
  return {
    told,
    safety,
    result: {
      known: told.length > 0 ? "noted" : isOurs ? "notNoted" : "foreign",
      fsync: last?.fsync,
      isCutOff: crashed,
      incarnations: told.slice(-mostNotes).map(({ incarnation, startMs }) => ({ incarnation, startMs })),
      syncedMs: Float64Array.from(safety.synced.marks, ({ doneMs }) => doneMs),
      snapshotMs: Float64Array.from(safety.snapshots.marks, ({ doneMs }) => doneMs),
      syncCount: countOf(safety.synced),
      snapshotCount: countOf(safety.snapshots),
      ...notes,
      recovered: evidence.recovered,
      onlyInJournal: onlyInJournal?.events ?? 0,
      onlyInJournalSinceMs: onlyInJournal?.sinceMs,
      worst: worstOf(safety),
    },
  };
}

function countOf({ marks }: Coverage): number {
  return marks.reduce((sum, { count }) => sum + count, 0);
}

/** The instant at which most would have been lost in a power cut. It is just before a mark is done, or at the end. */
function worstOf(safety: Safety): DurabilityResult["worst"] {
  const { events, synced } = safety;
  const lastMs = events.at(-1);
  if (lastMs === undefined || synced.marks.length === 0) return undefined;
  const instants = [...synced.marks.map(({ doneMs }) => doneMs - 0.001), lastMs];
  let worst = { events: 0, atMs: lastMs };
  for (const atMs of instants) {
    const lost = lossAt(safety, synced, atMs).events;
    if (lost > worst.events) worst = { events: lost, atMs };
  }
  return worst;
}

type Notes = Pick<DurabilityResult, "crashes" | "degraded" | "dropped">;

/** What the events on the session's roots tell. */
function readNotes(picture: TracePicture): Notes {
  const notes: Notes = { crashes: [], degraded: [], dropped: [] };
  let roots = 0;
  const { tree, columns, spans } = picture;
  for (let row = tree.firstRoot; row >= 0 && roots < mostRoots; row = tree.nextSibling[row] ?? -1) {
    if (columns.kind[row] !== session) continue;
    roots++;
    for (const event of spans.spanAt(row)?.events ?? []) addNote(notes, event);
  }
  const marker = picture.session.evidence.crashMarker;
  if (picture.state.status === "crashed" && notes.crashes.length === 0) {
    const atMs = marker?.timeMs ?? picture.state.endMs;
    if (atMs !== undefined) notes.crashes.push({ atMs, reason: marker?.reason ?? picture.state.error });
  }
  return notes;
}

function addNote(notes: Notes, { name, timeMs, attributes }: SpanEvent): void {
  const reason =
    typeof attributes?.["reason"] === "string" ? attributes["reason"].slice(0, mostReasonLength) : undefined;
  switch (name) {
    case "tracekeeper.crash":
      if (notes.crashes.length < mostNotes) notes.crashes.push({ atMs: timeMs, reason });
      break;
    case "tracekeeper.degraded": {
      const open = notes.degraded.at(-1);
      if (attributes?.["phase"] === "to") {
        if (open !== undefined && open.toMs === undefined) open.toMs = timeMs;
      } else if (notes.degraded.length < mostNotes) notes.degraded.push({ fromMs: timeMs, reason });
      break;
    }
    case "tracekeeper.dropped": {
      const count = attributes?.["count"];
      if (notes.dropped.length < mostNotes)
        notes.dropped.push({ atMs: timeMs, count: typeof count === "number" ? count : 1, reason });
      break;
    }
    default:
  }
}
