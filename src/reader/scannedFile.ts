// Opens an `S.json` of any size: a sound file is scanned in chunks, between which the thread turns to others, and only its
// columns are kept in memory. A damaged one is read whole by the tolerant reader, unless it is longer than a text can be:
// of such a one what stands before the damage is taken.

import { basename } from "node:path";
import { type FileAccess, mtimeMsOf } from "../store/fileAccess";
import type { Problem } from "../trace/problem";
import { groupDigits, quantity } from "../trace/problemList";
import { type ScannedSnapshot, scannedSnapshot } from "../trace/scannedSnapshot";
import { longestSpanBytes } from "../trace/scannedSpans";
import type { DamagedScan, ScannedTrace } from "../trace/scanTrace";
import { type ScanCrew, scanFile } from "./scanFile";
import { type BytesOptions, TraceBytes } from "./scannedBytes";

const wholeChunkBytes = 8 * 1024 * 1024;

/** Remembers scans of files, so that one that is opened again need not be scanned again. */
export interface ScanMemory {
  recall(file: TraceBytes, signal: AbortSignal | undefined): Promise<ScannedTrace | undefined>;
  keep(file: TraceBytes, scanned: ScannedTrace): void;
}

export interface ScanFileOptions extends BytesOptions {
  readonly memory?: ScanMemory | undefined;
  /** Other threads that scan parts of a long file. */
  readonly crew?: ScanCrew | undefined;
  /** A damaged file that is longer is not read whole. */
  readonly mostWholeBytes?: number | undefined;
}

/** `S.json` as it was opened. */
export type OpenedSnapshot = { readonly name: string; readonly mtimeMs: number } & (
  | {
      readonly type: "scanned";
      readonly snapshot: ScannedSnapshot;
      /** To be closed by whoever has it. */
      readonly file: TraceBytes;
    }
  /** All bytes of a damaged file. */
  | { readonly type: "whole"; readonly bytes: Uint8Array }
  /** Nothing of it can be read; why in words. */
  | { readonly type: "unreadable"; readonly reason: string }
);

/** Rejects with the system's error and with the signal's reason. */
export async function openSnapshot(
  access: FileAccess,
  path: string,
  signal: AbortSignal | undefined,
  options: ScanFileOptions = {},
): Promise<OpenedSnapshot> {
  const file = await TraceBytes.open(access, path, options);
  let isHandedOver = false;
  try {
    const base = { name: basename(path), mtimeMs: mtimeMsOf(file.version) };
    const scanned = async (trace: ScannedTrace, loss?: Problem): Promise<OpenedSnapshot> => {
      await file.endReading();
      const snapshot = scannedSnapshot(trace, file.read, base.name, loss);
      isHandedOver = true;
      return { ...base, type: "scanned", snapshot, file };
    };
    const recalled = await options.memory?.recall(file, signal);
    if (recalled !== undefined) return await scanned(recalled);
    const { result, scanner } = await scanFile(file, signal, options.crew);
    if (result.type === "sound") {
      options.memory?.keep(file, result);
      return await scanned(result);
    }
    const { sizeBytes } = file.version;
    if (sizeBytes <= (options.mostWholeBytes ?? longestSpanBytes)) {
      return { ...base, type: "whole", bytes: await readWhole(file, signal) };
    }
    const soundPart = scanner.soundPart(result);
    if (soundPart !== undefined) return await scanned(soundPart, lossOf(result, sizeBytes));
    return { ...base, type: "unreadable", reason: noTraceIn(result, sizeBytes) };
  } finally {
    if (!isHandedOver) await file.close();
  }
}

async function readWhole(file: TraceBytes, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.version.sizeBytes);
  let filled = 0;
  while (filled < bytes.length) {
    signal?.throwIfAborted();
    const count = await file.readInto(bytes.subarray(filled, filled + wholeChunkBytes), filled);
    if (count === 0) break;
    filled += count;
  }
  return filled === bytes.length ? bytes : bytes.slice(0, filled);
}

function lossOf({ offsetBytes }: DamagedScan, sizeBytes: number): Problem {
  const isCut = offsetBytes >= sizeBytes;
  return {
    code: isCut ? "truncated" : "syntax",
    severity: "error",
    message: isCut
      ? `The file ends too early, after ${quantity(sizeBytes, "byte")}; what was begun last is not read`
      : `The file is damaged at byte ${groupDigits(offsetBytes)}; with ${quantity(sizeBytes, "byte")} it is too long to look for what is sound behind that, so that the last ${quantity(sizeBytes - offsetBytes, "byte")} are not read`,
    offsetBytes,
  };
}

function noTraceIn({ offsetBytes }: DamagedScan, sizeBytes: number): string {
  return `It is no trace as far as its first ${quantity(offsetBytes, "byte")} tell, and with ${quantity(sizeBytes, "byte")} it is too long to look further`;
}
