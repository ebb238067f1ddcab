// The file in which a scan is kept: a mark, whose scan it is, columns as their bytes stand in memory, a table of what is
// where with the facts that are no columns, and a mark with the checksum of all before it. So it is written as it is made,
// and its first bytes tell whether the rest is worth reading.

import { Buffer } from "node:buffer";
import * as z from "zod/mini";
import type { FileVersion } from "../store/fileAccess";
import { problemSchema } from "../store/listingSchema";

/** Of which file, as it was when it was scanned, and by what. */
export interface ScanKey {
  /** Absolute. */
  readonly path: string;
  readonly version: FileVersion;
  /** Of the file's first and last bytes: see `hashOfEnds`. */
  readonly ends: string;
  /** Of the program: another one may find something else in the same file. */
  readonly producer: string;
}

/** Grows with every change of what stands in the file. */
export const keptScanVersion = 3;

/** What each column is made of. `rows` has the row "parent not received" too, where there is one. */
export const columnTypes = {
  startMs: Float64Array,
  endMs: Float64Array,
  parent: Int32Array,
  kind: Uint8Array,
  status: Uint8Array,
  flags: Uint32Array,
  name: Uint32Array,
  marks: Uint8Array,
  /** See `scanAim`. */
  aim: Int32Array,
  spanStart: Float64Array,
  spanLength: Uint32Array,
  /** By row where the ranges of its fields begin; one more for the end of the last. */
  firstField: Uint32Array,
  fieldKind: Uint8Array,
  /** From the start of the span. */
  fieldOffset: Uint32Array,
  fieldLength: Uint32Array,
  /** By row where its id begins in `ids`; one more for the end of the last. */
  idStart: Uint32Array,
  ids: Uint8Array,
  usageRow: Uint32Array,
  usageModel: Int32Array,
  usageCost: Float64Array,
  usageTokens: Float64Array,
  /** Spans that end before they start, and their ends as they are written. */
  reversedRow: Uint32Array,
  reversedEnd: Float64Array,
  /** One value. */
  latestEvent: Float64Array,
} as const;

export type ColumnName = keyof typeof columnTypes;
export type KeptColumns = { readonly [Name in ColumnName]: InstanceType<(typeof columnTypes)[Name]> };
export const columnNames = Object.keys(columnTypes) as ColumnName[];

/** Bits of `marks`. */
export const KEPT_MARK = { mended: 1 << 0, mayNameTool: 1 << 1 } as const;

export const startMark = new TextEncoder().encode("TKSCAN\r\n");
export const endMark = new TextEncoder().encode("TKEND.\r\n");
/** Reads as another number where bytes stand in another order. */
export const orderMark = 0x01020304;
/** The start mark, the order of bytes, the version, and the length of the key, as often as fills eight bytes. */
export const preambleBytes = 24;
/** Long enough for the preamble and the key of any path. */
export const mostKeyBytes = 64 * 1024;
/** The length of the table, the checksum and the end mark. */
export const trailerBytes = 16;

const keySchema = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  mtimeNs: z.string(),
  ctimeNs: z.string(),
  ino: z.string(),
  ends: z.string(),
  producer: z.string(),
});
type KeyFields = z.infer<typeof keySchema>;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const place = z.tuple([z.int().check(z.nonnegative()), z.int().check(z.nonnegative())]);
const problems = z.array(problemSchema);
const count = z.int().check(z.nonnegative());

export const tableSchema = z.object({
  /** By name of the column its first byte and how many values it has. */
  columns: z.record(z.string(), place),
  rowCount: count,
  spanCount: count,
  strings: z.array(z.string()),
  /** Name, first byte, end, and whether its value is held. */
  header: z.array(z.tuple([z.string(), count, count, z.boolean()])),
  spanProblems: problems,
  cutMarkProblems: problems,
  cutTextProblems: problems,
  treeProblems: problems,
  models: z.array(z.string()),
});
export type ScanTable = z.infer<typeof tableSchema>;

/** The preamble and the key, filled with spaces up to where a column may begin. */
export function encodeKey(key: ScanKey): Uint8Array {
  const text = Buffer.from(JSON.stringify(keyFields(key)));
  const bytes = Buffer.alloc(preambleBytes + text.length + (-text.length & 7), " ");
  bytes.set(startMark);
  bytes.set(
    new Uint8Array(Uint32Array.of(orderMark, keptScanVersion, text.length, text.length).buffer),
    startMark.length,
  );
  bytes.set(text, preambleBytes);
  return bytes;
}

export interface DecodedKey {
  readonly fields: KeyFields;
  /** Where the columns begin. */
  readonly endBytes: number;
}

/** @param bytes the first bytes of the file, `mostKeyBytes` where it has so many */
export function decodeKey(bytes: Uint8Array): DecodedKey | undefined {
  if (bytes.length < preambleBytes || !startMark.every((byte, index) => bytes[index] === byte)) return undefined;
  const numbers = new Uint32Array(bytes.slice(startMark.length, preambleBytes).buffer);
  const [order, version, length = 0, again] = numbers;
  if (order !== orderMark || version !== keptScanVersion || length !== again) return undefined;
  const endBytes = preambleBytes + length + (-length & 7);
  if (length > mostKeyBytes - preambleBytes || endBytes > bytes.length) return undefined;
  const fields = parseTable(keySchema, bytes.subarray(preambleBytes, preambleBytes + length));
  return fields && { fields, endBytes };
}

export function isOfKey({ fields }: DecodedKey, key: ScanKey): boolean {
  const expected = keyFields(key);
  return (Object.keys(expected) as (keyof KeyFields)[]).every((name) => fields[name] === expected[name]);
}

/** Undefined for what is no JSON or has another shape. */
export function parseTable<T>(schema: z.ZodMiniType<T>, bytes: Uint8Array): T | undefined {
  try {
    return schema.safeParse(JSON.parse(decoder.decode(bytes))).data;
  } catch {
    return undefined;
  }
}

function keyFields({ path, version, ends, producer }: ScanKey): KeyFields {
  const { sizeBytes, mtimeNs, ctimeNs, ino } = version;
  return {
    path,
    sizeBytes,
    mtimeNs: String(mtimeNs),
    ctimeNs: String(ctimeNs),
    ino: String(ino),
    ends,
    producer,
  };
}
