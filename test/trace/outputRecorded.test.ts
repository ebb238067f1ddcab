// What the session process records of a program's output is read back line by line, also where it was killed in between.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputRecorder, type OutputTarget } from "../../src/session/outputRecorder";
import { parseAnsiLine, styleAfter } from "../../src/trace/ansi";
import { plainStyle } from "../../src/trace/ansiStyle";
import type { OutputStream } from "../../src/trace/outputBurst";
import { outputIndex } from "../../src/trace/outputIndex";
import { OutputReader } from "../../src/trace/outputLines";
import type { TraceSpan } from "../../src/trace/schema";
import { spansInMemory } from "../../src/trace/spanSource";

/** Spans as a journal of these calls makes them. */
class Journal {
  readonly spans: TraceSpan[] = [];
  nowMs = 1_000;
  readonly target: OutputTarget = {
    health: { state: "ok" } as OutputTarget["health"],
    nowMs: () => this.nowMs,
    appendNow: () => undefined,
    begin: (_, json) => this.#add(json),
    span: (_, json) => this.#add(json),
    end: (id, json) => Object.assign(this.#of(id), JSON.parse(String(json))),
    text: (id, text) => {
      const span = this.#of(id);
      span.output = `${typeof span.output === "string" ? span.output : ""}${text}`;
    },
    attributes: (id, json) => {
      const span = this.#of(id);
      span.attributes = { ...span.attributes, ...(JSON.parse(String(json)) as object) };
    },
    event: () => undefined,
  };

  #add(json: unknown): void {
    this.spans.push({ status: "ok", ...(JSON.parse(String(json)) as object) } as TraceSpan);
  }

  #of(id: string): TraceSpan {
    const span = this.spans.find(({ spanId }) => spanId === id);
    if (span === undefined) throw new Error(`no span ${id}`);
    return span;
  }
}

interface Piece {
  readonly stream: OutputStream;
  readonly text: string;
  readonly pauseMs: number;
}

const text = fc
  .array(fc.constantFrom("ab", "\n", "\n", "\r", "\u001b[31m", "\u001b[0m", "ü", "👩", "\t"), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(""));
const piece: fc.Arbitrary<Piece> = fc.record({
  stream: fc.constantFrom("stdout", "stderr"),
  text,
  pauseMs: fc.constantFrom(0, 1, 40),
});

/** Lines of each stream as they stand in the whole of what came. */
function expected(pieces: readonly Piece[], stream: OutputStream): string[] {
  const whole = pieces.map((each) => (each.stream === stream ? each.text : "")).join("");
  const lines = whole.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => parseAnsiLine(line).text);
}

describe("recorded output", () => {
  it("is read back line by line, at any moment", () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), fc.boolean(), (pieces, isEnded) => {
        const journal = new Journal();
        let id = 0;
        const recorder = new OutputRecorder(journal.target, () => `s${id++}`, "command");
        for (const { stream, text: raw, pauseMs } of pieces) {
          journal.nowMs += pauseMs;
          recorder.add(stream, Buffer.from(raw));
        }
        // Without an end it is what a killed session leaves behind.
        if (isEnded) recorder.end();
        const index = outputIndex(spansInMemory(journal.spans));
        const lines = index === undefined ? [] : new OutputReader(index, spansInMemory(journal.spans)).lines(0, 1_000);
        if (!isEnded) recorder.end();
        for (const stream of ["stdout", "stderr"] as const) {
          const read = lines.filter((line) => line.stream === stream);
          expect(read.map((line) => line.text)).toEqual(expected(pieces, stream));
          expect(read.every((line, at) => at === 0 || line.timeMs >= (read[at - 1]?.timeMs ?? 0))).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("keeps its colours over bursts", () => {
    const journal = new Journal();
    let id = 0;
    const recorder = new OutputRecorder(journal.target, () => `s${id++}`, "command");
    recorder.add("terminal", Buffer.from("\u001b[3"));
    recorder.add("stderr", Buffer.from("other\n"));
    recorder.add("terminal", Buffer.from("1mred\nstill\n"));
    recorder.end();
    const index = outputIndex(spansInMemory(journal.spans));
    const lines = index === undefined ? [] : new OutputReader(index, spansInMemory(journal.spans)).lines(0, 9);
    expect(lines.map(({ text: words, runs }) => [words, runs.map(({ style }) => style)])).toEqual([
      ["red", [{ color: 1 }]],
      ["other", []],
      ["still", [{ color: 1 }]],
    ]);
    expect(styleAfter("\u001b[31m", plainStyle)).toEqual({ color: 1 });
  });
});
