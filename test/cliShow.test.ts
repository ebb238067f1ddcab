// `tracekeeper show` as a person runs it: on recorded, damaged and made-up sessions.
import { once } from "node:events";
import { cp, mkdir, readFile, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { repositoryRoot } from "../scripts/lib/paths.mjs";
import { encodeRecord } from "../src/trace/journalFrame";
import type { JournalRecord } from "../src/trace/journalRecord";
import type { TraceSpan } from "../src/trace/schema";
import { type BuiltCli, buildCli, resultOf } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

const fixtures = join(repositoryRoot, "test/fixtures/trace-v2");
const startMs = Date.parse("2026-11-20T10:00:00Z");
/** What would act on a terminal; the line feeds between lines aside. */
const acting = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

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

function show(words: readonly string[], env: Readonly<Record<string, string>> = { COLUMNS: "100" }) {
  return cli.run(["show", ...words], { cwd: folder.path, env });
}

async function linesOf(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<string[]> {
  const { code, stdout, stderr } = await show(words, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

function step(spanId: string, more: Partial<TraceSpan> = {}): TraceSpan {
  return {
    spanId,
    parentSpanId: "root",
    name: "read",
    kind: "tool",
    startTime: startMs + 1_000,
    endTime: startMs + 3_500,
    status: "ok",
    ...more,
  };
}

const root = step("root", {
  parentSpanId: null,
  name: "run",
  kind: "session",
  startTime: startMs,
  endTime: startMs + 60_000,
});

/** Writes a session into the default directory and returns the path of its file. */
function session(id: string, spans: readonly TraceSpan[], more: object = {}): Promise<string> {
  const trace = {
    version: 2,
    traceId: "t",
    sessionId: id,
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(startMs + 60_000).toISOString(),
    metadata: { title: "A run" },
    spans,
    summary: { status: "completed" },
    ...more,
  };
  return folder.write(`.tracekeeper/traces/${id}.json`, JSON.stringify(trace));
}

/** The journal of a session of a machine that is not this one. */
function journal(records: readonly JournalRecord[], sessionId = "s"): Buffer {
  const writer = { instance: "abcd1234", host: "another-host", pid: 1 };
  const trace = { traceId: "t", sessionId };
  const header = { t: "header", format: "tracekeeper-journal", version: 1, incarnation: 1, writer, trace } as const;
  return Buffer.concat(
    [header, ...records].map((record, seq) => encodeRecord(record, { seq, wallMs: startMs, monoMs: seq, tag: "abcd" })),
  );
}

describe("tracekeeper show of another program's file", () => {
  const transcripts = join(repositoryRoot, "test/fixtures/transcripts");

  it("shows it by its path, its name, and the beginning of that", async () => {
    await cp(join(transcripts, "codex-made.jsonl"), folder.join("traces", "rollout-1.jsonl"));
    const shown = await linesOf(["traces/rollout-1.jsonl"]);
    expect(shown[0]).toBe("? Unknown  Mend the tax rate");
    expect(shown.join("\n")).toContain("Last failure that was not made good  tickets/search  tax rate");
    for (const name of ["rollout-1.jsonl", "roll"]) expect(await linesOf(["--dir", "traces", name])).toEqual(shown);
  });

  it("shows a session of Claude Code with its sub-agents, and OpenTelemetry traces whatever their file is called", async () => {
    const line = (type: string, second: number, content: unknown, more: object = {}) => ({
      type,
      uuid: `${type}-${second}`,
      sessionId: "s1",
      timestamp: new Date(startMs + second * 1000).toISOString(),
      message: { role: type, content },
      ...more,
    });
    const call = { type: "tool_use", id: "t1", name: "Task", input: { prompt: "Find it", subagent_type: "explorer" } };
    const jsonl = (...lines: readonly object[]) => lines.map((each) => `${JSON.stringify(each)}\n`).join("");
    const path = await folder.write("p/s1.jsonl", jsonl(line("user", 0, "Go"), line("assistant", 1, [call])));
    const side = { isSidechain: true, agentId: "a1" };
    await folder.write("p/s1/subagents/agent-a1.jsonl", jsonl(line("user", 2, "Find it", side)));
    expect((await linesOf([path])).join("\n")).toMatch(/Task .*\n.*agent explorer/);
    const otlp = join(repositoryRoot, "test/fixtures/otlp/agent-prism-rag-earnings.json");
    await cp(otlp, folder.join("any.txt"));
    expect((await linesOf(["any.txt"])).slice(0, 1)).toEqual(["✓ Completed  main"]);
  });

  it("says of a file that nobody can read what is wrong with it", async () => {
    const path = await folder.write("some.jsonl", '{"a":1}\n');
    const { code, stderr } = await show([path]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^tracekeeper: .*not a trace/) });
  });
});

describe("tracekeeper show", () => {
  it("tells where a failed session failed before it draws the tree", async () => {
    await cp(join(fixtures, "ses_failed_dbt_build.json"), folder.join("run.json"));
    const { code, stdout, stderr } = await show(["run.json"], { COLUMNS: "80" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`${failedDbtBuild.trim()}\n`);
  });

  it("draws what was made good faintly and says so, and marks no step as the failing one", async () => {
    const path = join(fixtures, "ses_completed_tax_rounding.json");
    const lines = await linesOf([path], { COLUMNS: "100", FORCE_COLOR: "1" });
    expect(lines.join("\n")).not.toContain("failing step");
    const line = lines.find((candidate) => candidate.includes("exit 1, recovered"));
    expect(line).toContain("\u001b[2mbash\u001b[0m");
    expect(line).toContain("\u001b[2mls -la src\u001b[0m");
  });

  it("names the step in which a crashed session stopped", async () => {
    const lines = await linesOf([join(fixtures, "ses_crashed_migration.json")]);
    expect(lines[0]).toBe("✗ Crashed  Migrate warehouse");
    expect(lines).toContain("  SIGTERM received during long session");
    expect(lines.join("\n")).toContain("In progress when it stopped  generation-step-7");
    expect(lines.filter((line) => line.includes("◀"))).toEqual([
      expect.stringMatching(/└─ ● generation-step-7 .*◀ in progress when the process died$/),
    ]);
  });

  it("does not believe a session that says it completed and never ended", async () => {
    const lines = await linesOf([join(fixtures, "ses_live_refactor.json")]);
    expect(lines[0]).toBe("? Unknown  Refactor router");
    expect(lines.join("\n")).toContain("claims “completed”, but its root span has no end");
    expect(lines.join("\n")).toMatch(/● ses_live_refactor .* no end recorded/);
  });

  it("tells of a call that was repeated again and again", async () => {
    const lines = await linesOf([join(fixtures, "ses_loop_same_call.json")]);
    expect(lines).toContain("  bash npm ci was called 8 times with the same input");
    expect(lines.join("\n")).toMatch(/7 more failures: tracekeeper show \S+ses_loop_same_call\.json --failures/);
  });

  it("shows interrupted steps as such and counts them as no failure", async () => {
    await session("s", [root, step("a", { status: "error", interrupted: true, statusMessage: "restart" })]);
    const text = (await linesOf(["s"])).join("\n");
    expect(text).toMatch(/└─ ⊘ read +interrupted +2\.5 s/);
    expect(text).not.toMatch(/fail/i);
  });

  it("prints the last lines of a program's output, and all of it on request", async () => {
    const output = step("out", { kind: "text", name: "output", attributes: { "tracekeeper.output": true } });
    const burst = (spanId: string, stream: string, text: string, lines: number, continues = false): TraceSpan =>
      step(spanId, {
        parentSpanId: "out",
        kind: "text",
        output: text,
        attributes: {
          "tracekeeper.output": { stream, bytes: Buffer.byteLength(text), continues, times: Array(lines).fill(0) },
        },
      });
    const numbered = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    await session("s", [
      root,
      output,
      burst("b1", "stdout", `${numbered.join("\n")}\nhalf a `, 21),
      burst("b2", "stderr", "\u001b[31mwarning\u001b[0m\u001b[2J\n", 1),
      burst("b3", "stdout", "line\n10%\r20%\rdone\n", 1, true),
    ]);
    const short = await linesOf(["s"]);
    expect(short.slice(short.findIndex((line) => line.includes("output")))).toEqual([
      expect.stringMatching(/^└─ ✓ output /),
      "   ⋮  23 lines, 197 B, 15 lines before these; --full prints all",
      ...numbered.slice(-5).map((line) => `   │  ${line}`),
      "   │  half a line",
      "   │  warning",
      "   │  done",
    ]);
    const full = await linesOf(["s", "--full"]);
    expect(full.filter((line) => line.startsWith("   │  line"))).toHaveLength(20);
  });

  it("prints the tail of what the failing step printed, with its place in the source", async () => {
    const printed = Array.from({ length: 30 }, (_, index) => `out ${index + 1}`);
    printed.push("TypeError: x is not a function", "    at main (/repo/src/app.js:12:7)");
    await session(
      "s",
      [
        { ...root, status: "error" },
        step("a", {
          name: "command",
          status: "error",
          statusMessage: "exit 3",
          input: { command: "node app.js" },
          output: printed.join("\n"),
        }),
      ],
      { summary: { status: "error", error: "exit 3" } },
    );
    const text = (await linesOf(["s"])).join("\n");
    expect(text).toMatch(/✗ Failing step {2}command {2}node app\.js +exit 3 {2}\+0:01\.000 {2}2\.5 s/);
    expect(text).toContain("  at /repo/src/app.js:12:7");
    expect(text).toContain("  output, lines 21 to 32 of 32; --full prints all:\n  │ out 21\n");
    expect(text).toContain("  │     at main (/repo/src/app.js:12:7)\n");
    expect((await linesOf(["s", "--full"])).join("\n")).toContain("  │ out 1\n");
  });
});

describe("what show elides", () => {
  const many = () => [root, ...Array.from({ length: 1_000 }, (_, index) => step(`s${index}`))];

  it("is counted, and printed with --full", async () => {
    await session("s", many());
    const lines = await linesOf(["s"]);
    expect(lines).toContain("├─ ⋮ 997 more read");
    expect(lines.filter((line) => line.includes("✓ read"))).toHaveLength(3);
    expect((await linesOf(["s", "--full"])).filter((line) => line.includes("✓ read"))).toHaveLength(1_000);
  });

  it("is what lies deeper than --depth", async () => {
    await session("s", [root, step("a", { name: "build" }), step("b", { parentSpanId: "a", name: "compile" })]);
    const lines = await linesOf(["s", "--depth", "1"]);
    expect(lines.join("\n")).toMatch(/└─ ✓ build {2}\+1 step +2\.5 s/);
    expect(lines.join("\n")).not.toContain("compile");
  });

  it("leaves a page of a hundred thousand steps", async () => {
    const spans = [root];
    for (let index = 1; index < 100_000; index++) {
      const isGeneration = index % 20 === 1;
      const parentSpanId = isGeneration ? "root" : `s${index - ((index - 1) % 20)}`;
      spans.push(
        step(`s${index}`, isGeneration ? { kind: "generation" } : { parentSpanId, name: `tool-${index % 7}` }),
      );
    }
    await session("s", spans);
    const lines = await linesOf(["s"]);
    expect(lines.length).toBeLessThan(320);
    expect(lines.join("\n")).toContain("4,997 more generations, 99,940 steps in all");
  });

  it("is not the number of a step thousands of levels below the top", async () => {
    const spans = [root];
    for (let index = 0; index < 3_000; index++) {
      spans.push(step(`s${index}`, { parentSpanId: index === 0 ? "root" : `s${index - 1}`, name: `level ${index}` }));
    }
    await session("s", spans);
    const lines = await linesOf(["s", "--full"]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(140);
    expect(lines.at(-1)).toMatch(/\+2988 └─ ✓ level 2999/);
  });
});

describe("the screen of show", () => {
  it("is never exceeded, also by characters that take two columns", async () => {
    const wide = "漢字かな".repeat(40);
    await session(
      "s",
      [
        { ...root, status: "error" },
        step("a", {
          name: wide,
          input: { command: `${wide} --flag` },
          status: "error",
          statusMessage: `${wide}\n${"x".repeat(500)}`,
        }),
      ],
      { metadata: { title: wide }, summary: { status: "error", error: wide } },
    );
    for (const columns of [40, 60, 79, 120]) {
      for (const words of [["s"], ["s", "--failures"]]) {
        const lines = await linesOf(words, { COLUMNS: String(columns) });
        // Told by hand: everything from the CJK radicals on is wide here, and everything before is not.
        const widths = lines.map((line) => [...line].reduce((sum, character) => sum + (character >= "⺀" ? 2 : 1), 0));
        expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it("ends at the right edge with the durations", async () => {
    await session("s", [root, step("a"), step("b", { endTime: startMs + 1_012 })]);
    const lines = await linesOf(["s"], { COLUMNS: "60" });
    expect(lines.slice(-3).map((line) => line.length)).toEqual([60, 60, 60]);
    expect(lines.at(-1)).toMatch(/ {4}12 ms$/);
  });

  it("has no colours in a pipe, and no control characters whatever the trace holds", async () => {
    const bad = "\u001b]0;owned\u0007\u001b[2J\r\n\u202e\u0085\u009b1m";
    const spans = [
      { ...root, name: bad, status: "error" as const },
      step("a", {
        name: bad,
        input: { command: bad },
        status: "error",
        statusMessage: bad,
        output: bad,
        attributes: { "code.file.path": `/a${bad}.ts` },
      }),
      step("b", { kind: "generation", model: { modelId: bad }, finishReason: bad, parentSpanId: bad }),
    ];
    await session("s", spans, {
      sessionId: bad,
      metadata: { title: bad, agent: bad, model: bad },
      summary: { status: "error", error: bad },
    });
    for (const words of [["s"], ["s", "--full"], ["s", "--failures"], ["s", "--json", "--full"]]) {
      for (const line of await linesOf(words)) expect(line).not.toMatch(acting);
    }
    const errors = await show([`no${bad}such`]);
    expect(errors.stderr.trimEnd()).not.toMatch(acting);
  });

  it("colours for whom FORCE_COLOR asks, unless --no-color takes it back", async () => {
    await session("s", [root, step("a")]);
    const { stdout } = await show(["s"], { FORCE_COLOR: "1" });
    expect(stdout).toContain("\u001b[32m✓\u001b[0m");
    expect((await show(["s", "--no-color"], { FORCE_COLOR: "1" })).stdout).not.toContain("\u001b");
  });

  it("may be left before its end", async () => {
    await session("s", [root, ...Array.from({ length: 20_000 }, (_, index) => step(`s${index}`))]);
    const child = cli.start(["show", "s", "--full"], { cwd: folder.path });
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await resultOf(child)).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("the session of show", () => {
  it("is found by its id, by the beginning of that, and by the path of any of its files", async () => {
    await folder.write(".tracekeeper/traces/other.json", "{}");
    const directory = ".tracekeeper/traces";
    const begin: JournalRecord = {
      t: "begin",
      span: { spanId: "root", parentSpanId: null, name: "the run", kind: "session", status: "ok" },
    };
    await folder.write(`${directory}/ses_42.1.journal.ndjson`, journal([begin], "ses/42"));
    await folder.write(`${directory}/ses_42.live`, "{}\n");
    await folder.write(`${directory}/ses_42.seen`, "");
    await folder.write(`${directory}/ses_42.json.tmp.1.2.x`, "{");
    await folder.write(`${directory}/ses_42.1.journal.ndjson.damaged`, "torn");
    await folder.write(`${directory}/ses_42.json.replaced.2`, "{}");
    const files = [
      "json",
      "1.journal.ndjson",
      "live",
      "seen",
      "json.tmp.1.2.x",
      "1.journal.ndjson.damaged",
      "json.replaced.2",
    ];
    for (const word of ["ses_42", "ses/42", "ses", ...files.map((end) => `${directory}/ses_42.${end}`)]) {
      expect((await linesOf([word])).join("\n")).toContain("the run");
    }
  });

  it("is looked up where --dir says", async () => {
    await rename(await session("abc", [root]), folder.join("abc.json"));
    await mkdir(folder.join("traces"));
    await rename(folder.join("abc.json"), folder.join("traces/abc.json"));
    expect((await linesOf(["--dir", "traces", "ab"]))[0]).toBe("✓ Completed  A run");
  });

  it("is an exact id before it is the beginning of another, and the producer's id before a similar file name", async () => {
    await session("run", [root], { sessionId: "a name of its own", metadata: { title: "exact" } });
    await session("run-2", [root], { metadata: { title: "longer" } });
    await session("a_b", [root], { metadata: { title: "with underscore" } });
    await session("a_b~12345678", [root], { sessionId: "a/b", metadata: { title: "with slash" } });
    expect((await linesOf(["run"]))[0]).toContain("exact");
    expect((await linesOf(["a/b"]))[0]).toContain("with slash");
    expect((await linesOf(["a_b"]))[0]).toContain("with underscore");
  });

  it.each([
    ["r", /^tracekeeper: "r" is the beginning of 7 sessions: r0, r1, r2, r3, r4 and 2 more$/],
    ["missing", /^tracekeeper: There is no session "missing" in \S+traces$/],
    [".tracekeeper", /^tracekeeper: \.tracekeeper: It is a directory/],
    ["empty.json", /^tracekeeper: \S+empty\.json, byte 0: The file is empty$/],
    ["list.json", /^tracekeeper: \S+list\.json: The file is not a trace: it holds a list/],
    ["page.html", /^tracekeeper: \S+page\.html.*HTML or XML/],
  ])("can't be %s: one line on stderr and exit code 1", async (word, message) => {
    for (let index = 0; index < 7; index++) await session(`r${index}`, [root]);
    await folder.write("empty.json", "");
    await folder.write("list.json", "[1]");
    await folder.write("page.html", "<html></html>");
    const { code, stdout, stderr } = await show([word]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.trimEnd()).toMatch(message);
  });

  it("may have been lost down to a part, and then the part is shown with the byte at which it ends", async () => {
    const truncated = (await linesOf([join(fixtures, "ses_damaged_truncated.json")])).join("\n");
    expect(truncated).toContain("? Unknown  Fix tax rounding");
    expect(truncated).toMatch(
      /ses_damaged_truncated\.json, byte 50,972: The file ends too early, after 50,972\s+bytes/,
    );
    const padded = (await linesOf([join(fixtures, "ses_damaged_nul_tail.json")])).join("\n");
    expect(padded).toMatch(/byte 43,690: The file ends too early: 4,096 NUL bytes/);
  });

  it("is put together from its journal, and what that lost is said", async () => {
    const begin = (spanId: string, name: string): JournalRecord => ({
      t: "begin",
      span: {
        spanId,
        parentSpanId: spanId === "root" ? null : "root",
        name,
        kind: spanId === "root" ? "session" : "tool",
        status: "ok",
      },
    });
    const bytes = journal([begin("root", "run"), begin("a", "first"), begin("b", "second")]);
    const torn = Buffer.concat([bytes, Buffer.from('{ "s":4,"w":17')]);
    await folder.write(".tracekeeper/traces/s.1.journal.ndjson", torn);
    await folder.write(
      ".tracekeeper/traces/s.crash",
      '{"incarnation":1}\n{"timeMs":1795168800000,"reason":"out of memory"}\n',
    );
    const text = (await linesOf(["s"])).join("\n");
    expect(text).toContain("✗ Crashed  s");
    expect(text).toContain("recovered 3 records, 1 lost");
    expect(text).toContain("out of memory");
    expect(text).toContain("In progress when it stopped  second");
    expect(text).toMatch(new RegExp(`s\\.1\\.journal\\.ndjson, byte ${bytes.length}`.replace(/(\d)(\d{3})$/, "$1,$2")));
  });

  it("opens from any part of a file without a word that is not ours", async () => {
    const whole = await readFile(join(fixtures, "ses_failed_dbt_build.json"));
    const cuts = fc.sample(fc.nat(whole.length), { numRuns: 12, seed: 4 });
    for (const at of cuts) {
      const path = await folder.write(`cut-${at}.json`, whole.subarray(0, at));
      const { code, stdout, stderr } = await show([path]);
      expect(code === 0 ? stderr : stdout).toBe("");
      expect(code === 0 ? stdout : stderr).toContain(basename(path));
      if (code !== 0) expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 1, lines: 1 });
    }
  });
});

describe("tracekeeper show --failures", () => {
  it("tells each failure in full, the failing step first and the recovered ones last", async () => {
    const failure = (spanId: string, path: string, message: string, offsetMs: number): TraceSpan =>
      step(spanId, {
        status: "error",
        statusMessage: message,
        input: { path },
        startTime: startMs + offsetMs,
        endTime: startMs + offsetMs + 5,
      });
    await session(
      "s",
      [
        { ...root, status: "error" },
        failure("a", "a.ts", "made good", 10),
        failure("b", "b.ts", "Error: early\n    at f (/repo/src/b.ts:3:4)", 20),
        failure("c", "c.ts", "late", 30),
        step("d", { input: { path: "a.ts" }, startTime: startMs + 40, endTime: startMs + 50 }),
      ],
      { summary: { status: "error", error: "late" } },
    );
    const lines = await linesOf(["s", "--failures"]);
    const heads = lines.filter((line) => line.includes("read")).map((line) => line.replace(/ +/g, " "));
    expect(heads).toEqual([
      expect.stringContaining("✗ Failing step read c.ts error"),
      expect.stringContaining("✗ read b.ts error"),
      expect.stringContaining("✗ read a.ts recovered"),
    ]);
    expect(lines).toContain("  at /repo/src/b.ts:3:4");
    expect(lines.join("\n")).not.toContain("└─");
  });

  it("says so where none failed", async () => {
    await session("s", [root]);
    expect(await linesOf(["s", "--failures"])).toContain("No step failed");
  });
});

describe("tracekeeper show --json", () => {
  it("prints the session, its steps in the order of the tree, and the problems of its files", async () => {
    const path = join(fixtures, "ses_damaged_nul_tail.json");
    const objects = (await linesOf(["--json", path])).map((line) => JSON.parse(line));
    const steps = objects.filter(({ type }) => type === "step");
    expect(objects[0]).toMatchObject({
      type: "session",
      id: "ses_damaged_nul_tail",
      sessionId: "ses_completed_tax_rounding",
      file: path,
      state: "unknown",
      title: "Fix tax rounding",
      startedAt: "2026-11-20T09:30:00.000Z",
      steps: steps.length,
      failures: 1,
      failingStep: { rule: "last-unrecovered" },
      problems: 1,
    });
    const { spanId } = objects[0].failingStep;
    expect(steps.find((one) => one.failingStep === true)).toMatchObject({
      spanId,
      name: "bash",
      label: "ls -la src",
      status: "failed",
      failure: "counts",
      outcome: "exit 1",
      depth: 2,
      durationMs: 3034.091,
      places: [{ path: "/repo/test/billing/tax.test.ts", line: 41, column: 23, origin: "stack" }],
    });
    expect(objects.at(-1)).toMatchObject({
      type: "problem",
      code: "nul-bytes",
      severity: "error",
      offsetBytes: 43_690,
    });
    expect(objects.some(({ input }) => input !== undefined)).toBe(false);
  });

  it("holds inputs and outputs with --full, and failures alone with --failures", async () => {
    const path = join(fixtures, "ses_failed_dbt_build.json");
    const full = (await linesOf(["--json", "--full", path])).map((line) => JSON.parse(line));
    expect(full.some(({ input, output }) => input !== undefined && output !== undefined)).toBe(true);
    const failures = (await linesOf(["--json", "--failures", path])).map((line) => JSON.parse(line));
    expect(failures.map(({ type, name }) => name ?? type)).toEqual(["session", "glob", "dbt.parse"]);
  });

  it("tells steps of a playbook that were not run from those that ran", async () => {
    const taken = step("build", { kind: "span", name: "Build", attributes: { "tracekeeper.replayed": {} } });
    const skipped = { "tracekeeper.skipped": "the condition params.fast does not hold" };
    await session("resumed", [
      root,
      { ...taken, endTime: taken.startTime },
      step("check", { kind: "span", name: "Check" }),
      step("tell", { kind: "span", name: "Tell", endTime: taken.startTime, attributes: skipped }),
    ]);
    const lines = (await linesOf(["resumed"])).filter((line) => /Build|Check|Tell/.test(line));
    expect(lines.map((line) => line.replaceAll(/ +/g, " ").trim())).toEqual([
      "├─ ↷ Build replayed",
      "├─ ✓ Check 2.5 s",
      "└─ ↷ Tell the condition params.fast does not hold skipped",
    ]);
    const steps = (await linesOf(["resumed", "--json"])).map((line) => JSON.parse(line)).slice(1);
    expect(steps.map(({ status, outcome }) => [status, outcome])).toEqual([
      ["ok", undefined],
      ["ok", "replayed"],
      ["ok", undefined],
      ["ok", "skipped"],
    ]);
  });
});

const failedDbtBuild = `
✗ Failed  Build revenue mart
  32.1 s · 158,923 tokens · $0.07 · 4 model calls · 11 tool calls · 2 failures
  started 2026-11-20 10:31:13 · ses_failed_dbt_build · build ·
  anthropic/claude-sonnet-4-5
  run.json
  dbt build failed: 1 of 14 models errored

✗ Failing step  dbt.parse  {"target": "dev"}            error  +0:31.195  800 ms
  at models/marts/fct_revenue.sql:12
  parse failed
  1 more failure: tracekeeper show run.json --failures

✗ ses_failed_dbt_build  Build fct_revenue and make the tests pas…  error  32.1 s
├─ ✓ user-message  Build fct_revenue and make the tests pass.
├─ ✓ generation-step-1  claude-sonnet-4-5 · Now I will run the tests ag…   6.8 s
│  ├─ ✓ grep  roundHalfEven in src                                        210 ms
│  └─ ✓ sql_execute  select order_id, sum(amount) as revenue              486 ms
├─ ✓ generation-step-2  claude-sonnet-4-5 · Let me look at how tax roun…   6.4 s
│  ├─ ✓ grep  roundHalfEven in src                                        661 ms
│  ├─ ✓ read  /repo/src/billing/tax.ts:116                                527 ms
│  ├─ ✓ bash  npx tsc --noEmit                                            127 ms
│  ├─ ✓ glob  /repo/src/billing/tax.ts:38                                 283 ms
│  ├─ ✓ read  /repo/src/billing/invoice.ts:4                              812 ms
│  └─ ✓ edit  /repo/src/billing/tax.ts                                     1.2 s
├─ ✓ generation-step-3  claude-sonnet-4-5 · Let me look at how tax roun…   6.3 s
│  └─ ✓ bash  npx tsc --noEmit                                            721 ms
├─ ✓ generation-step-4  claude-sonnet-4-5 · Let me look at how tax roun…   3.2 s
│  ├─ ✗ glob  /repo/src/api/router.ts:148                          error   1.4 s
│  └─ ✓ sql_execute  select order_id, sum(amount) as revenue              299 ms
└─ ✗ dbt.parse  {"target": "dev"}                  error  ◀ failing step  800 ms
`;
