// Reads one file of a session as far as a list needs it: at most 16 KiB, the head and the tail; of files of other programs
// as much as who knows them wants.

import { parseCrashMarker, parseLiveMarker } from "../trace/marker";
import { parseTraceFileName } from "../trace/safeId";
import type { FileAccess, FileStamp } from "./fileAccess";
import { readFileEdges } from "./fileEdges";
import type { ForeignFiles } from "./foreignFiles";
import { listJournal } from "./journalListing";
import type { ListedFile } from "./sessionFacts";
import { listSnapshot } from "./snapshotListing";

/** @throws the system's error where the file can't be read; for bad content never */
export async function listFile(
  access: FileAccess,
  path: string,
  name: string,
  stamp: FileStamp,
  foreign?: ForeignFiles,
): Promise<ListedFile> {
  const parsed = parseTraceFileName(name);
  // Its existence is all that counts.
  if (parsed.type === "seen") return { name, stamp, content: { type: "seen" } };
  if (parsed.type === "other" && foreign !== undefined) return listForeign(foreign, access, path, name);
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
      if (foreign?.isForeign(edges.head) === true) return listForeign(foreign, access, path, name);
      return { name, stamp: edges.stamp, content: { type: "snapshot", listing: listSnapshot(edges) } };
  }
}

async function listForeign(foreign: ForeignFiles, access: FileAccess, path: string, name: string): Promise<ListedFile> {
  const { stamp, listing } = await foreign.list(access, path);
  return { name, stamp, content: { type: "snapshot", listing } };
}
