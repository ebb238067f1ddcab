import { appendFile, mkdir, rename, truncate, utimes, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { AnySource } from "../../src/reader/anySource";
import { ImportedSource } from "../../src/reader/importedSource";
import { OpenedTrace, type TraceNews } from "../../src/reader/openedTrace";
import type { SessionReading, SessionSource } from "../../src/reader/sessionSource";
import { type FileAccess, nodeFileAccess } from "../../src/store/fileAccess";
import { TraceReplacedError } from "../../src/trace/spanSource";
import { fixture, linesOf, problemText } from "../importers/importing";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { expectSameReading } from "./sameReading";

const never = new AbortController().signal;
const openTrace = (): SessionSource => {
  throw new Error("No trace of ours is here");
};

let folder: TempDir;
const sources: SessionSource[] = [];
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(async () => {
  for (const source of sources.splice(0)) source.dispose();
  await folder.remove();
});

function sourceOf(key: string, access: FileAccess = nodeFileAccess): AnySource {
  const source = new AnySource({ key, access, openTrace });
  sources.push(source);
  return source;
}

async function readWhole(key: string): Promise<SessionReading> {
  return (await sourceOf(key).read(never)).reading;
}

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 5, 10, 0, 0) + seconds * 1000).toISOString();
let lines = 0;
const line = (type: string, seconds: number, content: unknown, more: object = {}) => ({
  type,
  uuid: `line-${++lines}`,
  sessionId: "s1",
  timestamp: at(seconds),
  message: { role: type, content, ...(type === "assistant" ? { id: `m-${lines}` } : {}) },
  ...more,
});
const call = { type: "tool_use", id: "t1", name: "Bash", input: { command: "npm test" } };
const result = { type: "tool_result", tool_use_id: "t1", content: "1 failed", is_error: true };

describe("a transcript that is followed", () => {
  it.each([
    "transcripts/claude-code-representative.jsonl",
    "transcripts/claude-code-edge-cases.jsonl",
    "transcripts/copilot-cli.jsonl",
    "otlp/agent-prism-rag-earnings.json",
  ])("says of %s at every length what reading all of it says", async (name) => {
    const bytes = fixture(name);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 64, max: bytes.length }), { maxLength: 6 }), async (cuts) => {
        const key = await folder.write(`${++lines}.jsonl`, "");
        const source = sourceOf(key);
        let from = 0;
        for (const to of [...new Set([...cuts, bytes.length])].sort((a, b) => a - b)) {
          await appendFile(key, bytes.subarray(from, to));
          await utimes(key, 1_800_000_000, 1_800_000_000 + to);
          from = to;
          expectSameReading((await source.read(never)).reading, await readWhole(key), 1_800_000_000_000, true);
        }
      }),
      { numRuns: 8 },
    );
  });

  it("reads only what is new, and tells only what differs", async () => {
    const key = await folder.write("s1.jsonl", linesOf(line("user", 0, "Go"), line("assistant", 1, [call])));
    let readBytes = 0;
    const access: FileAccess = {
      ...nodeFileAccess,
      async open(path) {
        const file = await nodeFileAccess.open(path);
        const readSync: typeof file.readSync = (into, offset) => {
          const count = file.readSync(into, offset);
          readBytes += count;
          return count;
        };
        return { ...file, readSync };
      },
    };
    const news: TraceNews[] = [];
    const trace = new OpenedTrace({
      source: sourceOf(key, access),
      firstEpoch: 1,
      logger: silentLogger,
      now: () => Date.parse(at(3)),
      onNews: (told) => news.push(told),
    });
    await trace.update();
    expect(trace.picture).toMatchObject({ epoch: 1, revision: 1, columns: { count: 4 } });
    readBytes = 0;
    const more = linesOf(line("user", 2, [result]), line("assistant", 3, [{ type: "text", text: "It fails." }]));
    await appendFile(key, more);
    await trace.update();
    // Beside the new ones those by which a file that was written anew is known.
    expect(readBytes).toBeLessThanOrEqual(more.length + 64);
    expect(trace.picture).toMatchObject({ epoch: 1, revision: 2, columns: { count: 5 } });
    const changed = trace.changes(1, 2);
    expect(changed).toMatchObject({ changedRows: Uint32Array.of(3) });
    trace.dispose();
  });

  it("is read anew when it was cut, replaced, or became a file of another format", async () => {
    const key = await folder.write("s1.jsonl", linesOf(line("user", 0, "Go"), line("user", 1, "On")));
    const source = sourceOf(key);
    expect((await source.read(never)).reading.spans.count).toBe(3);
    await truncate(key, 0);
    expect(problemText((await source.read(never)).reading.problems).join()).toMatch(/empty/);
    await writeFile(key, linesOf(line("user", 0, "Go")));
    expect((await source.read(never)).reading.spans.count).toBe(2);
    const other = await folder.write("other.jsonl", fixture("transcripts/copilot-cli.jsonl"));
    await rename(other, key);
    expect((await source.read(never)).reading.session.header.metadata.agent).toBe("Copilot CLI");
    expectSameReading((await source.read(never)).reading, await readWhole(key), 0);
  });

  it("takes in the files of its sub-agents, also those that come later", async () => {
    const task = { type: "tool_use", id: "t1", name: "Task", input: { prompt: "Find it", subagent_type: "explorer" } };
    const key = await folder.write("s1.jsonl", linesOf(line("user", 0, "Go"), line("assistant", 1, [task])));
    const side = { isSidechain: true, agentId: "a1" };
    const source = sourceOf(key);
    expect((await source.read(never)).reading.spans.count).toBe(4);
    await mkdir(folder.join("s1", "subagents"), { recursive: true });
    const agent = folder.join("s1", "subagents", "agent-a1.jsonl");
    await writeFile(agent, linesOf(line("user", 2, "Find it", side)));
    const { spans } = (await source.read(never)).reading;
    expect(spans.spanAt(4)).toMatchObject({ name: "agent explorer", parentSpanId: "t1", input: "Find it" });
    await appendFile(agent, "{ torn");
    await appendFile(agent, "\n");
    await appendFile(agent, linesOf(line("assistant", 3, [{ type: "text", text: "Here" }], side)));
    const { reading } = await source.read(never);
    expect(reading.spans.count).toBe(6);
    expect(reading.problems).toContainEqual(expect.objectContaining({ code: "syntax", file: "agent-a1.jsonl" }));
  });

  it("takes in sub-agents that older versions wrote beside it", async () => {
    const key = await folder.write("s1.jsonl", linesOf(line("user", 0, "Go")));
    const side = { isSidechain: true, agentId: "a1" };
    await folder.write("agent-a1.jsonl", linesOf(line("user", 2, "Find it", side)));
    await folder.write("agent-a2.jsonl", linesOf({ ...line("user", 2, "Other", side), sessionId: "s2" }));
    expect((await readWhole(key)).spans.count).toBe(3);
  });
});

describe("payloads that are not held", () => {
  it.each([
    ["transcripts/claude-code-representative.jsonl", "claude-code"],
    ["transcripts/claude-code-edge-cases.jsonl", "claude-code"],
    ["transcripts/copilot-cli.jsonl", "copilot-cli"],
    ["transcripts/codex-made.jsonl", "codex"],
  ] as const)("are the same when they are read again: %s", async (name, format) => {
    const path = await folder.write("file.jsonl", fixture(name));
    const read = async (longestKeptBytes: number) => {
      const source = new ImportedSource({ path, format, access: nodeFileAccess, longestKeptBytes });
      sources.push(source);
      return (await source.read(never)).reading;
    };
    expectSameReading(await read(0), await read(Number.POSITIVE_INFINITY), 0);
  });

  it("are cut to their beginnings, and whole for who asks", async () => {
    const words = "word ".repeat(20_000);
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBOR".repeat(10_000) } };
    const result = { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: words }, image] };
    const path = await folder.write(
      "s1.jsonl",
      linesOf(line("user", 0, "Go"), line("user", 0, words), line("assistant", 1, [call]), line("user", 2, [result])),
    );
    const { spans } = await readWhole(path);
    expect(JSON.stringify(spans.shortSpanAt(4)).length).toBeLessThan(6_000);
    expect(spans.spanAt(4)).toMatchObject({ output: [{ text: words }, image], input: { command: "npm test" } });
    expect(spans.fieldAt(2, "input")).toBe(words);
  });

  it("are whole for who asks where an answer has many long lines, of which beginnings alone are held", async () => {
    const part = (index: number) => `part ${index} ${"word ".repeat(20_000)}`;
    const answer = (index: number) => {
      const written = line("assistant", index, [{ type: "text", text: part(index) }]);
      return { ...written, message: { ...written.message, id: "m" } };
    };
    const path = await folder.write("s1.jsonl", linesOf(line("user", 0, "Go"), ...[1, 2, 3].map(answer)));
    const { spans } = await readWhole(path);
    const short = spans.shortSpanAt(2)?.output as { text: string }[];
    expect(short.map(({ text }) => text)).toEqual([1, 2, 3].map((index) => part(index).slice(0, 2_048)));
    expect(spans.spanAt(2)).toMatchObject({ output: [1, 2, 3].map((index) => ({ text: part(index) })) });
  });

  it("are told to be gone where the file was cut", async () => {
    const path = await folder.write(
      "s1.jsonl",
      linesOf(line("user", 0, "Go"), line("user", 0, "word ".repeat(20_000))),
    );
    const { spans } = await readWhole(path);
    await truncate(path, 100);
    expect(() => spans.spanAt(2)).toThrow(TraceReplacedError);
  });
});

describe("a file that nobody can read", () => {
  it("says what can be opened", async () => {
    const { problems } = await readWhole(await folder.write("some.jsonl", '{"a":1}\n'));
    expect(problemText(problems)).toEqual([
      expect.stringMatching(/none of the formats .* Claude Code, Codex and Copilot/),
    ]);
  });

  it("is opened once it is one of them", async () => {
    const key = await folder.write("some.jsonl", "");
    const source = sourceOf(key);
    expect((await source.read(never)).reading.spans.count).toBe(0);
    await writeFile(key, linesOf(line("user", 0, "Go")));
    expect((await source.read(never)).reading.spans.count).toBe(2);
  });

  it("tells that it is missing", async () => {
    await expect(readWhole(folder.join("none.jsonl"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
