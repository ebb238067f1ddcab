import { readdirSync, readFileSync } from "node:fs";
import { rename, rm, utimes } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readingInMemory } from "../../src/reader/readingInMemory";
import { ScannedSource, type ScannedSourceOptions } from "../../src/reader/scannedSource";
import type { SessionReading, SessionUpdate } from "../../src/reader/sessionSource";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { loadSession } from "../../src/store/loadSession";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { TraceReplacedError } from "../../src/trace/spanSource";
import { CountingAccess } from "../store/support";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { wholeSource } from "../support/wholeSource";
import { arbitraryDocument } from "../trace/arbitraryDocument";
import { traceText } from "../trace/arbitrarySpans";
import { programTrace } from "../trace/outputTrace";
import { generatedAccess, type Piece } from "./generatedFile";
import { expectSameReading } from "./sameReading";

const never = new AbortController().signal;
const probe = () => "unknown" as const;
const plain = { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1, endTime: 2, status: "ok" };

function sourceOf(key: string, options: Partial<ScannedSourceOptions> = {}): ScannedSource {
  const access = options.access ?? nodeFileAccess;
  const journaled = wholeSource((signal) => loadSession(key, probe, signal, access));
  return new ScannedSource({ key, access, probe, journaled, ...options });
}

/** What the source gives equals what reading everything into memory gives. */
async function expectSame(key: string, options: Partial<ScannedSourceOptions> = {}): Promise<SessionReading> {
  const source = sourceOf(key, options);
  const { reading } = await source.read(never);
  expectSameReading(reading, readingInMemory(await loadSession(key, probe)), 1_000_000);
  source.dispose();
  return reading;
}

async function put(folder: TempDir, spans: readonly unknown[], head: Record<string, unknown> = {}): Promise<string> {
  const document = { ...(JSON.parse(traceText([])) as object), ...head, spans };
  return folder.write("S.json", JSON.stringify(document));
}

/** So that its stamp may be trusted. */
const settle = (path: string) => utimes(path, new Date(1000), new Date(1000));
const later = () => Date.now() + 60_000;

describe("a session whose snapshot is scanned", () => {
  it("is what reading it whole gives", async () => {
    await using folder = await makeTempDir();
    await fc.assert(
      fc.asyncProperty(arbitraryDocument, fc.boolean(), async (text, closesAfterReads) => {
        await folder.write("S.json", text);
        await expectSame(folder.join("S.json"), { closesAfterReads });
      }),
      { numRuns: 150 },
    );
  });

  const samples = new URL("../fixtures/trace-v2/", import.meta.url);
  it.each(readdirSync(samples).filter((name) => name.endsWith(".json")))(
    "is what reading %s whole gives",
    async (name) => {
      await using folder = await makeTempDir();
      await expectSame(await folder.write("S.json", new Uint8Array(readFileSync(new URL(name, samples)))));
    },
  );

  const damaged: readonly [string, string | Uint8Array][] = [
    ["is empty", ""],
    ["is no JSON", "name,value\n1,2\n"],
    ["is cut within a span", traceText([plain, { ...plain, spanId: "b" }]).slice(0, -200)],
    ["has a list of spans within the list", traceText([plain, [{ ...plain, spanId: "b" }]])],
    ["has no spans", '{"version":2,"traceId":"t"}'],
    ["holds a number in place of a span", traceText([plain, 7])],
    ["is in UTF-16", Buffer.from(`\ufeff${traceText([plain])}`, "utf16le")],
    ["holds bytes that are not UTF-8", Buffer.from(traceText([{ ...plain, output: "é" }]), "latin1")],
  ];
  it.each(damaged)("is what the tolerant reader gives where the file %s", async (_name, content) => {
    await using folder = await makeTempDir();
    await expectSame(await folder.write("S.json", content));
  });

  it("shows a program's output", async () => {
    await using folder = await makeTempDir();
    const pieces = Array.from({ length: 40 }, (_, index) => ({ atMs: index * 9, text: `line ${index}\nand its ` }));
    const { spans, ...head } = programTrace({ command: "make", pieces, end: { atMs: 999, error: "exit 2" } });
    const reading = await expectSame(await put(folder, spans, head));
    expect(reading.output?.index.lineCount).toBeGreaterThan(40);
  });

  it("has no texts in its columns where it is long", async () => {
    await using folder = await makeTempDir();
    const spans = Array.from({ length: 10_001 }, (_, index) => ({
      ...plain,
      spanId: `s${index}`,
      input: { command: "ls" },
    }));
    const source = sourceOf(await put(folder, spans));
    const { reading } = await source.read(never);
    expect(reading.hasTexts).toBe(false);
    expect(reading.columns.label).toHaveLength(10_001);
    expect(reading.columns.label.every((index) => index === 0)).toBe(true);
    source.dispose();
  });

  it("weighs the files beside it as reading it whole does", async () => {
    const root = { ...plain, spanId: "r", kind: "session", endTime: undefined };
    const writer = { instance: "w-2", incarnation: 2, seq: 3, offsetBytes: 70, rawSessionId: "ses:1", host: "box" };
    const crash = encodeCrashNote({ reason: "SIGKILL", timeMs: 700 });
    const marker = (incarnation: number) =>
      Buffer.concat([encodeLiveMarker({ instance: "w-1", incarnation, host: "box" }), crash]);
    const files: readonly Record<string, Uint8Array>[] = [
      {},
      { "S.live": encodeLiveMarker({ instance: "w-2", incarnation: 2 }) },
      { "S.crash": marker(2) },
      // Of an incarnation that a newer one followed: the root shows it.
      { "S.crash": marker(1) },
      { "S.crash": marker(1), "S.live": encodeLiveMarker({ instance: "w-3", incarnation: 3 }) },
      { "S.crash": new Uint8Array() },
    ];
    let crashEvents = 0;
    for (const beside of files) {
      for (const head of [{}, { writer }]) {
        await using folder = await makeTempDir();
        for (const [name, bytes] of Object.entries(beside)) await folder.write(name, bytes);
        const reading = await expectSame(await put(folder, [root, { ...plain, parentSpanId: "r" }], head));
        if (reading.spans.fieldAt(0, "events") !== undefined) crashEvents++;
      }
    }
    expect(crashEvents).toBe(3);
  });

  it("is read whole where it has a journal, and scanned again when that is gone", async () => {
    await using folder = await makeTempDir();
    const key = await put(folder, [plain]);
    await folder.write("S.1.journal.ndjson", "no journal\n");
    const source = sourceOf(key);
    const first = await source.read(never);
    expectSameReading(first.reading, readingInMemory(await loadSession(key, probe)), 0);
    expect(first.reading.spans.file).toBeUndefined();
    await rm(folder.join("S.1.journal.ndjson"));
    expect((await source.read(never)).reading.spans.file).toBeDefined();
    source.dispose();
  });

  it("says so where there is nothing, and finds it later", async () => {
    await using folder = await makeTempDir();
    const source = sourceOf(folder.join("S.json"));
    expect((await source.read(never)).reading.session.evidence.hasSnapshot).toBe(false);
    await put(folder, [plain]);
    expect((await source.read(never)).reading.spans.count).toBe(1);
    source.dispose();
    await expect(sourceOf(folder.join("gone", "S.json")).read(never)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a session that is read again", () => {
  it("is not scanned again while its file stays as it is", async () => {
    await using folder = await makeTempDir();
    const access = new CountingAccess();
    const key = await put(folder, [plain]);
    await settle(key);
    const source = sourceOf(key, { access, now: later });
    const first = await source.read(never);
    await folder.write("S.live", encodeLiveMarker({ instance: "w", incarnation: 1 }));
    const second = await source.read(never);
    expect(access.of(key).opens).toBe(1);
    expect(second.type).toBe("grown");
    expect(second.reading.columns).toBe(first.reading.columns);
    expect(second.reading.session.evidence.liveMarker?.instance).toBe("w");
    await put(folder, [plain, { ...plain, spanId: "b" }]);
    expect((await source.read(never)).reading.spans.count).toBe(2);
    source.forget();
    await source.read(never);
    expect(access.of(key).opens).toBe(3);
    source.dispose();
  });

  it("is scanned again where its file changed so lately that it may have changed once more", async () => {
    await using folder = await makeTempDir();
    const access = new CountingAccess();
    const key = await put(folder, [plain]);
    const source = sourceOf(key, { access });
    await source.read(never);
    await source.read(never);
    expect(access.of(key).opens).toBe(2);
    source.dispose();
  });

  it("shows the crash of an incarnation that its marker tells of later", async () => {
    await using folder = await makeTempDir();
    const writer = { instance: "w-2", incarnation: 2, seq: 0, offsetBytes: 0 };
    const key = await put(folder, [{ ...plain, kind: "session" }], { writer });
    await settle(key);
    const source = sourceOf(key, { now: later });
    await source.read(never);
    await folder.write("S.crash", encodeLiveMarker({ instance: "w-1", incarnation: 1 }));
    const { type, reading } = await source.read(never);
    expect(type).toBe("anew");
    expect(reading.spans.spanAt(0)?.events).toHaveLength(1);
    source.dispose();
  });

  it("leaves what was read of the file before readable until it is read once more, and closes everything in the end", async () => {
    await using folder = await makeTempDir();
    const access = new CountingAccess();
    const key = await put(folder, [plain]);
    const source = sourceOf(key, { access, closesAfterReads: false });
    const readings: SessionUpdate[] = [];
    for (let round = 0; round < 3; round++) {
      await folder.write("T.json", traceText([{ ...plain, output: `round ${round}` }]));
      await rename(folder.join("T.json"), key);
      readings.push(await source.read(never));
    }
    const outputs = readings.map(
      ({ reading }) =>
        () =>
          reading.spans.fieldAt(0, "output"),
    );
    expect(outputs[0]).toThrow(TraceReplacedError);
    expect(outputs[1]?.()).toBe("round 1");
    expect(outputs[2]?.()).toBe("round 2");
    source.dispose();
    expect(outputs[2]).toThrow(TraceReplacedError);
    expect(access.of(key)).toMatchObject({ opens: 3, closes: 3 });
  });

  it("holds no file open where that would stand in the way of its writer", async () => {
    await using folder = await makeTempDir();
    const access = new CountingAccess();
    const key = await put(folder, [{ ...plain, output: "one" }]);
    const source = sourceOf(key, { access, closesAfterReads: true });
    const { reading } = await source.read(never);
    expect(access.of(key)).toMatchObject({ opens: 1, closes: 1 });
    expect(reading.spans.fieldAt(0, "output")).toBe("one");
    await put(folder, [{ ...plain, output: "two" }]);
    expect(() => reading.spans.fieldAt(0, "output")).toThrow(TraceReplacedError);
    source.dispose();
  });

  it("reads anew what was replaced under its hands, and gives up where that never ends", async () => {
    await using folder = await makeTempDir();
    const key = await put(folder, [{ ...plain, input: { command: "ls" } }]);
    let replacements = 0;
    const cutting = (most: number): FileAccess => ({
      ...nodeFileAccess,
      open: async (path) => {
        const file = await nodeFileAccess.open(path);
        return {
          ...file,
          readSync: (into, offsetBytes) => (replacements++ < most ? 0 : file.readSync(into, offsetBytes)),
        };
      },
    });
    const options = { closesAfterReads: false };
    const source = sourceOf(key, { ...options, access: cutting(2) });
    expect((await source.read(never)).reading.columns.strings).toContain("ls");
    expect(replacements).toBeGreaterThan(2);
    source.dispose();
    replacements = 0;
    const hopeless = sourceOf(key, { ...options, access: cutting(Number.POSITIVE_INFINITY) });
    await expect(hopeless.read(never)).rejects.toThrow(TraceReplacedError);
    hopeless.dispose();
  });

  it("ends with the signal's reason, and leaves nothing open", async () => {
    await using folder = await makeTempDir();
    const access = new CountingAccess();
    const key = await put(folder, [plain]);
    const abort = new AbortController();
    const source = sourceOf(key, {
      access: {
        ...nodeFileAccess,
        stat: (path) => access.stat(path),
        open: async (path) => {
          const file = await access.open(path);
          abort.abort(new Error("enough"));
          return file;
        },
      },
    });
    await expect(source.read(abort.signal)).rejects.toThrow("enough");
    expect(access.of(key)).toMatchObject({ opens: 1, closes: 1 });
    source.dispose();
  });
});

describe("a file that is longer than a text can be", () => {
  const head =
    '{"version":2,"traceId":"t","sessionId":"s","startedAt":"2026-11-20T08:00:00.000Z","metadata":{},"spans":[';
  const span = (id: string, output: readonly Piece[]): Piece[] => [
    `{"spanId":"${id}","parentSpanId":null,"name":"bash","kind":"tool","startTime":1,"endTime":2,"status":"ok","output":"`,
    ...output,
    '"}',
  ];
  const readGenerated = async (pieces: readonly Piece[], options: Partial<ScannedSourceOptions> = {}) => {
    const { access, sizeBytes } = generatedAccess(pieces);
    // Only itself, because its folder is on no disk.
    const source = sourceOf("/nowhere/generated.txt", { access, closesAfterReads: false, ...options });
    return { reading: (await source.read(never)).reading, sizeBytes, source };
  };

  it("is read like any other, and single spans of it as well", async () => {
    const million = { text: "0123456789", times: 2_000_000 };
    const spans = Array.from({ length: 30 }, (_, index) => [
      ...(index === 0 ? [] : [","]),
      ...span(`s${index}`, [million]),
    ]);
    const { reading, sizeBytes, source } = await readGenerated([
      head,
      ...spans.flat(),
      '],"summary":{"status":"completed"}}',
    ]);
    expect(sizeBytes).toBeGreaterThan(2 ** 29);
    expect(reading.problems).toEqual([]);
    expect(reading.spans.count).toBe(30);
    expect(reading.session.header.summary.status).toBe("completed");
    expect(reading.spans.fieldAt(29, "output")).toHaveLength(20_000_000);
    expect(reading.columns.strings[reading.columns.label[29] ?? 0]).toBe("");
    source.dispose();
  });

  it("shows both ends of a field that is longer than a text can be, and says so", async () => {
    const { reading, source } = await readGenerated([
      head,
      ...span("s0", ["begin ", { text: "0123456789", times: 54_000_000 }, " end"]),
      "]}",
    ]);
    const output = String(reading.spans.spanAt(0)?.output);
    expect([output.slice(0, 6), output.slice(-4)]).toEqual(["begin ", " end"]);
    expect(reading.spans.fieldAt(0, "output")).toBe(output);
    expect(reading.problems).toMatchObject([
      { severity: "warning", spanIndex: 0, message: expect.stringContaining("540,000,") as string },
    ]);
    source.dispose();
  });

  it("is read up to where it is damaged, and says what is lost", async () => {
    const pieces = [head, ...span("s0", ["one"]), ",", ...span("s1", ["two"]), ",", ...span("s2", ["three"]), "]}"];
    const whole = pieces.join("");
    const read = async (text: string) => (await readGenerated([text], { mostWholeBytes: 100 })).reading;
    const cut = await read(whole.slice(0, whole.indexOf("three")));
    expect(cut.spans.count).toBe(2);
    expect(cut.session.evidence.truncated).toBe(true);
    expect(cut.problems).toMatchObject([{ code: "truncated", severity: "error" }]);
    const broken = await read(whole.replace("two", "t\u0000o"));
    expect(broken.spans.count).toBe(1);
    expect(broken.problems).toMatchObject([{ code: "syntax", offsetBytes: whole.indexOf("two") + 1 }]);
    expect(broken.problems[0]?.message).toMatch(/damaged at byte [\d,]+; with [\d,]+ bytes it is too long/);
    const nothing = await read("x".repeat(200));
    expect(nothing.spans.count).toBe(0);
    expect(nothing.problems).toMatchObject([{ code: "unreadable", severity: "error" }]);
    expect(nothing.session.evidence.hasSnapshot).toBe(false);
  });
});
