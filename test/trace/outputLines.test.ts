// Lines of a program's output by number, however it came in pieces.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { burstOfLine, lineAtTime, lineTimeMs, outputGaps, outputIndex } from "../../src/trace/outputIndex";
import { type OutputLine, OutputReader } from "../../src/trace/outputLines";
import { mostMatches, searchOutput } from "../../src/trace/outputSearch";
import { linesAsText, outputAmount, wholeOutput } from "../../src/trace/outputText";
import type { TraceSpan } from "../../src/trace/schema";
import { plainSearch } from "../../src/trace/searchQuery";
import { literalMatcher } from "../../src/trace/searchText";
import { spansInMemory } from "../../src/trace/spanSource";
import { burstSpans, inPieces, outputId, type Piece, programTrace } from "./outputTrace";

const e = "\u001b";
const startMs = 1_000_000;

function readerOf(spans: readonly TraceSpan[]): OutputReader {
  const index = outputIndex(spansInMemory(spans));
  if (index === undefined) throw new Error("no output");
  return new OutputReader(index, spansInMemory(spans));
}

function reader(pieces: readonly Piece[]): OutputReader {
  return readerOf(programTrace({ command: "x", pieces, startMs }).spans);
}

function texts(pieces: readonly Piece[]): string[] {
  const output = reader(pieces);
  return output.lines(0, output.index.lineCount).map(({ text }) => text);
}

function found(output: OutputReader, text: string): readonly number[] {
  const { test } = literalMatcher({ ...plainSearch, text });
  const search = searchOutput(output, {
    mayHold: test,
    *holds(line) {
      yield;
      return test(line);
    },
  });
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value.lines;
  }
}

/** What a person sees of a line; its burst is another with every cut. */
const seen = ({ text, runs, links, isOpen }: OutputLine) => ({ text, runs, links, isOpen });

describe("lines", () => {
  it("are those between line feeds, with the time at which each began", () => {
    const output = reader([
      { atMs: 10, text: "one\ntwo\n" },
      { atMs: 500, text: "three" },
    ]);
    expect(output.lines(0, 10).map(({ text, timeMs, isOpen }) => [text, timeMs, isOpen])).toEqual([
      ["one", startMs + 10, false],
      ["two", startMs + 10, false],
      ["three", startMs + 500, true],
    ]);
  });

  it("are one where they go on over several bursts", () => {
    expect(
      texts([
        { atMs: 0, text: "a\nb" },
        { atMs: 1, text: "c" },
        { atMs: 2, text: "d\ne\n" },
      ]),
    ).toEqual(["a", "bcd", "e"]);
  });

  it("of two streams don't get into each other", () => {
    const output = reader([
      { atMs: 0, text: "out: ", stream: "stdout" },
      { atMs: 1, text: "oops\n", stream: "stderr" },
      { atMs: 2, text: "done\nnext\n", stream: "stdout" },
    ]);
    expect(output.lines(0, 9).map(({ stream, text }) => `${stream} ${text}`)).toEqual([
      "stdout out: done",
      "stderr oops",
      "stdout next",
    ]);
    expect(output.index.streams).toEqual(["stdout", "stderr"]);
  });

  it("keep their colour until it ends, in their own stream", () => {
    const output = reader([
      { atMs: 0, text: `${e}[31mred\n`, stream: "stdout" },
      { atMs: 1, text: "plain\n", stream: "stderr" },
      { atMs: 2, text: `still red${e}[0m\nplain\n`, stream: "stdout" },
    ]);
    expect(output.lines(0, 9).map(({ runs }) => runs.length)).toEqual([1, 0, 1, 0]);
  });

  it("are found by a reader that begins anywhere", () => {
    const pieces = Array.from({ length: 50 }, (_, index) => ({ atMs: index, text: `${e}[3${index % 8}m${index}\n` }));
    const all = reader(pieces).lines(0, 50);
    for (const first of [49, 10, 25, 24, 0]) expect(reader(pieces).line(first)).toEqual(all[first]);
    const backwards = reader(pieces);
    for (let number = 49; number >= 0; number--) expect(backwards.line(number)).toEqual(all[number]);
  });

  it("that overwrite themselves show what was written last", () => {
    expect(
      texts([
        { atMs: 0, text: "10%" },
        { atMs: 1, text: "\r50%" },
        { atMs: 2, text: `\r${e}[Kdone\nnext` },
      ]),
    ).toEqual(["done", "next"]);
  });

  it("whose beginning is lost are there with the rest", () => {
    const [burst] = burstSpans([{ atMs: 0, text: "rest of it\nnext\n" }], startMs);
    const output = burst?.attributes?.["tracekeeper.output"] as { continues?: boolean; times: number[] };
    output.continues = true;
    output.times = [0];
    expect(
      readerOf(burst === undefined ? [] : [burst])
        .lines(0, 9)
        .map(({ text }) => text),
    ).toEqual(["rest of it", "next"]);
  });

  it("are as many as the trace says, where the text has more or fewer", () => {
    const spans = burstSpans([{ atMs: 0, text: "a\nb\nc\n" }], startMs);
    const output = spans[0]?.attributes?.["tracekeeper.output"] as { times: number[] };
    output.times = [0, 0];
    expect(
      readerOf(spans)
        .lines(0, 9)
        .map(({ text }) => text),
    ).toEqual(["a", "bc"]);
    output.times = [0, 0, 0, 0];
    expect(
      readerOf(spans)
        .lines(0, 9)
        .map(({ text }) => text),
    ).toEqual(["a", "b", "c", ""]);
  });

  it("of a burst that still grows are as many as its text has", () => {
    const spans = burstSpans(
      [
        { atMs: 0, text: "half" },
        { atMs: 1, text: " a line\ntwo\nthree" },
      ],
      startMs,
    );
    const burst = spans[1];
    if (burst === undefined) return;
    delete burst.endTime;
    (burst.attributes?.["tracekeeper.output"] as { times: number[] }).times = [7];
    const lines = readerOf(spans).lines(0, 9);
    expect(lines.map(({ text, timeMs }) => [text, timeMs - startMs])).toEqual([
      ["half a line", 0],
      ["two", 8],
      ["three", 8],
    ]);
    (burst as { output: string }).output = "";
    expect(readerOf(spans).index.lineCount).toBe(2);
  });

  it("of a burst whose text is none are empty", () => {
    const spans = burstSpans([{ atMs: 0, text: "a\nb\n" }], startMs).map((span) => ({
      ...span,
      output: { no: "text" },
    }));
    expect(
      readerOf(spans)
        .lines(0, 9)
        .map(({ text }) => text),
    ).toEqual(["", ""]);
  });

  it("of any length are cut for the panel, and say how long they are", () => {
    const pieces = Array.from({ length: 40 }, (_, index) => ({ atMs: index, text: "x".repeat(60_000) }));
    const line = reader(pieces).line(0);
    expect(line.text).toHaveLength(10_000);
    expect(line.totalLength).toBeGreaterThan(100_000);
    expect(line.isOpen).toBe(true);
  });

  it("are the same wherever the output was cut in pieces", () => {
    const part = fc.constantFrom(
      "text",
      "\n",
      "\n",
      "\r",
      `${e}[31m`,
      `${e}[0m`,
      `${e}[1;48;5;20m`,
      `${e}]8;;https://example.org${e}\\`,
      "src/a.ts:3:5",
      "12%\b",
      "ü👩‍💻",
    );
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 40 }).map((parts) => parts.join("")),
        fc.array(fc.nat(200), { maxLength: 12 }),
        (text, ends) => {
          const whole = reader([{ atMs: 0, text }]);
          const pieces = reader(inPieces(text, ends));
          expect(pieces.index.lineCount).toBe(whole.index.lineCount);
          expect(pieces.lines(0, 100).map(seen)).toEqual(whole.lines(0, 100).map(seen));
          expect(pieces.lines(0, 100).map(({ text: line }) => line)).toEqual(
            Array.from({ length: whole.index.lineCount }, (_, number) => pieces.text(number)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("the index of lines", () => {
  it("is none for a trace without output", () => {
    expect(outputIndex(spansInMemory([]))).toBeUndefined();
  });

  it("finds the burst of each line, past bursts that began none", () => {
    const { index } = reader([
      { atMs: 0, text: "a\nb" },
      { atMs: 1, text: "c" },
      { atMs: 2, text: "\nd\n" },
    ]);
    expect([-1, 0, 1, 2, 3].map((line) => burstOfLine(index, line))).toEqual([-1, 0, 0, 2, -1]);
    expect(lineTimeMs(index, 2)).toBe(startMs + 2);
    expect(lineTimeMs(index, 3)).toBeNaN();
  });

  it("finds the first line of a time", () => {
    const { index } = reader([
      { atMs: 10, text: "a\nb\n" },
      { atMs: 20, text: "c\n" },
    ]);
    expect([0, 10, 11, 20, 21].map((afterMs) => lineAtTime(index, startMs + afterMs))).toEqual([0, 0, 2, 2, 3]);
  });

  it("knows the command and the last line of each program", () => {
    const one = programTrace({ command: "x", pieces: [{ atMs: 0, text: "a\nb\n" }], startMs }).spans;
    const two = one.map((span) => ({
      ...span,
      spanId: `2-${span.spanId}`,
      parentSpanId: span.parentSpanId === null ? null : `2-${span.parentSpanId}`,
    }));
    expect(outputIndex(spansInMemory([...one, ...two]))?.roots).toEqual([
      { row: 2, commandRow: 1, firstLine: 0, lastLine: 1, lineCount: 2, bytes: 4 },
      { row: 6, commandRow: 5, firstLine: 2, lastLine: 3, lineCount: 2, bytes: 4 },
    ]);
  });

  it("says how much there is", () => {
    expect(outputAmount({ lineCount: 1_234, bytes: 90_000 })).toBe("1,234 lines · 88 KB");
    expect(outputAmount({ lineCount: 1, bytes: 12 })).toBe("1 line · 12 B");
  });
});

describe("gaps", () => {
  const gaps = (times: readonly number[], fromMs = startMs) =>
    outputGaps(reader(times.map((atMs) => ({ atMs, text: "x\n" }))).index, fromMs).map(
      ({ line, lengthMs }) => `${line}: ${lengthMs}`,
    );

  it("are pauses of two seconds and more, also before the first line", () => {
    expect(gaps([2_500, 2_600, 4_599, 8_599])).toEqual(["0: 2500", "3: 4000"]);
  });

  it("leave out what is the rhythm of the program", () => {
    const steady = Array.from({ length: 200 }, (_, index) => index * 3_000);
    expect(gaps(steady)).toEqual([]);
    expect(gaps([...steady, 700_000])).toEqual(["200: 103000"]);
  });

  it("are none where nobody knows when it began", () => {
    expect(gaps([9_000], Number.NaN)).toEqual([]);
  });
});

describe("a search", () => {
  it("finds lines by what they show, in whatever colours and bursts", () => {
    const output = reader([
      { atMs: 0, text: `the ${e}[31mFail${e}[0med test\nfailed in t` },
      { atMs: 1, text: "wo parts\n10% failed\rdone     \n" },
    ]);
    expect(found(output, "failed")).toEqual([0, 1]);
    expect(found(output, "Failed")).toEqual([0]);
    expect(found(output, "in two")).toEqual([1]);
    expect(found(output, "31m")).toEqual([]);
    expect(found(output, "nothing")).toEqual([]);
  });

  it("finds the same as looking at each line", () => {
    const part = fc.constantFrom("ab", "a", "b", "\n", "\r", `${e}[31m`, "B");
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 30 }).map((parts) => parts.join("")),
        fc.array(fc.nat(60), { maxLength: 5 }),
        (text, ends) => {
          const output = reader(inPieces(text, ends));
          const expected = output.lines(0, 99).filter((line) => line.text.toLowerCase().includes("ab"));
          expect(found(output, "ab")).toEqual(expected.map(({ number }) => number));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("ends when there are more than anybody goes through", () => {
    const pieces = Array.from({ length: 110 }, (_, index) => ({ atMs: index, text: "x\n".repeat(1_000) }));
    expect(found(reader(pieces), "x")).toHaveLength(mostMatches);
  });
});

describe("the text of lines", () => {
  const pieces = [
    { atMs: 0, text: `${e}[31mone${e}[0m\ntwo\n` },
    { atMs: 1, text: "three\nfour" },
  ];

  it("is without codes, from a place in the first to one in the last", () => {
    expect(linesAsText(reader(pieces), { from: 0, fromOffset: 1, to: 2, toOffset: 2 }).text).toBe("ne\ntwo\nth");
    expect(linesAsText(reader(pieces), { from: 2, fromOffset: 1, to: 2, toOffset: 3 }).text).toBe("hr");
    expect(wholeOutput(programTrace({ command: "x", pieces }).spans).text).toBe("one\ntwo\nthree\nfour");
  });

  it("says what did not fit", () => {
    const long = Array.from({ length: 9 }, (_, index) => ({ atMs: index, text: `${"x".repeat(2 ** 21)}\n` }));
    const { text, leftOut } = linesAsText(reader(long), { from: 0, to: 8 });
    expect(leftOut).toBe(2);
    expect(text.length).toBeLessThanOrEqual(2 ** 24);
  });

  it("is none without output", () => {
    expect(wholeOutput([])).toEqual({ text: "", leftOut: 0 });
    expect(readerOf(programTrace({ command: "x", pieces: [] }).spans).lines(0, 5)).toEqual([]);
    expect(outputId).toBe("output-1");
  });
});
