// The file in which the listing of one directory is remembered: a header line, then a line for each session, each with a
// checksum of its own. A line is believed only if all of it is sound, and what it says of a file only while that is
// unchanged; a line that is missing costs reading the session's files.

import { Buffer } from "node:buffer";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as z from "zod/mini";
import { crc32 } from "../trace/crc32";
import type { FileVersion } from "./fileAccess";
import { listingVersion, parseRememberedContent, type RememberedContent } from "./listingSchema";

export interface RememberedFile {
  readonly name: string;
  readonly version: FileVersion;
  readonly content: RememberedContent;
}

export interface RememberedSession {
  readonly safeId: string;
  readonly files: readonly RememberedFile[];
}

/** Whose listing it is; a listing of anything else is not believed. */
export interface ListingOrigin {
  readonly directory: string;
  /** What made it: listings of other versions of the extension say other things. */
  readonly producer: string;
}

export const mostListingBytes = 16 * 1024 * 1024;
/** Long enough for the header line of any directory. */
export const headerBytes = 32 * 1024;

/** Bytes of a piece; making one takes a few milliseconds. */
const pieceBytes = 128 * 1024;
/** Lines between two turns of the event loop. */
const linesOfTurn = 2000;
const format = "tracekeeper-listing";
const lineFeed = 0x0a;
const tab = 0x09;
const sumBytes = 9;

const headerSchema = z.object({
  format: z.literal(format),
  version: z.literal(listingVersion),
  producer: z.string(),
  directory: z.string(),
});
const filesSchema = z.array(z.tuple([z.string(), z.number(), z.string(), z.string(), z.string(), z.unknown()]));

/** In pieces of bounded size, ending before the first session that would make the file too large to be read. */
export function* encodeListing(
  { directory, producer }: ListingOrigin,
  sessions: Iterable<RememberedSession>,
): Generator<Uint8Array> {
  const header = JSON.stringify({ format, version: listingVersion, producer, directory });
  let piece = [encodeLine(header)];
  let length = piece[0]?.length ?? 0;
  let total = length;
  for (const { safeId, files } of sessions) {
    const rows = files.map(({ name, version, content }) => [
      name,
      version.sizeBytes,
      String(version.mtimeNs),
      String(version.ctimeNs),
      String(version.ino),
      content,
    ]);
    // Within JSON no tab stands as it is.
    const line = encodeLine(`${JSON.stringify(safeId)}\t${JSON.stringify(rows)}`);
    total += line.length;
    if (total > mostListingBytes) break;
    piece.push(line);
    length += line.length;
    if (length < pieceBytes) continue;
    yield Buffer.concat(piece);
    piece = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(piece);
}

/** What was remembered of the files of sessions; each session is given out once. */
export class RecalledListing {
  readonly #bytes: Uint8Array;
  readonly #lines: Map<string, readonly [start: number, end: number]>;

  constructor(bytes: Uint8Array, lines: Map<string, readonly [start: number, end: number]>) {
    this.#bytes = bytes;
    this.#lines = lines;
  }

  /** Sessions that nobody has asked for. */
  get rest(): number {
    return this.#lines.size;
  }

  /** Empty where nothing sound is remembered. */
  take(safeId: string): readonly RememberedFile[] {
    const line = this.#lines.get(safeId);
    if (line === undefined) return [];
    this.#lines.delete(safeId);
    return decodeFiles(this.#bytes, line[0], line[1]);
  }
}

export const nothingRecalled = new RecalledListing(new Uint8Array(0), new Map());

/** Undefined for bytes that are no listing of this origin. */
export async function decodeListing(bytes: Uint8Array, origin: ListingOrigin): Promise<RecalledListing | undefined> {
  const header = decodeHeader(bytes);
  if (header?.directory !== origin.directory || header.producer !== origin.producer) return undefined;
  const lines = new Map<string, readonly [start: number, end: number]>();
  let start = bytes.indexOf(lineFeed) + 1;
  for (let count = 1; start < bytes.length; count++) {
    const end = bytes.indexOf(lineFeed, start);
    if (end < 0) break;
    const idEnd = bytes.indexOf(tab, start);
    if (idEnd > 0 && idEnd < end) {
      const safeId = parse(bytes, start + sumBytes, idEnd);
      if (typeof safeId === "string") lines.set(safeId, [start, end]);
    }
    start = end + 1;
    if (count % linesOfTurn === 0) await nextTurn();
  }
  return new RecalledListing(bytes, lines);
}

/** Of which directory the bytes, or the first of them, are a listing; undefined where that is not sound. */
export function decodeHeader(bytes: Uint8Array): ListingOrigin | undefined {
  const end = bytes.subarray(0, headerBytes).indexOf(lineFeed);
  if (end < 0 || !isSound(bytes, 0, end)) return undefined;
  return headerSchema.safeParse(parse(bytes, sumBytes, end)).data;
}

function decodeFiles(bytes: Uint8Array, start: number, end: number): readonly RememberedFile[] {
  if (!isSound(bytes, start, end)) return [];
  const { data } = filesSchema.safeParse(parse(bytes, bytes.indexOf(tab, start) + 1, end));
  const files: RememberedFile[] = [];
  for (const [name, sizeBytes, mtime, ctime, inode, value] of data ?? []) {
    const content = parseRememberedContent(value);
    const mtimeNs = toBigInt(mtime);
    const ctimeNs = toBigInt(ctime);
    const ino = toBigInt(inode);
    if (content === undefined || mtimeNs === undefined || ctimeNs === undefined || ino === undefined) return [];
    files.push({ name, version: { sizeBytes, mtimeNs, ctimeNs, ino }, content });
  }
  return files;
}

/** The checksum in hex digits, a space, the text and the end of the line. */
function encodeLine(text: string): Uint8Array {
  const line = Buffer.from(`00000000 ${text}\n`);
  line.write(sumOf(line, sumBytes, line.length - 1), 0, "latin1");
  return line;
}

function isSound(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < sumBytes) return false;
  const sum = sumOf(bytes, start + sumBytes, end);
  for (let index = 0; index < sum.length; index++) if (bytes[start + index] !== sum.charCodeAt(index)) return false;
  return true;
}

function sumOf(bytes: Uint8Array, start: number, end: number): string {
  return crc32(bytes, start, end).toString(16).padStart(8, "0");
}

function parse(bytes: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString());
  } catch {
    return undefined;
  }
}

function toBigInt(digits: string): bigint | undefined {
  return /^-?[0-9]{1,20}$/.test(digits) ? BigInt(digits) : undefined;
}
