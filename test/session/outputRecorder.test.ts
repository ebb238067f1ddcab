// Output in pieces of any size and broken anywhere: the bursts together are what decoding all of it at once gives.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OutputRecorder, type OutputTarget } from "../../src/session/outputRecorder";
import { mostBurstBytes, mostBurstMs, type OutputBurst, type OutputStream } from "../../src/trace/outputBurst";

interface Burst {
  readonly spanId: string;
  readonly stream: OutputStream;
  startTime: number;
  endTime?: number;
  output: string;
  facts: OutputBurst;
}

/** What a reader would find, and how much of it was in the journal when. */
class Target implements OutputTarget {
  nowAtMs = 1000;
  health: OutputTarget["health"] = { state: "ok", droppedRecords: 0 };
  readonly bursts: Burst[] = [];
  readonly events: { name: string; timeMs: number; attributes: Record<string, unknown> }[] = [];
  appends = 0;
  outputEnd: number | undefined;
  #pending = 0;

  nowMs(): number {
    return this.nowAtMs;
  }
  begin(_id: string, json: string): void {
    this.#pending++;
    const span = JSON.parse(json);
    const facts = span.attributes["tracekeeper.output"];
    if (facts === true) return;
    this.bursts.push({ ...span, stream: span.name, output: "", facts });
  }
  text(id: string, text: string): void {
    this.#pending++;
    this.#burst(id).output += text;
  }
  attributes(id: string, json: string): void {
    this.#burst(id).facts = JSON.parse(json)["tracekeeper.output"];
  }
  end(id: string, json: string): void {
    const burst = this.bursts.find(({ spanId }) => spanId === id);
    if (burst === undefined) this.outputEnd = JSON.parse(json).endTime;
    else burst.endTime = JSON.parse(json).endTime;
  }
  span(id: string, json: string): void {
    this.begin(id, json);
    this.#burst(id).output = JSON.parse(json).output;
  }
  event(_id: string, json: string): void {
    this.events.push(JSON.parse(json));
  }
  appendNow(): void {
    this.appends++;
    this.#pending = 0;
  }
  get isAppended(): boolean {
    return this.#pending === 0;
  }
  #burst(id: string): Burst {
    const burst = this.bursts.find(({ spanId }) => spanId === id);
    if (burst === undefined) throw new Error(`There is no burst ${id}`);
    return burst;
  }
  of(stream: OutputStream): Burst[] {
    return this.bursts.filter((burst) => burst.stream === stream);
  }
}

function record(): { target: Target; output: OutputRecorder } {
  const target = new Target();
  let count = 0;
  return { target, output: new OutputRecorder(target, () => `span-${count++}`, "command") };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Bytes in which characters of every length, broken ones and line feeds are frequent. */
const someBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom("a", "é", "€", "🙂", "\n", "\r\n", "\u001b[1m").map((text) => Buffer.from(text)),
      fc.integer({ min: 0x80, max: 0xff }).map((byte) => Buffer.of(byte)),
      fc.constantFrom(Buffer.from([0xe2, 0x82]), Buffer.from([0xf0, 0x9f, 0x99]), Buffer.from([0xed, 0xa0, 0x80])),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));

describe("the bursts of a program's output", () => {
  it("together hold what decoding all bytes of a stream at once gives, however they came", () => {
    const piece = fc.record({
      stream: fc.constantFrom<OutputStream>("stdout", "stderr"),
      bytes: someBytes,
      pauseMs: fc.constantFrom(0, 0, 40, mostBurstMs),
    });
    const property = fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const { target, output } = record();
      for (const { stream, bytes, pauseMs } of pieces) {
        output.add(stream, bytes);
        expect(target.isAppended).toBe(true);
        target.nowAtMs += pauseMs;
        vi.advanceTimersByTime(pauseMs);
      }
      output.end();
      for (const stream of ["stdout", "stderr"] as const) {
        const all = Buffer.concat(pieces.filter((each) => each.stream === stream).map(({ bytes }) => bytes));
        const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(all);
        const bursts = target.of(stream);
        expect(bursts.map((burst) => burst.output).join("")).toBe(text);
        expect(bursts.reduce((sum, { facts }) => sum + facts.bytes, 0)).toBe(all.length);
        expectLines(bursts, text);
      }
      expect(target.outputEnd).toBe(target.nowAtMs);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("are of at most 64 KiB, also of a single line, and cut no character", () => {
    const { target, output } = record();
    const line = Buffer.from(`${"€".repeat(100_000)}\n`);
    for (let at = 0; at < line.length; at += 10_007) output.add("stdout", line.subarray(at, at + 10_007));
    output.end();
    const bursts = target.of("stdout");
    expect(bursts.map(({ output: text }) => text).join("")).toBe(line.toString());
    expect(Math.max(...bursts.map(({ facts }) => facts.bytes))).toBeLessThanOrEqual(mostBurstBytes);
    expect(bursts.length).toBeLessThan(8);
    expect(bursts.map(({ facts }) => facts.continues === true)).toEqual(bursts.map((_, index) => index > 0));
    expect(bursts.some(({ output: text }) => text.includes("\ufffd"))).toBe(false);
  });

  it("say when each line began, and end when the last of it came", () => {
    const { target, output } = record();
    const add = (text: string, atMs: number) => {
      vi.advanceTimersByTime(atMs - target.nowAtMs);
      target.nowAtMs = atMs;
      output.add("stdout", Buffer.from(text));
    };
    add("one\ntw", 1000);
    add("o\nthree", 1030);
    add(" and more\n\n", 1060.4);
    add("later\n", 1200);
    output.end();
    expect(target.of("stdout").map(({ output: text, facts }) => [text, facts.times, facts.continues])).toEqual([
      ["one\ntwo\nthree and more\n\n", [0, 0, 30, 60], undefined],
      ["later\n", [0], undefined],
    ]);
    expect(target.of("stdout").map(({ startTime, endTime }) => [startTime, endTime])).toEqual([
      [1000, 1060.4],
      [1200, 1200],
    ]);
  });

  it("count what can't be recorded for a full disk, and tell of it once it can be again", () => {
    const { target, output } = record();
    output.add("stdout", Buffer.from("before\n"));
    target.health = { state: "failed", error: new Error("ENOSPC: no space left on device"), droppedRecords: 0 };
    const piece = Buffer.alloc(64 * 1024, "x");
    for (let count = 0; count < 100; count++) output.add("stdout", piece);
    expect(target.events).toEqual([]);
    target.nowAtMs = 5000;
    target.health = { state: "ok", droppedRecords: 0 };
    output.add("stdout", Buffer.from("\nafter\n"));
    output.end();
    const kept = target.of("stdout").reduce((sum, { facts }) => sum + facts.bytes, 0);
    const lost = 7 + 100 * piece.length + 7 - kept;
    expect(target.events).toEqual([
      {
        name: "tracekeeper.output-lost",
        timeMs: 1000,
        attributes: { bytes: lost, untilMs: 5000, reason: "ENOSPC: no space left on device" },
      },
    ]);
    expect(lost).toBeGreaterThan(3_000_000);
    expect(target.of("stdout").at(-1)?.output).toBe("\nafter\n");
    expect(output.tail.read().text.endsWith("after")).toBe(true);
  });
});

function expectLines(bursts: readonly Burst[], text: string): void {
  const lines = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  expect(bursts.reduce((sum, { facts }) => sum + facts.times.length, 0)).toBe(lines);
  let before = "";
  for (const { output: part, facts } of bursts) {
    expect(facts.continues === true).toBe(before !== "" && !before.endsWith("\n"));
    before = part;
  }
}
