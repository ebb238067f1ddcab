// The end of an `S.json` of ours: who wrote it and up to where, without reading its spans.

import { type Writer, writerSchema } from "../trace/schema";
import { closeQuietly, isMissing, readFully } from "./fileTasks";
import { type Io, io } from "./recorderFs";

/** A raw session id may be long: where the first tail does not hold all of the writer, the second does. */
const tailBytes = [16 * 1024, 4 * 1024 * 1024] as const;
const writerKey = ',"writer":';

/** `writer` of the file; undefined where there is no file, or none that ends as we write it. */
export function* readSnapshotWriter(path: string): Io<Writer | undefined> {
  let fd: number;
  try {
    fd = yield* io.open(path, "read");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { sizeBytes } = yield* io.statFd(fd);
    for (const bytes of tailBytes) {
      const tail = Buffer.alloc(Math.min(bytes, sizeBytes));
      const count = yield* readFully(fd, tail, sizeBytes - tail.length);
      const text = tail.toString("utf8", 0, count);
      // What another program wrote has no writer, however far one looks.
      if (text.includes(writerKey) || bytes >= sizeBytes || !text.endsWith("}}\n")) return parseWriter(text);
    }
    return undefined;
  } finally {
    yield* closeQuietly(fd);
  }
}

function parseWriter(tail: string): Writer | undefined {
  // A quote within a string is escaped, so this key stands at the end of the document or nowhere.
  const start = tail.lastIndexOf(writerKey);
  const end = tail.lastIndexOf("}");
  if (start < 0 || end <= start) return undefined;
  try {
    const parsed = writerSchema.safeParse(JSON.parse(tail.slice(start + writerKey.length, end)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
