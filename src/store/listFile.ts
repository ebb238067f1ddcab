// Reads one file of a session as far as a list needs it: at most 16 KiB, the head and the tail.

import { parseCrashMarker, parseLiveMarker } from "../trace/marker";
import type { TraceFileName } from "../trace/safeId";
import type { FileAccess, FileStamp } from "./fileAccess";
import { readFileEdges } from "./fileEdges";
import { listJournal } from "./journalListing";
import type { ListedFile } from "./sessionFacts";
import { listSnapshot } from "./snapshotListing";

/** @throws the system's error where the file can't be read; for bad content never */
export async function listFile(
  access: FileAccess,
  path: string,
  name: string,
  parsed: TraceFileName,
  stamp: FileStamp,
): Promise<ListedFile> {
  // Its existence is all that counts.
  if (parsed.type === "seen") return { name, stamp, content: { type: "seen" } };
  const edges = await readFileEdges(access, path);
  switch (parsed.type) {
    case "journal": {
      const { incarnation } = parsed;
      return { name, stamp: edges.stamp, content: { type: "journal", incarnation, listing: listJournal(edges, name) } };
    }
    case "live":
      return { name, stamp: edges.stamp, content: { type: "live", marker: parseLiveMarker(edges.head) } };
    case "crash":
      return {
        name,
        stamp: edges.stamp,
        content: { type: "crash", marker: parseCrashMarker(edges.head), of: parseLiveMarker(edges.head) },
      };
    default:
      return { name, stamp: edges.stamp, content: { type: "snapshot", listing: listSnapshot(edges) } };
  }
}
