import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noSnapshot } from "../../src/reader/tailedSnapshot";
import { Highest } from "../../src/trace/highest";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { LiveTexts } from "../../src/trace/liveTexts";
import { LiveTrace } from "../../src/trace/liveTrace";
import { SeqSet } from "../../src/trace/seqSet";
import { shortValue } from "../../src/trace/shortValue";
import { SortedRows } from "../../src/trace/sortedRows";
import { actionKeysOf } from "../../src/trace/spanActions";
import { beginTool, journalOf, root } from "./journalLines";

describe("SeqSet", () => {
  it("holds what a set of numbers holds, near and far", () => {
    const seq = fc.oneof(fc.nat(300), fc.nat(5_000_000), fc.maxSafeNat());
    fc.assert(
      fc.property(fc.array(seq), fc.array(seq), (added, asked) => {
        const seqs = new SeqSet();
        const plain = new Set(added);
        for (const one of added) seqs.add(one);
        expect(seqs.count).toBe(plain.size);
        for (const one of [...asked, ...added]) expect(seqs.has(one)).toBe(plain.has(one));
        for (const one of asked) expect(seqs.countAbove(one)).toBe([...plain].filter((other) => other > one).length);
      }),
    );
  });
});

describe("SortedRows", () => {
  it("keeps rows in order while they come and go", () => {
    const row = fc.nat(200);
    fc.assert(
      fc.property(fc.array(fc.record({ row, isGone: fc.boolean() }), { maxLength: 200 }), (changes) => {
        const rows = new SortedRows((a, b) => (a % 10) - (b % 10) || a - b);
        const plain = new Set<number>();
        for (const { row: one, isGone } of changes) {
          if (isGone) rows.delete(one);
          else if (!plain.has(one)) rows.add(one);
          if (isGone) plain.delete(one);
          else plain.add(one);
        }
        const sorted = [...plain].sort((a, b) => (a % 10) - (b % 10) || a - b);
        expect([...rows.toArray()]).toEqual(sorted);
        expect(rows.at(rows.count - 1)).toBe(sorted.at(-1));
      }),
    );
  });
});

describe("Highest", () => {
  it("is the highest value while values change, or says that it is not known", () => {
    const change = fc.record({ row: fc.nat(6), value: fc.oneof(fc.nat(5), fc.constant(Number.NEGATIVE_INFINITY)) });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const values: number[] = Array.from({ length: 7 }, () => Number.NEGATIVE_INFINITY);
        const highest = new Highest();
        for (const { row, value } of changes) {
          values[row] = value;
          highest.update(row, value);
          if (highest.isUnknown) highest.findAgain(values.length, (one) => values[one] ?? 0);
          const most = Math.max(...values);
          expect(highest.value).toBe(most);
          expect(highest.row).toBe(most === Number.NEGATIVE_INFINITY ? -1 : values.lastIndexOf(most));
        }
      }),
    );
  });
});

describe("shortValue", () => {
  it("keeps both ends of long texts, and no more than a few KB of anything", () => {
    const long = `begin ${"x".repeat(1_000_000)} end`;
    const deep = Array.from({ length: 50 }).reduce<unknown>((value) => ({ value }), "deep");
    const short = shortValue({ a: long, list: Array.from({ length: 5_000 }, () => long), deep, "": 1 });
    const text = JSON.stringify(short);
    expect(text.length).toBeLessThan(40_000);
    expect(short).toMatchObject({ a: expect.stringMatching(/^begin x+ … x+ end$/), "": 1 });
    expect(shortValue({ command: "ls", n: [1, null, true] })).toEqual({ command: "ls", n: [1, null, true] });
  });
});

describe("LiveTexts", () => {
  it("numbers texts once, behind those that are there", () => {
    const texts = new LiveTexts(["", "a", "b"]);
    expect([texts.add("b"), texts.add("c"), texts.add("c"), texts.add("")]).toEqual([2, 3, 3, 0]);
    expect(texts.list).toEqual(["", "a", "b", "c"]);
  });
});

describe("the spans of a trace that grows", () => {
  /** A live trace of these records, and how much of the journal was read since it was loaded. */
  function follow(records: readonly JournalRecord[]) {
    const bytes = journalOf(records);
    let readBytes = 0;
    const read = (offset: number, length: number) => {
      readBytes += length;
      return bytes.slice(offset, offset + length);
    };
    const journals = [{ fileName: "S.1.journal.ndjson", read }];
    const live = new LiveTrace({
      snapshot: undefined,
      journals,
      firstRows: noSnapshot.firstRows,
      keysOf: actionKeysOf,
    });
    const files = { safeId: "S", journals: [{ name: "S.1.journal.ndjson", mtimeMs: 1 }] };
    for (const _ of live.load(files, [bytes.length])) {
      // Piece by piece.
    }
    readBytes = 0;
    return { live, read: () => readBytes };
  }

  it("are objects only while they are open", () => {
    const { live } = follow([
      root,
      beginTool("a"),
      { t: "end", id: "a" },
      beginTool("b"),
      { t: "event", id: "a", event: { name: "late" } },
    ]);
    expect(live.rows.spans.heldCount).toBe(2);
    expect(live.rows.spans.spanAt(1)?.events).toHaveLength(1);
    expect(live.rows.spans.heldCount).toBe(2);
  });

  it("are made again from their records where too many are open", () => {
    const count = 5_200;
    const begun = Array.from({ length: count }, (_, index) => beginTool(`t${index}`, { command: `run ${index}` }));
    const { live } = follow([root, ...begun]);
    expect(live.rows.spans.heldCount).toBeLessThanOrEqual(5_000);
    for (const row of [1, 2, count]) expect(live.rows.spans.spanAt(row)?.input).toEqual({ command: `run ${row - 1}` });
    expect(live.rows.evidence.openSpans).toBe(count + 1);
  });

  it("are described without reading a record of any length", () => {
    const long: JournalRecord = { t: "end", id: "a", set: { output: `${"word ".repeat(200_000)}exit 3` } };
    const { live, read } = follow([root, beginTool("a", { command: "npm test" }), long]);
    const { spans } = live.rows;
    expect(spans.shortSpanAt(1)).toMatchObject({
      input: { command: "npm test" },
      output: expect.stringMatching(/ exit 3$/),
    });
    expect(read()).toBeLessThan(1_000);
    expect(spans.spanAt(1)?.output).toHaveLength(1_000_006);
  });

  it("have no labels where there are more than a panel shows at once, but for those that come later", () => {
    const many = Array.from(
      { length: 10_001 },
      (_, index): JournalRecord => ({
        t: "span",
        span: {
          spanId: `t${index}`,
          parentSpanId: "root",
          name: "bash",
          kind: "tool",
          startTime: 1,
          endTime: 2,
          status: "ok",
          input: { command: "ls" },
        },
      }),
    );
    const { live } = follow([root, ...many]);
    expect(live.rows.hasTexts).toBe(false);
    expect(live.rows.columns.label.every((label) => label === 0)).toBe(true);
    const more = journalOf([beginTool("new", { command: "pwd" })], { firstSeq: many.length + 2 });
    live.applyBytes(0, more.subarray(more.indexOf(10) + 1));
    const { columns } = live.rows;
    expect(columns.strings[columns.label[columns.count - 1] ?? 0]).toBe("pwd");
  });
});
