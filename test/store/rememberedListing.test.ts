import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RememberedContent } from "../../src/store/listingSchema";
import {
  decodeHeader,
  decodeListing,
  encodeListing,
  type ListingOrigin,
  mostListingBytes,
  type RememberedSession,
} from "../../src/store/rememberedListing";
import { crc32 } from "../../src/trace/crc32";

const origin: ListingOrigin = { directory: "/home/u/proj/.tracekeeper/traces", producer: "1.2.3" };

/** Also halves of characters, as names on Windows and cut texts have them. */
const anyText = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff }), fc.nat(127)),
  { maxLength: 12 },
);
const codeUnits = anyText.map((units) => String.fromCharCode(...units));
const text = fc.option(codeUnits, { nil: undefined });
const number = fc.option(
  fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value + 0),
  { nil: undefined },
);
const flag = fc.option(fc.boolean(), { nil: undefined });
const problem = fc.option(
  fc.record({
    code: fc.constant("truncated" as const),
    severity: fc.constant("error" as const),
    message: fc.string(),
    offsetBytes: number,
  }),
  { nil: undefined },
);
const header = {
  sessionId: text,
  title: text,
  prompt: text,
  agent: text,
  model: text,
  command: text,
  tags: fc.option(fc.array(fc.string()), { nil: undefined }),
  startedMs: number,
};
const identity = {
  instance: fc.string(),
  host: text,
  bootId: text,
  pidNamespace: text,
  pid: number,
  processStart: text,
  rawSessionId: text,
};
const writer = fc.record({
  instance: fc.string(),
  incarnation: fc.integer({ min: 1 }),
  seq: fc.nat(),
  offsetBytes: fc.nat(),
  pid: fc.option(fc.integer(), { nil: undefined }),
  somethingElse: fc.jsonValue(),
});
const liveMarker = fc.record({ ...identity, incarnation: number });
const content: fc.Arbitrary<RememberedContent> = fc.oneof(
  fc.record({
    type: fc.constant("snapshot" as const),
    listing: fc.record({
      ...header,
      problem,
      isTrace: fc.boolean(),
      truncated: fc.boolean(),
      claimedEndMs: number,
      claimedStatus: fc.constantFrom("completed" as const, "error" as const, undefined),
      claimedError: text,
      totalTokens: number,
      totalCost: number,
      failures: number,
      rootOpen: flag,
      rootStatus: fc.constantFrom("ok" as const, "error" as const, undefined),
      finalFinishReason: text,
      writer: fc.option(writer, { nil: undefined }),
    }),
  }),
  fc.record({
    type: fc.constant("journal" as const),
    incarnation: fc.integer({ min: 1 }),
    listing: fc.record({
      ...header,
      problem,
      identity: fc.option(fc.record(identity), { nil: undefined }),
      wholeFromSeq: fc.option(fc.nat(), { nil: undefined }),
      facts: fc.record({
        incarnation: fc.nat(),
        instance: text,
        lengthBytes: fc.nat(),
        lastSeq: fc.integer(),
        lastRecordMs: number,
        ended: fc.option(fc.record({ status: fc.constant("completed" as const), timeMs: fc.integer(), error: text }), {
          nil: undefined,
        }),
        waiting: fc.option(fc.record({ sinceMs: fc.integer(), reason: fc.string() }), { nil: undefined }),
        recordCount: fc.nat(),
        lostCount: fc.nat(),
        hasTornTail: flag,
      }),
    }),
  }),
  fc.record({ type: fc.constant("live" as const), marker: liveMarker }),
  fc.record({
    type: fc.constant("crash" as const),
    marker: fc.record({ incarnation: number, timeMs: number, reason: text, journalBytes: number }),
    of: liveMarker,
  }),
);
const version = fc.record({
  sizeBytes: fc.nat(),
  mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ctimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});
const name = codeUnits;
const sessions: fc.Arbitrary<RememberedSession[]> = fc.uniqueArray(
  fc.record({
    safeId: name,
    files: fc.uniqueArray(fc.record({ name, version, content }), {
      minLength: 1,
      maxLength: 3,
      selector: (file) => file.name,
    }),
  }),
  { maxLength: 8, selector: (session) => session.safeId },
);

function encode(remembered: Iterable<RememberedSession>, of: ListingOrigin = origin): Buffer {
  return Buffer.concat([...encodeListing(of, remembered)]);
}

/** As JSON has it, in which nothing is told from what is undefined. */
function plain(session: readonly RememberedSession["files"][number][]): unknown {
  return JSON.parse(
    JSON.stringify(session, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)),
  );
}

/** A listing with sound checksums, whatever it says. */
function forge(...lines: readonly string[]): Buffer {
  return Buffer.concat(
    lines.map((line) => {
      const bytes = Buffer.from(line);
      return Buffer.from(`${crc32(bytes, 0, bytes.length).toString(16).padStart(8, "0")} ${line}\n`);
    }),
  );
}

describe("a remembered listing", () => {
  it("gives back what was remembered, each session once", async () => {
    await fc.assert(
      fc.asyncProperty(sessions, async (remembered) => {
        const recalled = await decodeListing(encode(remembered), origin);
        expect(recalled?.rest).toBe(remembered.length);
        for (const { safeId, files } of remembered) {
          const taken = recalled?.take(safeId) ?? [];
          expect(plain(taken)).toEqual(plain(files));
          expect(recalled?.take(safeId)).toEqual([]);
        }
        expect(recalled?.rest).toBe(0);
      }),
    );
  });

  it("gives back of damaged bytes what is sound, and nothing that was not remembered", async () => {
    const damage = fc.oneof(
      fc.record({ type: fc.constant("flip" as const), at: fc.nat(), to: fc.nat(255) }),
      fc.record({ type: fc.constant("cut" as const), at: fc.nat(), to: fc.nat() }),
      fc.record({ type: fc.constant("insert" as const), at: fc.nat(), to: fc.nat(255) }),
      fc.record({ type: fc.constant("repeat" as const), at: fc.nat(), to: fc.nat() }),
      fc.record({ type: fc.constant("blank" as const), at: fc.nat(), to: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(sessions, fc.array(damage, { minLength: 1, maxLength: 4 }), async (remembered, damages) => {
        let bytes = encode(remembered);
        for (const { type, at, to } of damages) {
          const from = at % (bytes.length + 1);
          const end = from + (to % (bytes.length - from + 1));
          if (type === "flip" && from < bytes.length) bytes[from] = to;
          if (type === "cut") bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(end)]);
          if (type === "insert") bytes = Buffer.concat([bytes.subarray(0, from), Buffer.of(to), bytes.subarray(from)]);
          if (type === "repeat") bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(from)]);
          if (type === "blank") bytes.fill(0, from, end);
        }
        const recalled = await decodeListing(bytes, origin);
        for (const { safeId, files } of remembered) {
          const taken = recalled?.take(safeId) ?? [];
          if (taken.length > 0) expect(plain(taken)).toEqual(plain(files));
        }
      }),
    );
  });

  it("keeps the other sessions where one line is damaged", async () => {
    const file = {
      name: "a.json",
      version: { sizeBytes: 1, mtimeNs: 2n, ctimeNs: 3n, ino: 4n },
      content: { type: "live", marker: { instance: "i" } },
    } as const;
    const bytes = encode(["a", "b", "c"].map((safeId) => ({ safeId, files: [file] })));
    const inB = bytes.indexOf('"b"') + 8;
    bytes[inB] = (bytes[inB] ?? 0) ^ 1;
    const recalled = await decodeListing(bytes, origin);
    expect(["a", "b", "c"].map((safeId) => recalled?.take(safeId).length)).toEqual([1, 0, 1]);
  });

  it("is nothing for another directory or another version of the extension", async () => {
    const bytes = encode([]);
    expect(await decodeListing(bytes, origin)).toBeDefined();
    expect(await decodeListing(bytes, { ...origin, directory: "/elsewhere" })).toBeUndefined();
    expect(await decodeListing(bytes, { ...origin, producer: "1.2.4" })).toBeUndefined();
  });

  it.each([
    ["no bytes", ""],
    ["no line", "x"],
    ["text", "Dear diary\n\n"],
    ["a header without its sum", '{"format":"tracekeeper-listing"}\n'],
  ])("is nothing where the file holds %s", async (_what, content) => {
    expect(await decodeListing(Buffer.from(content), origin)).toBeUndefined();
  });

  it("is nothing where another format or a newer one has sound checksums", async () => {
    const fields = { format: "tracekeeper-listing", version: 3, ...origin };
    expect(decodeHeader(forge(JSON.stringify(fields)))).toMatchObject(origin);
    for (const other of [{ version: 4 }, { version: 2 }, { format: "other" }, { directory: 1 }]) {
      expect(decodeHeader(forge(JSON.stringify({ ...fields, ...other })))).toBeUndefined();
    }
  });

  it("believes no session whose shape is another, whatever its checksum", async () => {
    const headerLine = JSON.stringify({ format: "tracekeeper-listing", version: 3, ...origin });
    const sound: readonly unknown[] = [
      "a.json",
      1,
      "2",
      "3",
      "4",
      { type: "snapshot", listing: { isTrace: true, truncated: false } },
    ];
    const wrong = [
      {},
      [{}],
      [sound.slice(0, 5)],
      [sound.with(1, "1")],
      [sound.with(2, "0x2")],
      [sound.with(2, "9".repeat(100_000))],
      [sound.with(5, { type: "seen" })],
      [sound.with(5, { type: "snapshot" })],
      [sound.with(5, { type: "snapshot", listing: { isTrace: true, truncated: false, title: 5 } })],
      [sound.with(5, { type: "crash", marker: {} })],
      [sound, sound.with(4, 4)],
    ];
    for (const rows of wrong) {
      const recalled = await decodeListing(forge(headerLine, `"a"\t${JSON.stringify(rows)}`), origin);
      expect(recalled?.take("a"), JSON.stringify(rows).slice(0, 200)).toEqual([]);
    }
    const recalled = await decodeListing(forge(headerLine, `"a"\t${JSON.stringify([sound])}`), origin);
    expect(recalled?.take("a")).toHaveLength(1);
  });

  it("is never made larger than it may be when it is read", () => {
    const files = (safeId: string) => [
      {
        name: `${safeId}.json`,
        version: { sizeBytes: 1, mtimeNs: 2n, ctimeNs: 3n, ino: 4n },
        content: { type: "snapshot", listing: { isTrace: true, truncated: false, title: "t".repeat(8000) } } as const,
      },
    ];
    let made = 0;
    function* many(): Generator<RememberedSession> {
      for (; made < 10_000; made++) yield { safeId: `s${made}`, files: files(`s${made}`) };
    }
    let length = 0;
    for (const piece of encodeListing(origin, many())) {
      expect(piece.length).toBeLessThan(256 * 1024);
      length += piece.length;
    }
    expect(length).toBeLessThanOrEqual(mostListingBytes);
    expect(length).toBeGreaterThan(mostListingBytes - 10_000);
    expect(made).toBeLessThan(2200);
  });
});
