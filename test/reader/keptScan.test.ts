import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeScan } from "../../src/reader/decodeScan";
import { encodeScan, UnkeepableScanError } from "../../src/reader/encodeScan";
import { type ScanKey, tableSchema, trailerBytes } from "../../src/reader/keptScanFormat";
import { scannedSpans } from "../../src/trace/scannedSpans";
import { type ByteRange, rangedFields } from "../../src/trace/scanRows";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { FLAG } from "../../src/trace/spanColumns";
import { arbitraryDocument } from "../trace/arbitraryDocument";
import { traceText } from "../trace/arbitrarySpans";

const encoder = new TextEncoder();

function scan(bytes: Uint8Array): ScannedTrace {
  const scanner = new TraceScanner();
  scanner.push(bytes);
  const result = scanner.end();
  if (result.type !== "sound") throw new Error(`damaged at ${result.offsetBytes}`);
  return result;
}

const readerOf =
  (bytes: Uint8Array) =>
  ({ startBytes, endBytes }: ByteRange) =>
    bytes.subarray(startBytes, endBytes);

function keyOf(bytes: Uint8Array): ScanKey {
  return {
    path: "/traces/\ud800é.json",
    version: { sizeBytes: bytes.length, mtimeNs: 2n ** 62n + 1n, ctimeNs: -1n, ino: 2n ** 64n - 1n },
    ends: "0a0b",
    producer: "p",
  };
}

async function encode(trace: ScannedTrace, key: ScanKey): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  // What a caller changes afterwards is not what is written.
  for await (const piece of encodeScan(key, trace)) pieces.push(piece.slice());
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Everything that a scan says, as plain data. */
function facts(trace: ScannedTrace): unknown {
  const { columns, usage, header } = trace;
  const rows = Array.from({ length: trace.spanCount }, (_, row) => row);
  return {
    ...trace,
    columns: { ...columns, strings: undefined, names: Array.from(columns.name, (index) => columns.strings[index]) },
    header: [...header],
    usage: Array.from({ length: usage.count }, (_, index) => [
      usage.rowAt(index),
      usage.modelAt(index),
      usage.costAt(index),
      usage.tokensAt(index),
      usage.modelAt(index) >= 0 && trace.modelText(usage.modelAt(index)),
    ]),
    rows: rows.map((row) => [
      trace.idOf(row),
      trace.rowOf(trace.idOf(row)),
      trace.spanRange(row),
      trace.isMended(row),
      trace.mayNameTool(row),
      trace.aimOf(row),
      trace.reversedEndMs(row),
      trace.fieldRanges(row),
      rangedFields.map((field) => trace.fieldRange(row, field)),
    ]),
    strangers: ["", "nobody", "missing-0", "\ud800", "s3"].map((id) => trace.rowOf(id)),
    // Functions are compared by what they give.
    ...Object.fromEntries(
      Object.entries(trace)
        .filter(([, value]) => typeof value === "function")
        .map(([name]) => [name, "function"]),
    ),
  };
}

const plain = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };
const several = encoder.encode(
  traceText([
    { ...plain, input: { command: "ls" }, tokens: { input: 5 }, cost: 0.5, model: { modelId: "m" } },
    { ...plain, spanId: "b", parentSpanId: "a", startTime: 9, endTime: 3, attributes: { "tool.name": "x" } },
    { ...plain, spanId: "b", parentSpanId: "lost", output: "o" },
    { name: "odd", startTime: "5" },
  ]),
);

describe("a kept scan", () => {
  it("says what the scan said", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryDocument, async (text) => {
        const bytes = encoder.encode(text);
        const trace = scan(bytes);
        const key = keyOf(bytes);
        const again = await decodeScan(await encode(trace, key), key, readerOf(bytes));
        expect(again && facts(again)).toEqual(facts(trace));
      }),
      { numRuns: 400 },
    );
  });

  it("gives the same spans", async () => {
    const key = keyOf(several);
    const trace = scan(several);
    const again = await decodeScan(await encode(trace, key), key, readerOf(several));
    const [one, other] = [trace, again ?? trace].map((scanned) => scannedSpans(scanned, readerOf(several)));
    expect(again).toBeDefined();
    for (let row = 0; row < trace.spanCount; row++) expect(other?.spanAt(row)).toEqual(one?.spanAt(row));
  });

  it("holds a trace without spans, and one of many blocks", async () => {
    for (const count of [0, 1, 10_000]) {
      const spans = Array.from({ length: count }, (_, row) => ({
        ...plain,
        spanId: `s${row}`,
        parentSpanId: row === 0 ? null : `s${row >> 1}`,
      }));
      const bytes = encoder.encode(traceText(spans));
      const key = keyOf(bytes);
      const trace = scan(bytes);
      const again = await decodeScan(await encode(trace, key), key, readerOf(bytes));
      expect(again && facts(again)).toEqual(facts(trace));
      expect(again?.rowOf(`s${count - 1}`)).toBe(count - 1);
    }
  });

  it("is as it was when keeping it began, without what was found about failures", async () => {
    const key = keyOf(several);
    const trace = scan(several);
    const expected = facts(scan(several));
    trace.columns.flags.fill((trace.columns.flags[0] ?? 0) | FLAG.failure | FLAG.recovered | FLAG.failingStep, 0, 1);
    const pieces: Uint8Array[] = [];
    for await (const piece of encodeScan(key, trace)) {
      pieces.push(piece.slice());
      trace.columns.parent.fill(0);
      trace.columns.endMs.fill(7);
      trace.columns.flags.fill(FLAG.open);
    }
    const again = await decodeScan(Uint8Array.from(Buffer.concat(pieces)), key, readerOf(several));
    expect(again && facts(again)).toEqual(expected);
  });

  it.each<[string, Partial<ScanKey>]>([
    ["path", { path: "/traces/other.json" }],
    ["size", { version: { ...keyOf(several).version, sizeBytes: several.length + 1 } }],
    ["time of writing", { version: { ...keyOf(several).version, mtimeNs: 5n } }],
    ["time of change", { version: { ...keyOf(several).version, ctimeNs: 5n } }],
    ["inode", { version: { ...keyOf(several).version, ino: 5n } }],
    ["hash of the ends", { ends: "0a0c" }],
    ["producer", { producer: "q" }],
  ])("is nothing for a file whose %s is another", async (_part, other) => {
    const key = keyOf(several);
    const bytes = await encode(scan(several), key);
    expect(await decodeScan(bytes, key, readerOf(several))).toBeDefined();
    expect(await decodeScan(bytes, { ...key, ...other }, readerOf(several))).toBeUndefined();
  });

  it("is nothing once any byte of it is damaged, cut or added", async () => {
    const key = keyOf(several);
    const bytes = await encode(scan(several), key);
    const damage = fc.oneof(
      fc.tuple(fc.constant("flip" as const), fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })),
      fc.tuple(fc.constant("cut" as const), fc.nat(bytes.length - 1), fc.constant(0)),
      fc.tuple(fc.constant("add" as const), fc.nat(bytes.length), fc.nat(255)),
      fc.tuple(fc.constant("blank" as const), fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 64 })),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ([type, at, by]) => {
        let damaged = bytes.slice();
        if (type === "flip") damaged[at] = (damaged[at] ?? 0) ^ by;
        if (type === "cut") damaged = damaged.slice(0, at);
        if (type === "add") damaged = Uint8Array.from([...bytes.subarray(0, at), by, ...bytes.subarray(at)]);
        if (type === "blank") damaged.fill(0, at, at + by);
        if (Buffer.compare(damaged, bytes) === 0) return;
        expect(await decodeScan(damaged, key, readerOf(several))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("is nothing where a sound checksum hides numbers that lead astray", async () => {
    const key = keyOf(several);
    const bytes = await encode(scan(several), key);
    const table = tableOf(bytes);
    const place = (name: string) => table.columns[name] ?? [0, 0];
    const set = (name: string, index: number, value: number, bytesEach: 1 | 4 | 8) => {
      const changed = bytes.slice();
      const view = new DataView(changed.buffer);
      const at = place(name)[0] + index * bytesEach;
      if (bytesEach === 8) view.setFloat64(at, value, true);
      else if (bytesEach === 4) view.setInt32(at, value, true);
      else view.setUint8(at, value);
      return summed(changed);
    };
    expect(await decodeScan(set("startMs", 0, 1, 8), key, readerOf(several))).toBeDefined();
    const astray: Record<string, Uint8Array<ArrayBuffer>> = {
      "a parent that is not there": set("parent", 1, 5, 4),
      "a parent below none": set("parent", 1, -2, 4),
      "its own parent": set("parent", 1, 1, 4),
      "a circle": set("parent", 0, 1, 4),
      "an unknown kind": set("kind", 0, 6, 1),
      "an unknown status": set("status", 0, 2, 1),
      "a name that is not there": set("name", 0, 99, 4),
      "a span that stands for none": set("flags", 0, FLAG.synthetic, 4),
      "a span in the place of none": set("flags", 4, 0, 4),
      "an endless time": set("startMs", 0, Number.POSITIVE_INFINITY, 8),
      "an end before the start": set("endMs", 0, -5, 8),
      "a span beyond the file": set("spanLength", 3, several.length, 4),
      "a span before the file": set("spanStart", 0, -1, 8),
      "half a byte": set("spanStart", 0, 0.5, 8),
      "spans within each other": set("spanLength", 0, several.length - 1, 4),
      "a field beyond its span": set("fieldOffset", 0, 100_000, 4),
      "a long field": set("fieldLength", 0, -1, 4),
      "an unknown field": set("fieldKind", 0, 7, 1),
      "fields of no span": set("firstField", 0, 1, 4),
      "fields backwards": set("firstField", 1, 100, 4),
      "an id backwards": set("idStart", 1, 100, 4),
      "an id beyond all": set("idStart", 4, 100, 4),
      "usage of no span": set("usageRow", 0, 9, 4),
      "a model that is not there": set("usageModel", 0, 9, 4),
      "a model below none": set("usageModel", 0, -3, 4),
      "a reversed span that is not there": set("reversedRow", 0, 4, 4),
    };
    for (const [what, changed] of Object.entries(astray))
      expect(await decodeScan(changed, key, readerOf(several)), what).toBeUndefined();
  });

  it("is nothing where a sound checksum hides a table that does not fit", async () => {
    const key = keyOf(several);
    const bytes = await encode(scan(several), key);
    const table = tableOf(bytes);
    const withTable = (change: object) => {
      const text = Buffer.from(JSON.stringify({ ...table, ...change }));
      const trailer = Buffer.from(bytes.slice(-trailerBytes));
      const end = bytes.length - trailerBytes - trailer.readUInt32LE(0);
      trailer.writeUInt32LE(text.length, 0);
      return summed(Uint8Array.from(Buffer.concat([bytes.subarray(0, end), text, trailer])));
    };
    const { columns } = table;
    const [start = 0, length = 0] = columns["parent"] ?? [];
    expect(await decodeScan(withTable({}), key, readerOf(several))).toBeDefined();
    const wrong: readonly object[] = [
      { rowCount: 4 },
      { spanCount: 3 },
      { spanCount: 1e9, rowCount: 1e9 },
      { columns: { ...columns, parent: undefined } },
      { columns: { ...columns, parent: [start + 4, length] } },
      { columns: { ...columns, parent: [start + 1, length] } },
      { columns: { ...columns, parent: [0, length] } },
      { columns: { ...columns, parent: [start, length + 1] } },
      { columns: { ...columns, parent: [start, 1e12] } },
      { columns: { ...columns, parent: [2 ** 40, length] } },
      { columns: { ...columns, ids: [start, 1] } },
      { columns: [] },
      { strings: [] },
      { strings: [1] },
      { header: [["version", 0, several.length + 1, false]] },
      { header: [["version", 5, 4, false]] },
      { header: [["version", 5, 9, true]] },
      { models: [] },
      { models: ["{"] },
      { columns: { ...columns, reversedRow: [start, 2] } },
      { columns: { ...columns, latestEvent: [start, 0] } },
      { spanProblems: [{ message: 1 }] },
    ];
    for (const change of wrong)
      expect(await decodeScan(withTable(change), key, readerOf(several)), JSON.stringify(change)).toBeUndefined();
  });

  it("is not made of a span that is too long for it", async () => {
    const trace = scan(several);
    const long: ScannedTrace = { ...trace, spanRange: () => ({ startBytes: 0, endBytes: 2 ** 32 }) };
    await expect(encode(long, keyOf(several))).rejects.toThrow(UnkeepableScanError);
  });

  it("is given up where nobody wants it any more", async () => {
    const abort = new AbortController();
    const pieces = encodeScan(keyOf(several), scan(several), abort.signal);
    await pieces.next();
    abort.abort(new Error("closed"));
    const rest = async () => {
      for await (const _ of pieces);
    };
    await expect(rest()).rejects.toThrow("closed");
    const bytes = await encode(scan(several), keyOf(several));
    await expect(decodeScan(bytes, keyOf(several), readerOf(several), abort.signal)).rejects.toThrow("closed");
  });
});

function tableOf(bytes: Uint8Array) {
  const trailer = Buffer.from(bytes.slice(-trailerBytes));
  const end = bytes.length - trailerBytes;
  return tableSchema.parse(JSON.parse(Buffer.from(bytes.slice(end - trailer.readUInt32LE(0), end)).toString()));
}

/** With the checksum that these bytes demand. */
function summed(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const end = bytes.length - trailerBytes + 4;
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}
