// `tracekeeper ls` as a person runs it, and what it reads for that.
import { cp, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { repositoryRoot } from "../scripts/lib/paths.mjs";
import { listSessions } from "../src/cli/listSessions";
import { type FileAccess, nodeFileAccess } from "../src/store/fileAccess";
import { encodeCrashNote } from "../src/trace/marker";
import { type BuiltCli, buildCli } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

const fixtures = join(repositoryRoot, "test/fixtures/trace-v2");

let cli: BuiltCli;
let folder: TempDir;

beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

function list(words: readonly string[], env: Readonly<Record<string, string>> = { COLUMNS: "120" }) {
  return cli.run(["ls", ...words], { cwd: folder.path, env });
}

/** The lines without what depends on the time of day. */
async function linesOf(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<string[]> {
  const { code, stdout, stderr } = await list(words, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  return lines.map((line) => line.replace(/ *(?:just now|\d+ (?:min|h|d|mo|y) ago)$/, "").trimEnd());
}

async function idsOf(words: readonly string[]): Promise<string[]> {
  return (await linesOf(words)).flatMap((line) => /^[✓✗●?] \w+ +(\S+)/.exec(line)?.[1] ?? []);
}

/** A session of another program that ended at this minute of a day long past. */
async function session(id: string, endMinute: number, more: object = {}): Promise<string> {
  const endedAt = new Date(Date.parse("2026-11-20T10:00:00Z") + endMinute * 60_000);
  const root = { spanId: "r", parentSpanId: null, name: id, kind: "session", status: "ok" };
  const times = { startTime: endedAt.getTime() - 30_000, endTime: endedAt.getTime() };
  const trace = {
    version: 2,
    traceId: "t",
    sessionId: id,
    startedAt: new Date(times.startTime).toISOString(),
    endedAt: endedAt.toISOString(),
    metadata: { title: `Title of ${id}` },
    spans: [{ ...root, ...times }],
    summary: { status: "completed", duration: 30_000 },
    ...more,
  };
  const path = await folder.write(`.tracekeeper/traces/${id}.json`, JSON.stringify(trace));
  await utimes(path, endedAt, endedAt);
  return path;
}

describe("tracekeeper ls", () => {
  it("lists the newest first, with state, id, title, failures and duration", async () => {
    await session("older", 1);
    await session("newest", 30, { summary: { status: "error", error: "exit 1", failures: 2, duration: 61_000 } });
    await session("middle", 5, { summary: { status: "crashed", duration: 1_500 } });
    expect(await linesOf([])).toEqual([
      expect.stringMatching(/^✗ Failed {5}newest {2}Title of newest +2 failures {2}1 m 1 s$/),
      expect.stringMatching(/^✗ Crashed {4}middle {2}Title of middle +1\.5 s$/),
      expect.stringMatching(/^✓ Completed {2}older {3}Title of older +30\.0 s$/),
    ]);
  });

  it("says of a damaged file what is wrong with it", async () => {
    await cp(fixtures, folder.join("traces"), { recursive: true });
    const lines = await linesOf(["--dir", "traces"], {});
    expect(lines).toHaveLength(9);
    const damaged = lines.filter((line) => line.includes("damaged")).map((line) => line.replace(/ {2,}/g, "  "));
    expect(damaged.sort()).toEqual([
      "? Unknown  ses_damaged_empty  The file is empty",
      "? Unknown  ses_damaged_nul_tail  Fix tax rounding  The file ends in NUL bytes instead of text",
      "? Unknown  ses_damaged_truncated  Fix tax rounding  The file ends in the middle of the trace",
    ]);
  });

  it("lists transcripts and files of OpenTelemetry by their names, and sub-agents with their sessions alone", async () => {
    const transcripts = join(repositoryRoot, "test/fixtures/transcripts");
    for (const name of ["codex-made.jsonl", "copilot-cli.jsonl"]) {
      await cp(join(transcripts, name), folder.join("traces", name));
    }
    await cp(join(transcripts, "codex-made.jsonl"), folder.join("traces", "agent-a1.jsonl"));
    await cp(
      join(repositoryRoot, "test/fixtures/otlp/agent-prism-rag-earnings.json"),
      folder.join("traces", "rag.json"),
    );
    expect((await linesOf(["--dir", "traces"])).map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
      expect.stringMatching(/^\? Unknown {2}codex-made\.jsonl {2}Mend the tax rate {2}2 failures$/),
      expect.stringMatching(/^✓ Completed {2}copilot-cli\.jsonl {2}Can you add a hello world function/),
      expect.stringMatching(/^✓ Completed {2}rag {2}main {2}50\.6 s$/),
    ]);
    const { stdout } = await list(["--dir", "traces", "--json"]);
    expect(JSON.parse(stdout.split("\n", 1)[0] ?? "")).toMatchObject({
      id: "codex-made.jsonl",
      file: folder.join("traces", "codex-made.jsonl"),
    });
  });

  it("lists twenty, and says how many there are", async () => {
    for (let index = 0; index < 25; index++) await session(`s${String(index).padStart(2, "0")}`, index);
    const lines = await linesOf([]);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe("20 of 25 sessions; --all lists the rest");
    expect(await idsOf(["--limit", "2"])).toEqual(["s24", "s23"]);
    expect(await linesOf(["--all"])).toHaveLength(25);
    const { stdout } = await list(["--json"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(25);
  });

  it("lists those that failed, or those that run", async () => {
    await session("good", 1);
    await session("bad", 2, { summary: { status: "error" } });
    await session("crash", 3, { summary: { status: "crashed" } });
    const now = new Date();
    const open = {
      spanId: "r",
      parentSpanId: null,
      name: "run",
      kind: "session",
      status: "ok",
      startTime: now.getTime(),
    };
    const path = await session("live", 0, { endedAt: undefined, summary: { status: "running" }, spans: [open] });
    await utimes(path, now, now);
    expect(await idsOf(["--failed"])).toEqual(["crash", "bad"]);
    expect(await idsOf(["--running"])).toEqual(["live"]);
    expect(await idsOf([])).toEqual(["live", "crash", "bad", "good"]);
    expect((await linesOf(["--running", "--dir", join(folder.path, ".tracekeeper/traces")]))[0]).toMatch(/^● Running/);
  });

  it("says that there is none", async () => {
    await mkdir(folder.join("none"));
    expect(await linesOf(["--dir", "none"])).toEqual([`No session in ${folder.join("none")}`]);
    expect(await linesOf(["--dir", "none", "--failed"])).toEqual([`No failed session in ${folder.join("none")}`]);
  });

  it("prints one JSON object a session", async () => {
    await session("s", 1, {
      sessionId: "s/1",
      summary: { status: "error", error: "exit 1", totalTokens: 12, totalCost: 0.5 },
    });
    const { stdout } = await list(["--json"]);
    expect(JSON.parse(stdout)).toEqual({
      type: "session",
      id: "s",
      sessionId: "s/1",
      file: folder.join(".tracekeeper/traces/s.json"),
      state: "failed",
      error: "exit 1",
      title: "Title of s",
      startedAt: "2026-11-20T10:00:30.000Z",
      endedAt: "2026-11-20T10:01:00.000Z",
      durationMs: 30_000,
      modifiedAt: "2026-11-20T10:01:00.000Z",
      sizeBytes: expect.any(Number),
      totalTokens: 12,
      cost: 0.5,
      failedSteps: 0,
      openSteps: 0,
    });
  });

  it("counts the failures of a small file as its trace shows them, and knows none of one that was killed", async () => {
    const startMs = Date.parse("2026-11-20T09:59:30Z");
    const root = { spanId: "r", parentSpanId: null, name: "r", kind: "session", status: "error", startTime: startMs };
    const call = (spanId: string, atMs: number, status: string, command: string) => ({
      ...{ spanId, parentSpanId: "r", name: "bash", kind: "tool", status, input: { command } },
      ...{ startTime: startMs + atMs, endTime: startMs + atMs + 1 },
    });
    const calls = [
      call("a", 1, "error", "npm test"),
      call("b", 3, "ok", "npm test"),
      call("c", 5, "error", "npm run lint"),
    ];
    await session("ended", 0, {
      spans: [{ ...root, endTime: startMs + 30_000 }, ...calls],
      summary: { status: "error", error: "exit 1" },
    });
    const path = await session("killed", 0, {
      endedAt: undefined,
      spans: [{ ...root, status: "ok" }, ...calls],
      summary: { status: "running", failures: 1 },
    });
    await writeFile(path.replace(/json$/, "crash"), encodeCrashNote({ incarnation: 1, timeMs: startMs, reason: "no" }));
    const { stdout } = await list(["--json"]);
    const found = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found.map(({ id, state, failedSteps }) => [id, state, failedSteps]).sort()).toEqual([
      ["ended", "failed", 1],
      ["killed", "crashed", undefined],
    ]);
  });

  it("keeps to the columns of the screen, and cuts the id last", async () => {
    await session("a-session-with-a-long-name", 1, { metadata: { title: "漢字".repeat(100) } });
    for (const columns of [40, 60, 100]) {
      const { stdout } = await list([], { COLUMNS: String(columns) });
      const [line = ""] = stdout.split("\n");
      expect([...line].reduce((sum, character) => sum + (character >= "⺀" ? 2 : 1), 0)).toBeLessThanOrEqual(columns);
      expect(line).toContain("a-session-with-a-long-name");
    }
  });

  it("lets nothing in a title or a name act on the terminal", async () => {
    const bad = "\u001b[2J\u202e\u009b1m\r";
    await session(`s${process.platform === "win32" ? "" : bad}`, 1, { metadata: { title: bad } });
    for (const words of [[], ["--json"]]) {
      const { stdout } = await list(words);
      expect(stdout.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  it("lists a session of which a file can't be reached", async () => {
    await mkdir(folder.join(".tracekeeper/traces"), { recursive: true });
    await symlink("nowhere.json", folder.join(".tracekeeper/traces/lost.json"));
    expect((await linesOf([]))[0]).toContain("Its symbolic link points to nothing");
  });
});

describe("listSessions", () => {
  it("names a directory that it may not read", async () => {
    // Nothing is closed to root, as whom tests may run.
    const refused = Object.assign(new Error("EACCES: permission denied, scandir"), { code: "EACCES" });
    const access: FileAccess = { ...nodeFileAccess, list: () => Promise.reject(refused) };
    await expect(listSessions(folder.path, Date.now(), access)).rejects.toThrow("No permission to read it");
  });

  it("reads the ends of each file and nothing else, also of a thousand large sessions", async () => {
    const filler = "x".repeat(40_000);
    for (let index = 0; index < 1_000; index++) {
      await session(`s${index}`, index, { filler });
    }
    const readBytes = new Map<string, number>();
    const access: FileAccess = {
      ...nodeFileAccess,
      async open(path) {
        const file = await nodeFileAccess.open(path);
        return {
          ...file,
          async read(into, offsetBytes) {
            const count = await file.read(into, offsetBytes);
            readBytes.set(path, (readBytes.get(path) ?? 0) + count);
            return count;
          },
        };
      },
      watch() {
        throw new Error("A list watches nothing");
      },
    };
    const entries = await listSessions(folder.join(".tracekeeper/traces"), Date.now(), access);
    expect(entries).toHaveLength(1_000);
    expect(entries.every(({ state }) => state.status === "completed")).toBe(true);
    expect(readBytes.size).toBe(1_000);
    expect(Math.max(...readBytes.values())).toBeLessThanOrEqual(16_384);
  });
});
