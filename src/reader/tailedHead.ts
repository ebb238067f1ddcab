// The head of an `S.json` as our recorder writes it, without its spans: it stands on the first line and after the last one
// of these, because only between spans a line ends. Of a file that is written in another way nothing is concluded.

import { type FileAccess, type FileStamp, mtimeMsOf } from "../store/fileAccess";
import { readFully, requireFile } from "../store/fileEdges";
import { ProblemList } from "../trace/problemList";
import { repairHeader } from "../trace/repairHeader";
import { isFields } from "../trace/soundSpan";
import type { TraceHeader } from "../trace/spanSource";

/** Most heads are shorter; a longer one is read in a second go. */
const firstBytes = 16 * 1024;
const mostBytes = 4 * 1024 * 1024;
const lineFeed = 0x0a;

export interface TailedHead {
  readonly header: TraceHeader;
  /** Of the very file that was read. */
  readonly stamp: FileStamp;
  readonly mtimeMs: number;
}

/** Undefined where that has to be read whole. Rejects with the system's error. */
export async function readTailedHead(access: FileAccess, path: string): Promise<TailedHead | undefined> {
  const file = await access.open(path);
  try {
    const stamp = await file.stat();
    requireFile(stamp);
    const read = file.read.bind(file);
    for (const bytes of [firstBytes, mostBytes]) {
      const length = Math.min(bytes, stamp.sizeBytes);
      const start = await readFully(read, 0, length);
      const end = await readFully(read, stamp.sizeBytes - length, length);
      const header = headOf(start, end);
      if (header !== undefined) return { header, stamp, mtimeMs: mtimeMsOf(stamp) };
    }
    return undefined;
  } finally {
    // A failed close of a file that was only read loses nothing.
    await file.close().catch(() => undefined);
  }
}

function headOf(start: Uint8Array, end: Uint8Array): TraceHeader | undefined {
  const firstFeed = start.indexOf(lineFeed);
  // The last byte of the file ends its last line.
  const lastFeed = end.lastIndexOf(lineFeed, end.length - 2);
  if (firstFeed < 0 || lastFeed < 0 || end.at(-1) !== lineFeed) return undefined;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const before = decoder.decode(start.subarray(0, firstFeed));
  const after = decoder.decode(end.subarray(lastFeed + 1));
  if (!before.endsWith(',"spans":[') || !after.startsWith("],")) return undefined;
  const root = parsed(before + after);
  if (root === undefined) return undefined;
  const { spans: _spans, ...fields } = root;
  const problems = new ProblemList();
  const header = repairHeader(fields, "", problems, () => Number.POSITIVE_INFINITY);
  return problems.toArray().length === 0 ? header : undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
