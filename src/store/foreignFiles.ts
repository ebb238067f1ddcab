// Files of other programs in a trace directory: each is a session by itself. Which formats there are, the store does not
// know; whoever makes it gives it one that does.

import { basename } from "node:path";
import { parseTraceFileName, traceFileNames } from "../trace/safeId";
import type { FileAccess, FileStamp } from "./fileAccess";
import type { SnapshotListing } from "./snapshotListing";

export interface ForeignListing {
  /** Of the very bytes that were read. */
  readonly stamp: FileStamp;
  readonly listing: SnapshotListing;
}

export interface ForeignFiles {
  /** Whether a file that begins so is one. */
  isForeign(head: Uint8Array): boolean;
  /**
   * What its ends tell. For a file that is none, a listing that says so.
   * @throws the system's error
   */
  list(access: FileAccess, path: string): Promise<ForeignListing>;
  /** Where further files of the session may lie, now or later. */
  companionsOf(path: string): Companions | undefined;
}

export interface Companions {
  /** Absolute. */
  readonly folders: readonly string[];
  /** Whether a file in one of them may be one. */
  isOne(name: string): boolean;
}

/** What cannot stand in the name of a file marks the id of a file that stands for itself. */
const mark = "/";

/** Under which id a file is listed: that of its session, or one of its own; undefined for what is not listed. */
export function rowIdOf(name: string): string | undefined {
  const parsed = parseTraceFileName(name);
  if (parsed.type !== "other") return parsed.type === "temp" ? undefined : parsed.safeId;
  return isForeignName(name) ? mark + name : undefined;
}

/** Transcripts of sub-agents are shown within the session that they belong to. */
function isForeignName(name: string): boolean {
  return /^(?!\.|agent-).*\.(?:jsonl|ndjson)$/s.test(name) && !/[/\\]/.test(name);
}

/** Whether a row is a file that stands for itself. */
export function isForeignRow(rowId: string): boolean {
  return rowId.startsWith(mark);
}

/** The file that stands for the session of this id, which need not exist. */
export function mainFileOf(rowId: string): string {
  return isForeignRow(rowId) ? rowId.slice(mark.length) : traceFileNames.snapshot(rowId);
}

/** As it is shown. */
export function shownIdOf(rowId: string): string {
  return isForeignRow(rowId) ? rowId.slice(mark.length) : rowId;
}

/** The id under which the session of a key is listed. */
export function rowIdOfKey(key: string): string | undefined {
  return rowIdOf(basename(key));
}
