// What happens to files: cut, torn, overwritten with NUL bytes, flipped, given in pieces. Nothing throws, what is sound is
// read, and the rest is told.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish } from "../../src/base/steps";
import { detectFormat, type ImportFormat } from "../../src/importers/detectFormat";
import { importSession, loadedSession } from "../../src/importers/importSession";
import { readingInMemory } from "../../src/reader/readingInMemory";
import { traceFileSchema } from "../../src/trace/schema";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import { fixture, importPieces, importWhole, linesOf, problemText } from "./importing";

const samples = [
  "transcripts/claude-code-representative.jsonl",
  "transcripts/claude-code-edge-cases.jsonl",
  "transcripts/copilot-cli.jsonl",
  "transcripts/codex-made.jsonl",
  "otlp/agent-prism-rag-earnings.json",
  "otlp/jaeger-ui-otlp-in.json",
  "otlp/opentelemetry-proto-trace.json",
] as const;

/** As the format that the sound file has, also where nothing of it can be told any more. */
function importAs(format: ImportFormat, pieces: readonly Uint8Array[]): LoadedSession {
  const session = importSession(format);
  const file = session.addFile();
  for (const piece of pieces) for (const _ of file.push(piece));
  return finish(loadedSession(session, "file", undefined));
}

function formatOf(bytes: Uint8Array): ImportFormat {
  const format = detectFormat(bytes.subarray(0, 65_536));
  if (format === "trace" || format === "unknown" || format === "empty") throw new Error(format);
  return format;
}

const plain = ({ trace, problems, evidence }: LoadedSession) =>
  JSON.parse(JSON.stringify({ trace, problems, evidence })) as unknown;

describe.each(samples)("%s", (name) => {
  const bytes = fixture(name);
  const format = formatOf(bytes);
  const whole = importWhole(bytes, "file");

  it("makes a sound trace", () => {
    expect(traceFileSchema.safeParse(whole.trace).success).toBe(true);
    expect(new Set(whole.trace.spans.map(({ spanId }) => spanId)).size).toBe(whole.trace.spans.length);
  });

  it("is read up to where it was cut, and says so", () => {
    for (let part = 1; part < 20; part++) {
      const length = Math.floor((bytes.length * part) / 20);
      const cut = importAs(format, [bytes.subarray(0, length)]);
      expect(traceFileSchema.safeParse(cut.trace).success).toBe(true);
      const atLineEnd = bytes[length - 1] === 0x0a || bytes[length] === 0x0a;
      if (!atLineEnd || format === "otlp")
        expect(problemText(cut.problems).join()).toMatch(/truncated|syntax|not-a-trace/);
    }
  });

  it("is read when bytes of it were flipped", () => {
    for (let at = 7; at < bytes.length; at += Math.ceil(bytes.length / 200)) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x15;
      const session = importAs(format, [flipped]);
      expect(traceFileSchema.safeParse(session.trace).success).toBe(true);
    }
  });

  it("loses nothing to a tail of NUL bytes, and says so", () => {
    const session = importAs(format, [bytes, Buffer.alloc(4096)]);
    expect(session.trace.spans.length).toBe(whole.trace.spans.length);
    expect(problemText(session.problems).join()).toContain("NUL");
  });

  it("is the same in pieces of any size as whole, also where it is looked at in between", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length), fc.boolean()), { maxLength: 12 }), (cuts) => {
        let session = importSession(format);
        let file = session.addFile();
        let from = 0;
        for (const [to, looks] of [...cuts, [bytes.length, true] as const].sort(([a], [b]) => a - b)) {
          for (const _ of file.push(bytes.subarray(from, to)));
          from = to;
          if (looks) finish(loadedSession(session, "file", undefined));
          if (!session.mustReadAnew) continue;
          session = importSession(format);
          file = session.addFile();
          for (const _ of file.push(bytes.subarray(0, to)));
        }
        expect(plain(finish(loadedSession(session, "file", undefined)))).toEqual(plain(whole));
      }),
      { numRuns: 40 },
    );
  });
});

/** A value of the wrong type for nearly any field. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom("", "assistant", "2026-13-45", -1, 1e300, [[]], [{}], [null], { type: "text" }, { type: 7 }),
  fc.constant(JSON.parse(`${'{"a":['.repeat(5_000)}${"]}".repeat(5_000)}`) as unknown),
);

/** The value with one part of it replaced: steps are numbers of entries, from the outside in. */
function withPart(value: unknown, steps: readonly number[], part: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return part;
  const names = Object.keys(value);
  const name = names[step % Math.max(1, names.length)] ?? "";
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
  copy[name] = withPart(copy[name], rest, part);
  return copy;
}

describe.each(["claude-code-representative", "claude-code-edge-cases", "copilot-cli", "codex-made"])(
  "fields of wrong types in %s",
  (name) => {
    const bytes = fixture(`transcripts/${name}.jsonl`);
    const format = formatOf(bytes);
    const lines = bytes.toString("utf8").split("\n");

    it("make no reader throw, and no trace unsound", () => {
      const change = fc.tuple(fc.nat(lines.length - 1), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), anything);
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
          const changed = [...lines];
          for (const [at, steps, part] of changes) {
            try {
              changed[at] = JSON.stringify(withPart(JSON.parse(changed[at] ?? "") as unknown, steps, part));
            } catch {
              // A line that is no JSON anyway, or one that the engine can't write.
            }
          }
          const session = importAs(format, [Buffer.from(changed.join("\n"))]);
          const { success, error } = traceFileSchema.safeParse(session.trace);
          expect(success, error?.message).toBe(true);
          // Whatever is in the spans, the panel has to get a picture of them.
          expect(readingInMemory(session).columns.count).toBeGreaterThanOrEqual(session.trace.spans.length);
        }),
        { numRuns: 200 },
      );
    });
  },
);

describe("a file of lines", () => {
  const user = (text: string) => ({
    type: "user",
    uuid: text,
    sessionId: "s",
    timestamp: "2026-01-05T10:00:00Z",
    message: { role: "user", content: text },
  });

  it("is empty, and says so", () => {
    const session = importAs("claude-code", []);
    expect(problemText(session.problems)).toEqual(["empty-file @0 The file is empty"]);
    expect(session.trace.spans).toEqual([]);
    expect(session.evidence.hasSnapshot).toBe(false);
  });

  it("counts a last line without a line feed where it is whole, and tells of one that is torn", () => {
    const lines = linesOf(user("one"), user("two"));
    expect(importPieces([lines.subarray(0, lines.length - 1)]).trace.spans).toHaveLength(3);
    const torn = importPieces([lines.subarray(0, lines.length - 4)]);
    expect(torn.trace.spans).toHaveLength(2);
    const start = lines.indexOf("\n") + 1;
    expect(problemText(torn.problems)).toEqual([`truncated @${start} The last line, 2, ends in its middle`]);
  });

  it("reads a line of several megabytes", () => {
    const session = importWhole(linesOf(user("short"), user("x".repeat(3_000_000)), user("end")));
    expect(session.trace.spans).toHaveLength(4);
    expect(session.problems).toEqual([]);
  });

  it("tells the offset of a line that is torn in the middle of the file, as two writers leave it", () => {
    const sound = linesOf(user("one"));
    const session = importPieces([
      sound,
      Buffer.from('{"type":"user","uu'),
      linesOf(user("lost")),
      linesOf(user("three")),
    ]);
    expect(session.trace.spans.map(({ input }) => input)).toEqual(["one", "one", "three"]);
    expect(problemText(session.problems)).toEqual([`syntax @${sound.length} Line 2 is no JSON and is left out`]);
  });

  it("takes nothing from a prototype's name, and survives deep nesting", () => {
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const session = importPieces([
      linesOf(
        user("one"),
        `{"type":"user","uuid":"p","sessionId":"s","timestamp":"2026-01-05T10:00:01Z","__proto__":{"isMeta":true},"message":{"role":"user","content":"two"}}`,
        `{"type":"user","uuid":"d","sessionId":"s","timestamp":"2026-01-05T10:00:02Z","message":{"role":"user","content":[{"type":"image","source":${deep}}]}}`,
      ),
    ]);
    expect(session.trace.spans.map(({ kind }) => kind)).toEqual([
      "session",
      "user-message",
      "user-message",
      "user-message",
    ]);
  });
});

describe("the format of a file", () => {
  it.each([
    ["", "empty"],
    ["\0\0\0\0", "empty"],
    ["hello", "unknown"],
    ["[1,2]", "unknown"],
    ['{"a":1}\n{"b":2}\n', "unknown"],
    ['{"resourceLogs":[]}', "unknown"],
    ['garbage\n{"type":"summary","summary":"x","leafUuid":"y"}', "claude-code"],
    ['{"version": 2,\n  "traceId": "a",\n  "spans": [', "trace"],
    ['{"version":2,"traceId":"a","spans":[]}', "trace"],
    ['[\n {\n  "resourceSpans" : [', "otlp"],
    [
      `{"timestamp":"2026","type":"session_meta","payload":{"id":"a","base_instructions":"${"x".repeat(70_000)}`,
      "codex",
    ],
  ])("of %j is %s", (text, format) => {
    expect(detectFormat(Buffer.from(text).subarray(0, 65_536))).toBe(format);
  });

  it("of every sample is told from its first bytes", () => {
    expect(samples.map((name) => formatOf(fixture(name)))).toEqual([
      "claude-code",
      "claude-code",
      "copilot-cli",
      "codex",
      "otlp",
      "otlp",
      "otlp",
    ]);
    expect(detectFormat(fixture("trace-v2/ses_completed_tax_rounding.json").subarray(0, 65_536))).toBe("trace");
  });
});
