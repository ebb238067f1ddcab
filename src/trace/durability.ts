// When a recorder brought its journal to the disk and when it replaced `S.json`: marks, of which a trace keeps a bounded
// number, in its journal as they come and in `S.json` as one list. What a mark says is what was safe at an instant, never
// more; where marks were joined to keep them few, it says less.

/** A sync or a snapshot, or several one after another that were joined. Times are ms since the recorder's time 0. */
export interface DurabilityMark {
  /** Everything that was recorded before this is covered once the mark is done. */
  readonly beganMs: number;
  readonly doneMs: number;
  /** Number of the last record that the (last) one covers. */
  readonly seq: number;
  /** How many were joined. */
  readonly count: number;
  /** The longest time for which anything between them was not covered; of a single one the time that it took. */
  readonly longestMs: number;
  /** When the last of them began. */
  readonly lastBeganMs: number;
}

export type FsyncMode = "always" | "interval" | "never";

/** What one incarnation noted. */
export interface Durability {
  readonly incarnation: number;
  readonly instance?: string | undefined;
  /** Time 0 in ms since the epoch. */
  readonly startMs: number;
  readonly fsync?: FsyncMode | undefined;
  readonly synced: readonly DurabilityMark[];
  readonly snapshots: readonly DurabilityMark[];
  /** Up to here it would have been noted, in ms since time 0; undefined where nobody knows. */
  readonly untilMs?: number | undefined;
}

/** Marks that are nearer than this are joined when they are noted: with `always` there are thousands a second. */
export const joinWithinMs = 1_000;
/** Marks of one kind that a trace keeps for an incarnation. */
export const mostMarks = 256;

export function singleMark(beganMs: number, doneMs: number, seq: number): DurabilityMark {
  // Outwards, so that a rounded mark never covers more than it did.
  const began = Math.floor(beganMs);
  const done = Math.max(began, Math.ceil(doneMs));
  return { beganMs: began, doneMs: done, seq, count: 1, longestMs: done - began, lastBeganMs: began };
}

/** @param later begins after `earlier` */
export function joinMarks(earlier: DurabilityMark, later: DurabilityMark): DurabilityMark {
  // When the first of the later ones was done is not known where these were joined, but none took longer than the longest.
  const firstDoneMs = Math.min(later.doneMs, later.beganMs + later.longestMs);
  return {
    beganMs: earlier.beganMs,
    doneMs: Math.max(earlier.doneMs, later.doneMs),
    seq: Math.max(earlier.seq, later.seq),
    count: earlier.count + later.count,
    longestMs: Math.max(earlier.longestMs, later.longestMs, firstDoneMs - earlier.lastBeganMs),
    lastBeganMs: later.lastBeganMs,
  };
}

/** The list with a mark behind it, joined with the last one where they are near. */
export function addMark(marks: readonly DurabilityMark[], mark: DurabilityMark): DurabilityMark[] {
  const last = marks.at(-1);
  if (last !== undefined && mark.doneMs - last.beganMs < joinWithinMs) {
    return [...marks.slice(0, -1), joinMarks(last, mark)];
  }
  return [...marks, mark];
}

/** At most `most` marks: the older half in pairs, again and again, so that what is recent stays exact. */
export function boundMarks(marks: readonly DurabilityMark[], most = mostMarks): readonly DurabilityMark[] {
  let kept = marks;
  while (kept.length > most) {
    const half = Math.max(2, kept.length >> 1);
    const joined: DurabilityMark[] = [];
    for (let index = 0; index < half; index += 2) {
      const first = kept[index];
      const second = index + 1 < half ? kept[index + 1] : undefined;
      if (first !== undefined) joined.push(second === undefined ? first : joinMarks(first, second));
    }
    kept = [...joined, ...kept.slice(half)];
  }
  return kept;
}

/** `[began, took, seq]`, of several with `count`, `longest` and how long before the end the last one began behind it. */
export function encodeMark({ beganMs, doneMs, seq, count, longestMs, lastBeganMs }: DurabilityMark): number[] {
  const single = [beganMs, doneMs - beganMs, seq];
  return count === 1 ? single : [...single, count, longestMs, doneMs - lastBeganMs];
}

/** Undefined for what is no mark. */
export function decodeMark(value: unknown): DurabilityMark | undefined {
  if (!Array.isArray(value) || !value.every((part) => typeof part === "number" && Number.isFinite(part) && part >= 0))
    return undefined;
  const [beganMs, tookMs, seq, count = 1, longestMs = tookMs, lastTookMs = tookMs] = value as (number | undefined)[];
  if (beganMs === undefined || tookMs === undefined || seq === undefined) return undefined;
  if (longestMs === undefined || lastTookMs === undefined || lastTookMs > tookMs) return undefined;
  const doneMs = beganMs + tookMs;
  return { beganMs, doneMs, seq, count, longestMs, lastBeganMs: doneMs - lastTookMs };
}

/** Sound marks in the order of their beginnings. */
export function decodeMarks(value: unknown): DurabilityMark[] {
  if (!Array.isArray(value)) return [];
  const marks = value.flatMap((one: unknown) => decodeMark(one) ?? []);
  return marks.sort((a, b) => a.beganMs - b.beganMs);
}

/** As `S.json` holds it. */
export function encodeDurability(durability: Durability): Record<string, unknown> {
  const { synced, snapshots, ...rest } = durability;
  return {
    ...rest,
    synced: boundMarks(synced).map(encodeMark),
    snapshots: boundMarks(snapshots).map(encodeMark),
  };
}

/** `durability` of a trace, oldest incarnation first; what is not sound is left out. */
export function decodeDurability(value: unknown): Durability[] {
  if (!Array.isArray(value)) return [];
  return value
    .flatMap((one: unknown): Durability[] => {
      if (typeof one !== "object" || one === null) return [];
      const { incarnation, instance, startMs, fsync, synced, snapshots, untilMs } = one as Record<string, unknown>;
      if (typeof incarnation !== "number" || !Number.isFinite(incarnation)) return [];
      if (typeof startMs !== "number" || !Number.isFinite(startMs)) return [];
      return [
        {
          incarnation,
          startMs,
          synced: decodeMarks(synced),
          snapshots: decodeMarks(snapshots),
          ...(typeof instance === "string" ? { instance } : {}),
          ...(isFsyncMode(fsync) ? { fsync } : {}),
          ...(typeof untilMs === "number" && Number.isFinite(untilMs) ? { untilMs } : {}),
        },
      ];
    })
    .sort((a, b) => a.incarnation - b.incarnation);
}

export function isFsyncMode(value: unknown): value is FsyncMode {
  return value === "always" || value === "interval" || value === "never";
}

/** What two sources say of the same incarnations: a journal as far as it goes, and behind that what `S.json` held. */
export function joinDurability(told: readonly Durability[], fromJournals: readonly Durability[]): Durability[] {
  const all = new Map<number, Durability>();
  for (const one of told) all.set(one.incarnation, one);
  for (const journal of fromJournals) {
    const known = all.get(journal.incarnation);
    const isSame = known !== undefined && (known.instance ?? journal.instance) === journal.instance;
    all.set(journal.incarnation, isSame ? joined(journal, known) : journal);
  }
  return [...all.values()].sort((a, b) => a.incarnation - b.incarnation);
}

function joined(journal: Durability, known: Durability): Durability {
  const shiftMs = known.startMs - journal.startMs;
  const untilMs = Math.max(journal.untilMs ?? 0, (known.untilMs ?? 0) + shiftMs);
  return {
    ...known,
    ...journal,
    synced: laterMarks(journal.synced, known.synced, shiftMs),
    snapshots: laterMarks(journal.snapshots, known.snapshots, shiftMs),
    ...(untilMs > 0 ? { untilMs } : {}),
  };
}

function laterMarks(
  first: readonly DurabilityMark[],
  other: readonly DurabilityMark[],
  shiftMs: number,
): readonly DurabilityMark[] {
  const lastDoneMs = first.at(-1)?.doneMs ?? Number.NEGATIVE_INFINITY;
  const later = other.flatMap((mark) =>
    mark.beganMs + shiftMs > lastDoneMs
      ? [
          {
            ...mark,
            beganMs: mark.beganMs + shiftMs,
            doneMs: mark.doneMs + shiftMs,
            lastBeganMs: mark.lastBeganMs + shiftMs,
          },
        ]
      : [],
  );
  return later.length === 0 ? first : [...first, ...later];
}
