import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { TracePicture } from "../../src/reader/picture";
import { BlockSearch, type BlockSizes } from "../../src/reader/searchBlock";
import { queryMatcher } from "../../src/reader/searchMatcher";
import { TraceSearch } from "../../src/reader/searchTrace";
import { crc32 } from "../../src/trace/crc32";
import { writerTag } from "../../src/trace/journalFrame";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote } from "../../src/trace/marker";
import { plainSearch, type SearchQuery } from "../../src/trace/searchQuery";
import { readingSpans, type SpanSource } from "../../src/trace/spanSource";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { traceText } from "../trace/arbitrarySpans";
import { baseMs, beginTool, concat, headerOf, journalOf, linesOf, root } from "../trace/journalLines";
import { FollowedSession } from "../trace/liveModel";
import { writeJson } from "../trace/scanWriter";
import { asked, queryOf, searchedRecords as records } from "./arbitrarySearches";
import { Follower, record, work } from "./followedFolder";

const numRuns = Number(process.env["RUNS"] ?? 40);
/** No search of these tests takes nearly so many. */
const mostSteps = 50_000;
const encoder = new TextEncoder();

const folders: TempDir[] = [];
const followers: Follower[] = [];
afterEach(async () => {
  for (const { source } of followers.splice(0)) source.dispose();
  for (const folder of folders.splice(0)) await folder.remove();
});

type Searched = Pick<TracePicture, "columns" | "spans">;

interface Options {
  readonly sizes?: BlockSizes | undefined;
  readonly recordBytes?: number | undefined;
  readonly nearRow?: number | undefined;
  /** Called at each pause of the search. */
  readonly onPause?: (() => void) | undefined;
}

function begin(
  picture: () => Searched,
  query: SearchQuery,
  { sizes, recordBytes, nearRow }: Options = {},
): TraceSearch {
  const matcher = queryMatcher(query);
  const now = () => {
    const { columns, spans } = picture();
    return { columns, spans, hasTexts: true } as TracePicture;
  };
  return new TraceSearch({ matcher, picture: now, nearRow, recordBytes, block: new BlockSearch(matcher, sizes) });
}

function found(picture: () => Searched, query: SearchQuery, options: Options = {}): number[] {
  const run = begin(picture, query, options);
  const rows: number[] = [];
  let searched = 0;
  let steps = 0;
  for (const _ of run.run()) {
    if (++steps > mostSteps) throw new Error(`The search does not end: ${JSON.stringify({ query, options })}`);
    const part = run.takePart();
    rows.push(...part.rows);
    expect(part.searched).toBeGreaterThanOrEqual(searched);
    searched = part.searched;
    options.onPause?.();
  }
  const last = run.takePart();
  rows.push(...last.rows);
  expect(last.searched).toBe(1);
  expect(new Set(rows).size).toBe(rows.length);
  return rows.sort((a, b) => a - b);
}

/** The same spans, of which nobody knows where their bytes are. */
function oneByOne({ columns, spans }: Searched, onSpan: (row: number) => void = () => {}): Searched {
  const { count } = spans;
  const spanAt = (row: number) => {
    onSpan(row);
    return spans.spanAt(row);
  };
  const plain: SpanSource = {
    ...readingSpans(spanAt),
    count,
    idOf: (row) => spans.idOf(row),
    rowOf: (id) => spans.rowOf(id),
  };
  return { columns, spans: plain };
}

function spansOf({ spans }: Searched): string[] {
  return Array.from({ length: spans.count }, (_, row) => JSON.stringify(spans.spanAt(row)));
}

function expectSame(picture: Searched, query: SearchQuery, options: Options = {}): number[] {
  expect(picture.spans.records).toBeDefined();
  const expected = found(() => oneByOne(picture), query);
  expect(found(() => picture, query, options)).toEqual(expected);
  return expected;
}

const pictureOf = ({ live }: FollowedSession): Searched => live.rows;

const followed = (list: readonly JournalRecord[]): Searched =>
  pictureOf(new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: concat(linesOf(list)) }]));

/** Lines as another writer of the format may put them, with escapes that need not be. */
function writtenLines(records: readonly JournalRecord[], seed: number, escapes: number): Uint8Array[] {
  const header = headerOf();
  const tag = writerTag(header.writer.instance);
  return [header, ...records].map((value, seq) => {
    const isOurs = seq === 0 || escapes === 0;
    const body = isOurs ? JSON.stringify(value) : writeJson(value, { seed: seed + seq, whiteSpace: 0, escapes });
    const line = encoder.encode(`{ "s":${seq},"w":${baseMs + seq},"m":${seq},"i":"${tag}",${body.slice(1, -1)}`);
    const sum = crc32(line, 0, line.length).toString(16).padStart(8, "0");
    return concat([line, `,"c": "${sum}"}\n`]);
  });
}

const written = fc.record({ seed: fc.integer(), escapes: fc.constantFrom(0, 0, 100, 600) });

describe("search in a session that is followed", () => {
  it("finds the rows that looking at every span finds, of whatever records they are made", () => {
    let hits = 0;
    fc.assert(
      fc.property(records, written, fc.array(asked, { minLength: 4, maxLength: 4 }), (list, { seed, escapes }, all) => {
        const bytes = concat(writtenLines([root, ...list], seed, escapes));
        const picture = pictureOf(new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes }]));
        for (const one of all) {
          const query = queryOf(picture.spans, one);
          if (query !== undefined) hits += expectSame(picture, query, one).length;
        }
      }),
      { numRuns },
    );
    expect(hits).toBeGreaterThan(40);
  });

  it("does so for several journals over a snapshot, some of whose records are written again", () => {
    let hits = 0;
    const around = fc.record({
      older: records,
      newer: records,
      copies: fc.array(fc.nat(20), { maxLength: 5 }),
      drops: fc.array(fc.nat(20), { maxLength: 3 }),
      hasSnapshot: fc.boolean(),
      isSameRun: fc.boolean(),
    });
    fc.assert(
      fc.property(around, fc.array(asked, { minLength: 3, maxLength: 3 }), (run, all) => {
        const older = [root, ...run.older];
        const again = [...new Set(run.copies)]
          .sort((a, b) => a - b)
          .flatMap((index) => {
            const copied = older[index];
            return copied === undefined ? [] : [{ ...copied, o: index + 1, k: 1 } as JournalRecord];
          });
        const lines = linesOf(older).filter((_, index) => index === 0 || !run.drops.includes(index));
        const newer = linesOf([...again, ...run.newer], {
          instance: run.isSameRun ? "aaaa-1" : "bbbb-2",
          incarnation: 2,
          continues: { instance: "aaaa-1", incarnation: 1 },
        });
        const spans = [
          { spanId: "s0", parentSpanId: null, name: "", kind: "tool", startTime: 1, status: "ok", input: "a b" },
        ];
        const snapshot = { name: "S.json", bytes: encoder.encode(traceText(spans)), mtimeMs: baseMs };
        const session = new FollowedSession(run.hasSnapshot ? { snapshot } : {}, [
          { name: "S.1.journal.ndjson", bytes: concat(lines) },
          { name: "S.2.journal.ndjson", bytes: concat(newer) },
        ]);
        const picture = pictureOf(session);
        for (const one of all) {
          const query = queryOf(picture.spans, one);
          if (query !== undefined) hits += expectSame(picture, query, one).length;
        }
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
    expect(hits).toBeGreaterThan(40);
  });

  it("finds the rows that don't change while it searches, and of the others none that never matched", () => {
    fc.assert(
      fc.property(records, records, asked, fc.nat(), fc.nat(60), (first, later, one, cut, pause) => {
        const lines = linesOf([root, ...first, ...later]);
        const bytes = concat(lines);
        const sound = concat(lines.slice(0, first.length + 2)).length;
        // The last line may be torn.
        const end = Math.min(bytes.length, sound + (cut % 40));
        const session = new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes: bytes.slice(0, end) }]);
        const { live } = session;
        const query = queryOf(live.rows.spans, one);
        if (query === undefined) return;
        const before = found(() => oneByOne(live.rows), query);
        const spansBefore = spansOf(live.rows);
        let pauses = 0;
        const rows = found(() => live.rows, query, {
          ...one,
          onPause: () => {
            if (pauses++ === pause) session.append(0, bytes.slice(end));
          },
        });
        // All was read anew, and the search would have been begun again.
        if (session.live !== live) return;
        const after = found(() => oneByOne(live.rows), query);
        for (const row of rows) expect([...before, ...after]).toContain(row);
        const spansAfter = spansOf(live.rows);
        for (const [row, span] of spansBefore.entries()) {
          // Rows that change are searched again by whoever sees that.
          if (span === spansAfter[row]) expect(rows.includes(row)).toBe(before.includes(row));
        }
      }),
      { numRuns },
    );
  });

  it("makes only spans of which a record holds a match", () => {
    const tools = Array.from({ length: 200 }, (_, index) => [
      beginTool(`t${index}`),
      { t: "text", id: `t${index}`, text: "compiled and li" } as const,
      { t: "text", id: `t${index}`, text: "nked, status ok" } as const,
      { t: "end", id: `t${index}`, set: { attributes: { note: `note-${index}` } } } as const,
    ]);
    const live = followed([root, ...tools.flat()]);
    const made: number[] = [];
    const { records: bytes } = live.spans;
    const spans = { ...oneByOne(live, (row) => made.push(row)).spans, records: bytes };
    const rowsOf = (text: string) => {
      made.length = 0;
      return found(() => ({ columns: live.columns, spans }), { ...plainSearch, text });
    };
    expect(rowsOf("zebra")).toEqual([]);
    expect(made).toEqual([]);
    // The key of a field that is not searched, in every record.
    expect(rowsOf("parentSpanId")).toEqual([]);
    expect(made).toEqual([]);
    expect(rowsOf("note-123")).toEqual([124]);
    expect(made).toEqual([124]);
    expect(rowsOf("linked")).toHaveLength(200);
    expect(made).toHaveLength(200);
  });

  it("finds what is written to more outputs at once than it keeps ends of", () => {
    const ids = Array.from({ length: 1_200 }, (_, index) => `t${index}`);
    const pieces = (text: string) => ids.map((id) => ({ t: "text", id, text }) as const);
    const live = followed([root, ...ids.map((id) => beginTool(id)), ...pieces("ze"), ...pieces("b"), ...pieces("ra")]);
    const zebra = { ...plainSearch, text: "zebra" };
    for (const nearRow of [0, 600, 1_200]) expect(found(() => live, zebra, { nearRow })).toHaveLength(1_200);
  });

  it("finds the sign that stands for bytes which are no text", () => {
    // A letter of two bytes becomes one that begins no letter, and a space.
    const end = { t: "end", id: "t", set: { attributes: { note: "\u00ff is no text" } } } as const;
    const bytes = Buffer.from(concat(writtenLines([root, beginTool("t"), end], 0, 0)));
    bytes.set([0xff, 0x20], bytes.indexOf(0xc3));
    const sumStart = bytes.lastIndexOf(',"c": "');
    const sum = crc32(bytes, bytes.lastIndexOf('{ "s":'), sumStart).toString(16).padStart(8, "0");
    bytes.write(sum, sumStart + 7);
    const picture = pictureOf(new FollowedSession({}, [{ name: "S.1.journal.ndjson", bytes }]));
    expect(expectSame(picture, { ...plainSearch, text: "\ufffd" })).toEqual([1]);
    expect(expectSame(picture, { ...plainSearch, text: "is no text" })).toEqual([1]);
  });

  it("finds what stands in no record of its span", () => {
    const live = followed([
      root,
      { t: "waiting", reason: "for tea" },
      {
        t: "begin",
        span: { spanId: "odd", parentSpanId: "root", name: "odd", kind: "odd" },
      } as unknown as JournalRecord,
      beginTool("t"),
      { t: "text", id: "t", text: "first alpha\n" },
      { t: "text", id: "t", text: "then omega\nand so" },
      { t: "text", id: "t", text: " on \ud83d" },
      { t: "text", id: "t", text: "\ud83d\ufffd" },
    ]);
    expect(expectSame(live, { ...plainSearch, text: "tracekeeper.waiting" })).toEqual([0]);
    expect(expectSame(live, { ...plainSearch, text: "tracekeeper.kind" })).toEqual([1]);
    expect(expectSame(live, { ...plainSearch, text: "so on" })).toEqual([2]);
    // Nothing is looked for in bytes.
    expect(expectSame(live, { ...plainSearch, text: "\ud83d\ud83d" })).toEqual([2]);
    expect(expectSame(live, { ...plainSearch, text: "on \ud83d\ud83d\ufffd" })).toEqual([2]);
    expect(expectSame(live, { ...plainSearch, text: "alpha\\s.*omega", regex: true })).toEqual([2]);
    expect(expectSame(live, { ...plainSearch, text: "and so$", regex: true })).toEqual([]);
  });

  it("finds what a snapshot says that its journals did not change", async () => {
    const tool = { parentSpanId: "root", name: "bash", kind: "tool", startTime: baseMs, status: "ok" };
    const spans = [
      { spanId: "root", parentSpanId: null, name: "S", kind: "session", startTime: baseMs, status: "ok" },
      // In the first thousand rows those that are mended are looked at in any case.
      ...Array.from({ length: 1_100 }, (_, index) => ({
        ...tool,
        spanId: `s${index}`,
        attributes: { note: `part-${index}.` },
      })),
      { ...tool, spanId: "a", attributes: { note: "old" }, output: "ze" },
      { ...tool, spanId: "b", attributes: { note: "old" }, output: "zebra" },
    ];
    const folder = await makeTempDir();
    folders.push(folder);
    await folder.write("S.json", traceText(spans));
    const later: JournalRecord[] = [
      { t: "text", id: "a", text: "bra" },
      { t: "attributes", id: "a", attributes: { note: "new" } },
    ];
    const continues = { traceId: "trace-1" };
    await folder.write("S.1.journal.ndjson", journalOf(later, { continues }));
    const again = { instance: "bbbb-2", incarnation: 2, continues: { instance: "aaaa-1", incarnation: 1 } };
    await folder.write("S.2.journal.ndjson", journalOf([beginTool("c", "zebra")], again));
    const follower = new Follower(folder.join("S.json"));
    followers.push(follower);
    await follower.read();
    const { reading } = follower;
    expect(reading.spans.records?.firstFile).toBeDefined();
    const rowsOf = (text: string) => expectSame(reading, { ...plainSearch, text }, { nearRow: 1_102 });
    expect(rowsOf("old")).toEqual([1_102]);
    expect(rowsOf("new")).toEqual([1_101]);
    expect(rowsOf("part-700.")).toEqual([701]);
    expect(rowsOf("zebra")).toEqual([1_101, 1_102, 1_103]);
  });

  it("finds what markers say of a run of which another is the next", async () => {
    const folder = await makeTempDir();
    folders.push(folder);
    await folder.write("S.1.journal.ndjson", journalOf([root]));
    const next = { instance: "bbbb-2", incarnation: 2, continues: { instance: "aaaa-1", incarnation: 1 } };
    await folder.write("S.2.journal.ndjson", journalOf([beginTool("t")], next));
    const note = encodeCrashNote({ incarnation: 1, timeMs: baseMs + 9, reason: "out of memory" });
    await folder.write("S.crash", note);
    const follower = new Follower(folder.join("S.json"), {}, "unknown");
    followers.push(follower);
    await follower.read();
    expect(follower.reading.spans.records?.toldRow).toBe(0);
    expect(expectSame(follower.reading, { ...plainSearch, text: "tracekeeper.crash" })).toEqual([0]);
  });

  it("searches the journal that a recorder writes, in its folder", async () => {
    const folder = await makeTempDir();
    folders.push(folder);
    const recorder = record(folder);
    const follower = new Follower(folder.join("S.json"));
    followers.push(follower);
    let hits = 0;
    for (let turn = 0; turn < 6; turn++) {
      work(recorder, turn);
      recorder.appendNow();
      await follower.read();
      for (const text of ["test 1", "some output", "line 3", "noted", "late", "zebra"]) {
        hits += expectSame(follower.reading, { ...plainSearch, text }, { nearRow: turn }).length;
      }
    }
    expect(hits).toBeGreaterThan(50);
  });
});
