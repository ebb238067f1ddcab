// Scans an `S.json` in chunks, between which the thread turns to others. Of a long file other threads scan the later parts
// meanwhile. Where a part begins is a guess, so a part counts only where the scan that comes from the front meets its very
// beginning; everything else is scanned from the front, and the result is always that of a scan in one go.

import { type DamagedScan, type ScannedPart, type ScannedTrace, TraceScanner } from "../trace/scanTrace";
import { partStarts } from "./partStarts";
import type { TraceBytes } from "./scannedBytes";

/** A few milliseconds of scanning. */
const chunkBytes = 1024 * 1024;
/** Shorter parts are not worth another thread. */
const leastPartBytes = 8 * 1024 * 1024;

export interface PartToScan {
  readonly path: string;
  /** Of the very bytes that are to be scanned. */
  readonly version: TraceBytes["version"];
  /** Where a span seems to begin. */
  readonly startBytes: number;
  /** Up to the first span that begins here or later. */
  readonly stopAtBytes: number;
}

export interface ScanCrew {
  /** How many parts can be scanned at the same time. */
  readonly size: number;
  /** Undefined where the part could not be scanned. Never rejects. */
  scan(part: PartToScan, signal: AbortSignal): Promise<ScannedPart | undefined>;
}

export interface FileScan {
  readonly result: ScannedTrace | DamagedScan;
  readonly scanner: TraceScanner;
}

interface PartUnderWay {
  readonly startBytes: number;
  readonly scanned: Promise<ScannedPart | undefined>;
}

/**
 * @param starts where parts may begin, in order; those that the file's bytes suggest unless told
 * @throws the system's error and the signal's reason
 */
export async function scanFile(
  file: TraceBytes,
  signal: AbortSignal | undefined,
  crew?: ScanCrew,
  starts: readonly number[] = crew === undefined ? [] : suggestedStarts(file, crew),
): Promise<FileScan> {
  const scanner = new TraceScanner({ readBack: file.read });
  const abort = new AbortController();
  const untilEnd = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const parts = crew === undefined ? [] : beginParts(file, starts, crew, untilEnd);
  try {
    let fromBytes = 0;
    for (;;) {
      const next = parts.find(({ startBytes }) => startBytes > fromBytes);
      scanner.stopAtBytes = next?.startBytes ?? Number.POSITIVE_INFINITY;
      const damage = await scanChunks(file, fromBytes, signal, (chunk) => {
        const found = scanner.push(chunk);
        return found ?? (scanner.stoppedAtBytes === undefined ? undefined : "stopped");
      });
      if (typeof damage === "object") return { result: damage, scanner };
      const stoppedAtBytes = scanner.stoppedAtBytes;
      if (stoppedAtBytes === undefined) return { result: scanner.end(), scanner };
      fromBytes = stoppedAtBytes;
      for (const { startBytes, scanned } of parts) {
        if (startBytes !== fromBytes) continue;
        const part = await scanned;
        signal?.throwIfAborted();
        if (part === undefined) break;
        scanner.append(part);
        if (part.end.type === "file") return { result: scanner.end(), scanner };
        fromBytes = part.end.offsetBytes;
      }
      scanner.resume();
    }
  } finally {
    abort.abort();
  }
}

/** Scans a part of a file whose bytes are those of `version`; undefined where it can't be told from a part. */
export async function scanPart(
  file: TraceBytes,
  { startBytes, stopAtBytes }: PartToScan,
  signal: AbortSignal,
): Promise<ScannedPart | undefined> {
  const scanner = new TraceScanner({ readBack: file.read, startBytes });
  scanner.stopAtBytes = stopAtBytes;
  const damage = await scanChunks(file, startBytes, signal, (chunk) => {
    const found = scanner.push(chunk);
    return found ?? (scanner.stoppedAtBytes === undefined ? undefined : "stopped");
  });
  return typeof damage === "object" ? undefined : scanner.toPart();
}

function suggestedStarts(file: TraceBytes, crew: ScanCrew): readonly number[] {
  const { sizeBytes } = file.version;
  const parts = Math.min(crew.size + 1, Math.floor(sizeBytes / leastPartBytes));
  return parts < 2 ? [] : partStarts(file.read, sizeBytes, parts);
}

function beginParts(file: TraceBytes, starts: readonly number[], crew: ScanCrew, signal: AbortSignal): PartUnderWay[] {
  const { path, version } = file;
  return starts.map((startBytes, index) => {
    const stopAtBytes = starts[index + 1] ?? Number.POSITIVE_INFINITY;
    return { startBytes, scanned: crew.scan({ path, version, startBytes, stopAtBytes }, signal) };
  });
}

/**
 * Reads one chunk while the one before is scanned, up to the file's end or until something is returned.
 * @throws the system's error and the signal's reason
 */
async function scanChunks<Result>(
  file: TraceBytes,
  fromBytes: number,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array) => Result | undefined,
): Promise<Result | undefined> {
  const { sizeBytes } = file.version;
  let chunk = new Uint8Array(Math.min(chunkBytes, sizeBytes - fromBytes));
  let next = new Uint8Array(chunk.length);
  // Beyond the size that it had when it was opened somebody else is writing.
  const readAt = (into: Uint8Array, offsetBytes: number) => {
    const count = file.readInto(into.subarray(0, Math.min(into.length, sizeBytes - offsetBytes)), offsetBytes);
    // Nobody waits for it where the scan ends before.
    count.catch(() => undefined);
    return count;
  };
  let reading = readAt(chunk, fromBytes);
  for (let offsetBytes = fromBytes; offsetBytes < sizeBytes; ) {
    const count = await reading;
    signal?.throwIfAborted();
    if (count === 0) break;
    offsetBytes += count;
    const filled = chunk.subarray(0, count);
    [chunk, next] = [next, chunk];
    reading = offsetBytes < sizeBytes ? readAt(chunk, offsetBytes) : Promise.resolve(0);
    const result = take(filled);
    if (result === undefined) continue;
    await reading;
    return result;
  }
  return undefined;
}
