// A scan by several threads gives what a scan in one go gives, wherever parts begin and whatever becomes of them.
import { appendFile, rename, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { partStarts } from "../../src/reader/partStarts";
import { WorkerCrew } from "../../src/reader/scanCrew";
import { type PartToScan, type ScanCrew, scanFile, scanPart } from "../../src/reader/scanFile";
import { TraceBytes } from "../../src/reader/scannedBytes";
import { nodeFileAccess } from "../../src/store/fileAccess";
import type { DamagedScan, ScannedPart, ScannedTrace } from "../../src/trace/scanTrace";
import { unreadModel } from "../../src/trace/scanUsage";
import { type BuiltPrograms, buildReader } from "../support/builtReader";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { writeTrace } from "../support/traceGenerator";
import { arbitraryDocument } from "../trace/arbitraryDocument";
import { traceText } from "../trace/arbitrarySpans";
import { readerOf } from "../trace/scannedFiles";

let folder: TempDir;
beforeAll(async () => {
  folder = await makeTempDir();
});
afterAll(() => folder.remove());

/** Scans parts in this thread; those that are `lost` come back empty. */
class LocalCrew implements ScanCrew {
  readonly size = 7;
  readonly parts: (ScannedPart | undefined)[] = [];
  readonly #file: TraceBytes;
  readonly #lost: readonly boolean[];
  #asked = 0;

  constructor(file: TraceBytes, lost: readonly boolean[] = []) {
    this.#file = file;
    this.#lost = lost;
  }

  async scan(part: PartToScan, signal: AbortSignal): Promise<ScannedPart | undefined> {
    if (this.#lost[this.#asked++] === true) return undefined;
    // As between threads: nothing is shared.
    const scanned = structuredClone(await scanPart(this.#file, part, signal).catch(() => undefined));
    this.parts.push(scanned);
    return scanned;
  }
}

async function withFile<Result>(bytes: Uint8Array | string, use: (file: TraceBytes) => Promise<Result>) {
  const path = folder.join("a.json");
  await writeFile(path, bytes);
  const file = await TraceBytes.open(nodeFileAccess, path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Everything that a scan of the file tells, but for whether it held what a span says of its model or it is to be read. */
function told(result: ScannedTrace | DamagedScan, file: TraceBytes) {
  if (result.type === "damaged") return result;
  const { columns, usage, header, ...facts } = result;
  const rows = Array.from({ length: result.spanCount }, (_, row) => ({
    id: result.idOf(row),
    firstOfId: result.rowOf(result.idOf(row)),
    range: result.spanRange(row),
    aim: result.aimOf(row),
    namesTool: result.mayNameTool(row),
    isMended: result.isMended(row),
    reversedEndMs: result.reversedEndMs(row),
    fields: result.fieldRanges(row),
  }));
  const modelOf = (index: number): unknown => {
    const model = usage.modelAt(index);
    if (model >= 0) return JSON.parse(result.modelText(model));
    if (model !== unreadModel) return undefined;
    const text = new TextDecoder().decode(file.read(result.spanRange(usage.rowAt(index))));
    return (JSON.parse(text) as { readonly model: unknown }).model;
  };
  const used = Array.from({ length: usage.count }, (_, index) => ({
    row: usage.rowAt(index),
    model: modelOf(index),
    cost: usage.costAt(index),
    tokens: usage.tokensAt(index),
  }));
  const values = Object.fromEntries(Object.entries(facts).filter(([, value]) => typeof value !== "function"));
  return { columns, rows, used, header: [...header], values };
}

describe("a scan in parts", () => {
  it("gives what a scan in one go gives, wherever somebody thinks that spans begin", async () => {
    const guess = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      isSpan: fc.boolean(),
      isLost: fc.constantFrom(false, false, false, true),
    });
    const change = fc.option(fc.record({ at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) }), {
      freq: 5,
    });
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        arbitraryDocument,
        fc.array(guess, { minLength: 1, maxLength: 5 }),
        change,
        async (document, guesses, cut) => {
          const bytes = new TextEncoder().encode(document);
          const cutAt = cut === null ? bytes.length : Math.floor(cut.at * bytes.length);
          await withFile(bytes.subarray(0, cutAt), async (file) => {
            const { result } = await scanFile(file, undefined);
            const spans = result.type === "sound" ? result.spanCount : 0;
            const places = guesses.map(({ at, isSpan }) =>
              isSpan && spans > 0 && result.type === "sound"
                ? result.spanRange(Math.floor(at * spans)).startBytes
                : Math.floor(at * cutAt),
            );
            const starts = [...new Set(places)].sort((one, other) => one - other);
            const crew = new LocalCrew(
              file,
              guesses.map(({ isLost }) => isLost),
            );
            const inParts = await scanFile(file, undefined, crew, starts);
            expect(told(inParts.result, file)).toEqual(told(result, file));
            taken += crew.parts.filter((part) => part !== undefined).length;
          });
        },
      ),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(30);
  });

  it("takes the other list where there are two, also when a part has found the second", async () => {
    const span = (spanId: string) =>
      `{"spanId":"${spanId}","parentSpanId":null,"name":"bash","kind":"tool","startTime":1,"endTime":2,"status":"ok"}`;
    const text = `{"spans":[${span("a")},${span("b")}],"version":2,"spans":[${span("c")},${span("d")},${span("e")}]}`;
    for (const starts of [["b"], ["d"], ["e"], ["b", "e"], ["d", "e"]]) {
      await withFile(text, async (file) => {
        const places = starts.map((id) => text.indexOf(span(id)));
        const { result } = await scanFile(file, undefined, new LocalCrew(file), places);
        expect(told(result, file)).toEqual(told((await scanFile(file, undefined)).result, file));
        expect(result.type === "sound" && [0, 1, 2].map((row) => result.idOf(row))).toEqual(["c", "d", "e"]);
      });
    }
  });

  it("says of problems what a scan in one go says, also when there are more of them than are listed", async () => {
    const spans = Array.from({ length: 700 }, (_, row) => ({
      spanId: `s${row}`,
      parentSpanId: null,
      name: "bash",
      kind: "tool",
      startTime: 10,
      endTime: row % 3 === 0 ? 5 : 20,
      status: row % 5 === 0 ? 7 : "ok",
      output: "x",
      attributes: row < 350 ? {} : { "tracekeeper.cut": { output: 20_000 + row } },
    }));
    const text = traceText(spans);
    await withFile(text, async (file) => {
      const whole = told((await scanFile(file, undefined)).result, file);
      for (const id of ["s1", "s200", "s400", "s699"]) {
        const crew = new LocalCrew(file);
        const { result } = await scanFile(file, undefined, crew, [text.lastIndexOf("{", text.indexOf(`"${id}"`))]);
        expect(told(result, file)).toEqual(whole);
      }
    });
  });
});

describe("the places at which parts may begin", () => {
  const span = (row: number) => ({ spanId: `s${row}`, name: "bash", input: { list: [{ a: 1 }, { b: "} , {" }] } });
  const list = Array.from({ length: 5_000 }, (_, row) => span(row));

  it.each([undefined, 1, 2])("are those of spans (indent: %s)", (indent) => {
    const bytes = new TextEncoder().encode(traceText(list, indent));
    const starts = partStarts(readerOf(bytes), bytes.length, 4);
    expect(starts).toHaveLength(3);
    for (const [index, start] of starts.entries()) {
      const text = new TextDecoder().decode(bytes.subarray(start, start + 60));
      expect(text).toMatch(/^\{\s*"spanId"/);
      // Of about the same length, but for the first, which is somewhat longer.
      expect(Math.abs(start - bytes.length * [0.29, 0.527, 0.763][index]!)).toBeLessThan(1_000);
    }
  });

  it("are none where no list begins near the file's beginning, or a span hides all others", () => {
    const long = "x".repeat(12_000_000);
    for (const text of ["", "{}", `{"head":"${"h".repeat(100_000)}","spans":[${JSON.stringify(span(1))}]}`]) {
      const bytes = new TextEncoder().encode(text);
      expect(partStarts(readerOf(bytes), bytes.length, 4)).toEqual([]);
    }
    const bytes = new TextEncoder().encode(traceText([span(1), { ...span(2), output: long }, span(3)]));
    expect(partStarts(readerOf(bytes), bytes.length, 2)).toEqual([]);
  });
});

describe("the threads that scan parts", () => {
  const spans = 40_000;
  let built: BuiltPrograms;
  let path: string;

  beforeAll(async () => {
    built = await buildReader();
    path = folder.join("large.json");
    await writeTrace(path, { spans, shape: "bursty", seed: 5 });
  });
  afterAll(() => built[Symbol.asyncDispose]());

  const crewOf = (program: string, size = 2) => new WorkerCrew({ program, size, idleMs: 1 });
  const open = () => TraceBytes.open(nodeFileAccess, path);

  it("scan what they are asked for, and end when there is nothing more to do", async () => {
    const file = await open();
    const crew = crewOf(built.partScanner);
    const scan = vi.spyOn(crew, "scan");
    const alone = await scanFile(file, undefined);
    const together = await scanFile(file, undefined, crew);
    const parts = await Promise.all(scan.mock.results.map(({ value }) => value as Promise<ScannedPart | undefined>));
    expect(parts.map((part) => (part?.findings.rows.count ?? 0) > spans / 5)).toEqual([true, true]);
    expect(told(together.result, file)).toEqual(told(alone.result, file));
    await expect.poll(() => crew.threads).toBe(0);
    expect(told((await scanFile(file, undefined, crew)).result, file)).toEqual(told(alone.result, file));
    crew.dispose();
    await file.close();
  });

  it("leave the part to who asked when they can't begin, or the file is another one by now", async () => {
    const file = await open();
    const alone = told((await scanFile(file, undefined)).result, file);
    const broken = crewOf(folder.join("none.js"));
    expect(told((await scanFile(file, undefined, broken)).result, file)).toEqual(alone);
    const crew = crewOf(built.partScanner);
    await rename(path, folder.join("old.json"));
    await writeTrace(path, { spans, shape: "wide", seed: 6 });
    expect(told((await scanFile(file, undefined, crew)).result, file)).toEqual(alone);
    const other = await open();
    // In place, so that it is the same file with other bytes at its end.
    await appendFile(path, "!");
    expect((await scanFile(other, undefined, crew)).result.type).toBe("sound");
    await Promise.all([file.close(), other.close()]);
    broken.dispose();
    crew.dispose();
  });

  it("end with the scan that nobody wants any more", async () => {
    const file = await open();
    const crew = crewOf(built.partScanner);
    const abort = new AbortController();
    const scanning = scanFile(file, abort.signal, crew);
    abort.abort(new Error("closed"));
    await expect(scanning).rejects.toThrow("closed");
    await expect.poll(() => crew.threads).toBe(0);
    await file.close();
  });
});
