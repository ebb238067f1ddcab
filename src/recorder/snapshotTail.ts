// The end of an `S.json` of ours: who wrote it and up to where, without reading its spans.

import { type Writer, writerSchema } from "../trace/schema";
import { closeQuietly, isMissing, readFully } from "./fileTasks";
import { type Io, io } from "./recorderFs";

const tailBytes = 16 * 1024;
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
    const tail = Buffer.alloc(Math.min(tailBytes, sizeBytes));
    const count = yield* readFully(fd, tail, sizeBytes - tail.length);
    return parseWriter(tail.toString("utf8", 0, count));
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
