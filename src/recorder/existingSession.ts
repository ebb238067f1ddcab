// What a directory holds of a session before a new incarnation of it begins: found by reading the edges of its files, in
// the thread that starts the session.

import { join } from "node:path";
import type { LiveMarker } from "../trace/evidence";
import { type ReadJournal, readJournal } from "../trace/journal";
import { parseCrashMarker, parseLiveMarker } from "../trace/marker";
import { fileId, parseTraceFileName, type TakenId, safeId as toSafeId, traceFileNames } from "../trace/safeId";
import type { Writer } from "../trace/schema";
import { readFirstLine, readStart, readWhole } from "./fileTasks";
import { type Io, io } from "./recorderFs";
import { readSnapshotWriter } from "./snapshotTail";

export interface ExistingSession {
  readonly hasSnapshot: boolean;
  /** Of `S.json`, where it is ours. */
  readonly writer: Writer | undefined;
  /** `traceId` of `S.json` or of the newest journal. */
  readonly traceId: string | undefined;
  /** Incarnations that have a journal, oldest first. */
  readonly journals: readonly { readonly incarnation: number; readonly header: ReadJournal["header"] }[];
  readonly liveMarker: LiveMarker | undefined;
  /** Incarnation that `S.crash` names; `undefined` within where it names none, undefined where there is no marker. */
  readonly crash:
    | { readonly incarnation: number | undefined; readonly timeMs?: number; readonly reason?: string }
    | undefined;
  readonly newestIncarnation: number;
  /** Of `S.json` and the journals together. */
  readonly sizeBytes: number;
}

/** The safe id under which the files of session `rawId` stand or will stand in a directory that holds `names`. */
export function* resolveSafeId(
  directory: string,
  names: readonly string[],
  rawId: string,
  sha256Hex: (text: string) => string,
): Io<string> {
  const wanted = fold(toSafeId(rawId));
  const hashMark = `~${sha256Hex(rawId).slice(0, 8)}`;
  const taken: TakenId[] = [];
  const known = new Set<string>();
  for (const name of names) {
    // Of thousands of names nearly all are ruled out by a look: what folds to other letters than its own is not ASCII.
    const lower = name.toLowerCase();
    if (!lower.startsWith(wanted) && !lower.includes(hashMark) && !notAscii.test(name)) continue;
    const parsed = parseTraceFileName(name);
    if (parsed.type === "other" || parsed.type === "temp" || known.has(parsed.safeId)) continue;
    // Only ids that look alike can collide: the plain one, and those that end in this id's hash.
    const folded = fold(parsed.safeId);
    if (folded !== wanted && !folded.includes(hashMark)) continue;
    known.add(parsed.safeId);
    taken.push({ safeId: parsed.safeId, rawId: yield* rawIdOf(directory, names, parsed.safeId, rawId) });
  }
  return fileId(rawId, taken, sha256Hex);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is the range of ASCII.
const notAscii = /[^\u0000-\u007f]/;

export function* readExisting(directory: string, names: readonly string[], safeId: string): Io<ExistingSession> {
  const journals: { incarnation: number; header: ReadJournal["header"] }[] = [];
  for (const name of names) {
    if (!name.startsWith(safeId)) continue;
    const parsed = parseTraceFileName(name);
    if (parsed.type !== "journal" || parsed.safeId !== safeId) continue;
    journals.push({ incarnation: parsed.incarnation, header: yield* readHeader(join(directory, name), name) });
  }
  const snapshotName = traceFileNames.snapshot(safeId);
  const hasSnapshot = names.includes(snapshotName);
  let sizeBytes = hasSnapshot ? yield* sizeOf(join(directory, snapshotName)) : 0;
  for (const { incarnation } of journals) {
    sizeBytes += yield* sizeOf(join(directory, traceFileNames.journal(safeId, incarnation)));
  }
  journals.sort((a, b) => a.incarnation - b.incarnation);
  const writer = hasSnapshot ? yield* readSnapshotWriter(join(directory, snapshotName)) : undefined;
  const head = hasSnapshot ? yield* readHead(join(directory, snapshotName)) : undefined;
  const live = names.includes(traceFileNames.live(safeId))
    ? yield* readWhole(join(directory, traceFileNames.live(safeId)))
    : undefined;
  const crash = names.includes(traceFileNames.crash(safeId))
    ? yield* readWhole(join(directory, traceFileNames.crash(safeId)))
    : undefined;
  const liveMarker = live && parseLiveMarker(live);
  const crashMarker = crash && parseCrashMarker(crash);
  const newest = journals.at(-1);
  return {
    hasSnapshot,
    writer,
    traceId: head?.traceId ?? newest?.header?.header.trace.traceId,
    journals,
    liveMarker,
    crash: crashMarker && {
      incarnation: crashMarker.incarnation,
      ...(crashMarker.timeMs === undefined ? {} : { timeMs: crashMarker.timeMs }),
      ...(crashMarker.reason === undefined ? {} : { reason: crashMarker.reason }),
    },
    newestIncarnation: Math.max(
      newest?.incarnation ?? 0,
      writer?.incarnation ?? 0,
      liveMarker?.incarnation ?? 0,
      crashMarker?.incarnation ?? 0,
    ),
    sizeBytes,
  };
}

/** The raw id of the session with this safe id, where its files tell it. */
function* rawIdOf(directory: string, names: readonly string[], safeId: string, rawId: string): Io<string | undefined> {
  const existing = yield* readExisting(directory, names, safeId);
  const own =
    existing.journals.findLast(({ header }) => header !== undefined)?.header?.header.writer.rawSessionId ??
    existing.writer?.rawSessionId ??
    existing.liveMarker?.rawSessionId;
  if (own !== undefined) return own;
  if (!existing.hasSnapshot) return existing.journals.length > 0 || existing.liveMarker ? undefined : rawId;
  // Another recorder's file names its session by the safe id alone: it is this session's when that fits.
  const head = yield* readHead(join(directory, traceFileNames.snapshot(safeId)));
  return head?.sessionId === rawId || head?.sessionId === toSafeId(rawId) ? rawId : head?.sessionId;
}

function* readHeader(path: string, name: string): Io<ReadJournal["header"]> {
  return readJournal(yield* readFirstLine(path), name).header;
}

/** Ids in the first bytes of a snapshot, wherever they stand on its top level; other programs indent their JSON. */
function* readHead(path: string): Io<{ readonly traceId?: string; readonly sessionId?: string } | undefined> {
  const text = Buffer.from(yield* readStart(path, 4096)).toString("utf8");
  const find = (key: string) => {
    const found = new RegExp(`^\\s*\\{[^{}]*?"${key}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(text)?.[1];
    return found === undefined ? undefined : (JSON.parse(found) as string);
  };
  try {
    const traceId = find("traceId");
    const sessionId = find("sessionId");
    return { ...(traceId === undefined ? {} : { traceId }), ...(sessionId === undefined ? {} : { sessionId }) };
  } catch {
    return undefined;
  }
}

function fold(id: string): string {
  return id.normalize("NFC").toLowerCase();
}

function* sizeOf(path: string): Io<number> {
  try {
    return (yield* io.stat(path)).sizeBytes;
  } catch {
    // It went meanwhile.
    return 0;
  }
}
