// What a panel is told of a program's output, and what the host makes of what the panel names.
import { describe, expect, it } from "vitest";
import { StepsCard } from "../../src/host/panel/stepsCard";
import type { OutputMark } from "../../src/protocol/outputMessages";
import { outputHeaderSchema, outputLinesResultSchema } from "../../src/protocol/outputMessages";
import { answerRequest, StaleEpochError } from "../../src/reader/answerRequest";
import { firstLineOf, outputLink, spanAtPlace } from "../../src/reader/outputAnswers";
import { outputHeader } from "../../src/reader/outputHeader";
import { outputMatches } from "../../src/reader/searchAnswers";
import { SpanReader } from "../../src/reader/spanReader";
import { stepSource } from "../../src/reader/stepSource";
import { findPlaces } from "../../src/trace/places";
import type { TraceSpan } from "../../src/trace/schema";
import { plainSearch } from "../../src/trace/searchQuery";
import type { TraceSummaryView } from "../../src/trace/summarizeTrace";
import { commandId, type Piece, type ProgramTrace, programTrace } from "../trace/outputTrace";
import { nowMs, pictureOf } from "./pictures";

const e = "\u001b";
const never = new AbortController().signal;

function picture(pieces: readonly Piece[], rest: Partial<ProgramTrace> = {}, ageMs = 0) {
  const trace = programTrace({ command: "npm test", pieces, startMs: nowMs - 60_000, ...rest });
  return pictureOf(trace.spans, { summary: trace.summary, ageMs });
}

/** "start 0, gap 3 (2000), end 4 failed exit 1". */
function words(marks: readonly OutputMark[] = []): string {
  return marks
    .map((mark) => {
      if (mark.type === "note") return `note ${mark.line} ${[mark.note, ...mark.words].join(" ")}`;
      if (mark.type === "gap") return `gap ${mark.line} (${mark.lengthMs})`;
      return mark.type === "start" ? `start ${mark.line} ${mark.text}` : `end ${mark.line} ${mark.status} ${mark.text}`;
    })
    .join(", ");
}

describe("the header of the output", () => {
  it("says how much there is and what happened between the lines", async () => {
    const pieces = [
      { atMs: 3_002, text: "a\nb\n" },
      { atMs: 9_000, text: "c\n" },
    ];
    const header = outputHeader(await picture(pieces, { end: { atMs: 20_000, error: "exit 1", exitCode: 1 } }));
    expect(outputHeaderSchema.parse(header)).toEqual(header);
    expect(header).toMatchObject({ lineCount: 3, amount: "3 lines · 6 B", streams: ["terminal"], isOnly: true });
    expect(words(header?.marks)).toBe(
      "start 0 npm test, gap 0 (3000), gap 2 (5998), gap 3 (11000), end 3 failed exit 1",
    );
    expect(header?.marks[0]).toMatchObject({ detail: "/repo/shop", row: 1 });
    expect(header?.failingLine).toBe(2);
    expect(header?.commands).toEqual([{ row: 1, outputRow: 2 }]);
  });

  it("says how a command ended", async () => {
    const pieces = [{ atMs: 10, text: "a\n" }];
    const end = async (rest: Partial<ProgramTrace>, ageMs = 0) =>
      words(outputHeader(await picture(pieces, rest, ageMs))?.marks);
    expect(await end({ end: { atMs: 50, exitCode: 0 } })).toBe("start 0 npm test, end 1 ok exit 0");
    expect(await end({ end: { atMs: 50, error: "stopped by the person: Ctrl+C", interrupted: true } })).toBe(
      "start 0 npm test, end 1 interrupted stopped by the person: Ctrl+C",
    );
    expect(await end({ end: undefined })).toBe("start 0 npm test");
    expect(await end({ end: undefined, startMs: nowMs - 7_200_000 }, 3_600_000)).toBe("start 0 npm test, end 1 lost ");
  });

  it("keeps the commands of a trace with several in their order", async () => {
    const one = programTrace({ command: "npm run build", pieces: [{ atMs: 1, text: "a\nb\n" }], end: { atMs: 50 } });
    const two = programTrace({ command: "npm test", pieces: [{ atMs: 60, text: "c\n" }], end: { atMs: 90 } });
    const renamed = two.spans.slice(1).map((span) => ({
      ...span,
      spanId: `2-${span.spanId}`,
      parentSpanId: span.parentSpanId === "root" ? "root" : `2-${span.parentSpanId}`,
    }));
    const header = outputHeader(await pictureOf([...one.spans, ...renamed]));
    expect(words(header?.marks)).toBe("start 0 npm run build, end 2 ok exit 0, start 2 npm test, end 3 ok exit 0");
  });

  it("says what the session noted, where in the output it was", async () => {
    const trace = programTrace({
      command: "npm start",
      pieces: [
        { atMs: 1, text: "a\n" },
        { atMs: 900, text: "b\n" },
      ],
      end: { atMs: 1_000, error: "stopped by the person: exit 130", interrupted: true },
      startMs: nowMs - 60_000,
    });
    const [root, command, output] = trace.spans;
    const event = (name: string, atMs: number, attributes: Record<string, unknown>) => ({
      name: `tracekeeper.${name}`,
      timeMs: nowMs - 60_000 + atMs,
      attributes,
    });
    if (root !== undefined) {
      root.attributes = {
        "tracekeeper.launch": { capture: { asked: "terminal", used: "pipes", reason: "node-pty can't be loaded" } },
        "tracekeeper.exporter": { kept: "http://localhost:4318" },
      };
    }
    if (command !== undefined) command.events = [event("stop", 950, { step: "interrupt", by: "person" })];
    if (output !== undefined) output.events = [event("output-lost", 500, { bytes: 2_048, reason: "ENOSPC" })];
    const header = outputHeader(await pictureOf(trace.spans));
    expect(words(header?.marks)).toBe(
      "start 0 npm start, note 1 lost 2 KB ENOSPC, note 2 stop interrupt person, " +
        "end 2 interrupted stopped by the person: exit 130",
    );
    expect(header).toMatchObject({ captureReason: "node-pty can't be loaded", keptExporter: "http://localhost:4318" });
  });

  it("names the lines to which more may come", async () => {
    const pieces: Piece[] = [
      { atMs: 1, text: "out", stream: "stdout" },
      { atMs: 2, text: "err\nerr", stream: "stderr" },
      { atMs: 3, text: " more", stream: "stdout" },
      { atMs: 4, text: " and more\n", stream: "stderr" },
    ];
    expect(outputHeader(await picture(pieces))?.openLines).toEqual([0]);
  });

  it("knows a trace that holds more than output", async () => {
    const step: TraceSpan = {
      spanId: "s",
      parentSpanId: commandId,
      name: "plan",
      kind: "span",
      startTime: nowMs,
      endTime: nowMs,
      status: "ok",
    };
    expect(outputHeader(await picture([{ atMs: 1, text: "a\n" }], { steps: [step] }))?.isOnly).toBe(false);
    expect(outputHeader(await pictureOf([step]))).toBeUndefined();
  });
});

describe("answers about the output", () => {
  const pieces: Piece[] = [
    { atMs: 1, text: `${e}[31mred\nsrc/a.ts:3:5 and https://example.org${e}[0m\nhalf` },
    { atMs: 2, text: " a line" },
    { atMs: 3, text: "\nlast\n" },
  ];

  it("are lines as the panel checks them", async () => {
    const of = await picture(pieces);
    const params = { epoch: of.epoch, from: 1, count: 10 };
    const reply = await answerRequest({ method: "outputLines", id: 1, params }, () => of, never);
    const { lines } = outputLinesResultSchema.parse(reply);
    expect(lines.map(({ text }) => text)).toEqual(["src/a.ts:3:5 and https://example.org", "half a line", "last"]);
    expect(lines[0]?.links.map(({ type, title }) => `${type} ${title}`)).toEqual([
      "place src/a.ts:3:5",
      "url https://example.org",
    ]);
    expect(lines[0]?.runs).toEqual([{ start: 0, end: 36, style: { color: 1 } }]);
    await expect(
      answerRequest({ method: "outputLines", id: 1, params: { ...params, epoch: 99 } }, () => of, never),
    ).rejects.toThrow(StaleEpochError);
  });

  it("lead from a burst to its first line, also where that began earlier", async () => {
    const of = await picture(pieces);
    const rows = of.output?.index.bursts.map(({ row }) => row) ?? [];
    expect(rows.map((row) => firstLineOf(of, row))).toEqual([0, 2, 2]);
    expect(firstLineOf(of, 0)).toBe(-1);
  });

  it("lead from a link to the place and to nothing else", async () => {
    const of = await picture(pieces);
    const target = outputLink(of, 1, 0);
    const place = target?.type === "place" ? target.place : undefined;
    expect(place).toMatchObject({ path: "src/a.ts", line: 3, column: 5 });
    const burst = of.spans.spanAt(3);
    if (place !== undefined && burst !== undefined) {
      expect(findPlaces(spanAtPlace(burst, place))).toMatchObject([{ path: "src/a.ts", line: 3, column: 5 }]);
    }
    expect(outputLink(of, 1, 9)).toBeUndefined();
    expect(outputLink(of, 99, 0)).toBeUndefined();
  });

  it("lead from the selected line to the place that it names, else from the step to its own", async () => {
    const of = await picture(pieces, { end: { atMs: 9, error: "exit 1" } });
    const command = { name: "command", places: findPlaces(of.spans.spanAt(1) as TraceSpan) };
    expect(stepSource(of, { row: 1, outputLine: 1 })?.places[0]?.path).toBe("src/a.ts");
    expect(stepSource(of, { row: 1, outputLine: 0 })).toEqual(command);
    expect(stepSource(of, { row: 1, outputLine: 99 })).toEqual(command);
    expect(stepSource(of, { row: 1 })).toEqual(command);
    expect(stepSource(of, { row: 99, outputLine: 1 })).toBeUndefined();
    expect(stepSource(of, { row: 1, outputLine: 1, link: 0 })?.places[0]?.path).toBe("src/a.ts");
    expect(stepSource(of, { row: 1, outputLine: 1, link: 1 })).toBeUndefined();
  });

  it("end a search that a newer one supersedes", async () => {
    const of = await picture(Array.from({ length: 50 }, (_, atMs) => ({ atMs, text: "a line\n".repeat(4_000) })));
    const abort = new AbortController();
    const search = outputMatches(of, { ...plainSearch, text: "nothing like it" }, abort.signal);
    abort.abort();
    // It may have ended before it looked.
    await search.catch((error: unknown) => expect((error as Error).name).toBe("AbortError"));
    expect((await outputMatches(of, { ...plainSearch, text: "a line" }, never)).lines).toHaveLength(100_000);
  });

  it("find lines by expressions and whole words, each line for itself", async () => {
    const of = await picture([
      { atMs: 1, text: `${e}[31mtax${e}[0m paid\ntaxes\na t` },
      { atMs: 2, text: "ax\nover\roverpaid\n" },
    ]);
    const lines = async (text: string, options: object) => [
      ...(await outputMatches(of, { ...plainSearch, ...options, text }, never)).lines,
    ];
    expect(await lines("tax", { wholeWord: true })).toEqual([0, 2]);
    expect(await lines("^(tax|over)\\w+", { regex: true })).toEqual([1, 3]);
    expect(await lines("x\\s+t", { regex: true })).toEqual([]);
    expect(await lines("paid$", { regex: true })).toEqual([0, 3]);
  });

  it("give the text of a burst as a person reads it", async () => {
    const burst = (await picture(pieces)).spans.spanAt(3);
    expect(burst && new SpanReader(burst).wholeText({ field: "output" }).text).toBe(
      "red\nsrc/a.ts:3:5 and https://example.org\nhalf",
    );
  });

  it("count the time of a command as its own in the summary", async () => {
    const of = await picture(pieces, { end: { atMs: 5_000 } });
    const params = { epoch: of.epoch };
    const { slowest } = (await answerRequest(
      { method: "summary", id: 1, params },
      () => of,
      never,
    )) as TraceSummaryView;
    expect(slowest.map(({ row }) => row)).toEqual([1]);
  });

  it("say in the tree how much output there is", async () => {
    const { columns } = await picture(pieces);
    expect(columns.strings[columns.label[2] ?? 0]).toMatch(/^4 lines · \d+ B$/);
  });
});

describe("the card on how to get steps", () => {
  it("stays hidden once it was put away", async () => {
    const kept = new Map<string, unknown>();
    const memento = {
      keys: () => [...kept.keys()],
      get: (key: string) => kept.get(key),
      update: async (key: string, value: unknown) => {
        kept.set(key, value);
      },
    };
    const card = new StepsCard(memento as never);
    expect(card.isHidden).toBe(false);
    await card.setHidden(true);
    expect(card.isHidden).toBe(true);
    expect(new StepsCard(memento as never).isHidden).toBe(true);
    await new StepsCard(memento as never).setHidden(false);
    expect(new StepsCard(memento as never).isHidden).toBe(false);
    expect(new StepsCard(undefined).isHidden).toBe(false);
  });
});
