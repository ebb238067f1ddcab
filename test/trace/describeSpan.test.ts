import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeSpan } from "../../src/trace/describeSpan";
import type { TraceSpan } from "../../src/trace/schema";
import { toolCall } from "../../src/trace/toolCall";

function span(parts: Partial<TraceSpan>): TraceSpan {
  return { spanId: "a", parentSpanId: null, name: "x", kind: "tool", startTime: 0, status: "ok", ...parts };
}

const label = (parts: Partial<TraceSpan>) => describeSpan(span(parts)).label;
const outcome = (parts: Partial<TraceSpan>) => describeSpan(span(parts)).outcome;

describe("the label of a tool call", () => {
  const calls: [tool: string, input: unknown, expected: string][] = [
    ["bash", { command: "npm test -- tax", description: "run" }, "npm test -- tax"],
    ["Bash", { command: "cat <<'EOF'\nhello\nEOF" }, "cat <<'EOF' hello EOF"],
    ["run_terminal_cmd", { command: "ls", is_background: false }, "ls"],
    ["execute_command", { command: "make" }, "make"],
    ["shell", { command: ["bash", "-lc", "npm test | tail"] }, "npm test | tail"],
    ["exec_command", { cmd: "git status" }, "git status"],
    ["local_shell_call", { command: ["git", "commit", "-m", "a b"] }, 'git commit -m "a b"'],
    ["read", { filePath: "/r/a.ts" }, "/r/a.ts"],
    ["Read", { file_path: "/r/a.ts", offset: 120, limit: 41 }, "/r/a.ts:120-160"],
    ["read_file", { target_file: "a.ts", start_line_one_indexed: 5, end_line_one_indexed_inclusive: 9 }, "a.ts:5-9"],
    ["view", { path: "/r/a.ts", view_range: [5, 9] }, "/r/a.ts:5-9"],
    ["str_replace_based_edit_tool", { command: "view", path: "/r/a.ts" }, "/r/a.ts"],
    ["edit", { filePath: "/r/a.ts", oldString: "a", newString: "b" }, "/r/a.ts"],
    ["MultiEdit", { file_path: "/r/a.ts", edits: [] }, "/r/a.ts"],
    ["Write", { file_path: "/r/a.ts", content: "x" }, "/r/a.ts"],
    [
      "apply_patch",
      { input: "*** Begin Patch\n*** Update File: a.ts\n@@\n-x\n+y\n*** Add File: b.ts\n+z" },
      "a.ts and 1 more",
    ],
    ["apply_patch", "*** Begin Patch\n*** Update File: a.ts\n", "a.ts"],
    ["read_many_files", { paths: ["a.ts", "b.ts", "c.ts"] }, "a.ts and 2 more"],
    ["grep", { pattern: "roundHalfEven", path: "src" }, "roundHalfEven in src"],
    ["Grep", { pattern: "x.*y", include: "*.ts" }, "x.*y in *.ts"],
    ["Glob", { pattern: "**/*.ts" }, "**/*.ts"],
    ["search_files", { path: "src", regex: "a+", file_pattern: "*" }, "a+ in src"],
    ["codebase_search", { query: "where is tax computed" }, "where is tax computed"],
    ["list_dir", { path: "src" }, "src"],
    ["webfetch", { url: "https://e.example/a", prompt: "read" }, "https://e.example/a"],
    ["web_search", { query: "vitest table tests" }, "vitest table tests"],
    ["sql_execute", { query: "\n  select order_id\nfrom a", warehouse: "dev" }, "select order_id"],
    ["task", { description: "Find callers", prompt: "long", subagent_type: "general" }, "Find callers"],
    ["Task", { prompt: "Find all callers\nof f" }, "Find all callers"],
    ["mcp__github__create_issue", { owner: "o", repo: "r", title: "Tax is off" }, "Tax is off"],
    [
      "todowrite",
      {
        todos: [
          { content: "a", status: "completed" },
          { content: "b", status: "in_progress" },
        ],
      },
      "1 of 2 done · b",
    ],
    [
      "unknown_tool",
      { limit: 3, deep: { list: [1, "two", null] } },
      '{"limit": 3, "deep": {"list": [1, "two", null]}}',
    ],
    ["unknown_tool", {}, ""],
    ["unknown_tool", undefined, ""],
    ["exec_command", '{"command":["ls","-la"]}', "ls -la"],
    ["custom", "first line\nsecond", "first line"],
    ["x", { _serialization_error: "circular" }, '{"_serialization_error": "circular"}'],
  ];
  it.each(calls)("of %s with %j is %j", (name, input, expected) => {
    expect(label({ name, input })).toBe(expected);
  });

  it("names each file of several replacements once", () => {
    const input = { replacements: [{ filePath: "a.ts" }, { filePath: "b.ts" }, { filePath: "a.ts" }] };
    expect(label({ name: "multi_replace_string_in_file", input })).toBe("a.ts and 1 more");
  });

  it("comes from attributes where instrumentation keeps the arguments", () => {
    const attributes = { "gen_ai.tool.name": "read_file", "gen_ai.tool.call.arguments": '{"path":"a.ts"}' };
    expect(label({ name: "execute_tool read_file", attributes })).toBe("a.ts");
  });
});

describe("the label of other spans", () => {
  const spans: [Partial<TraceSpan>, string][] = [
    [
      { kind: "generation", model: { modelId: "anthropic/claude-sonnet-4-5" }, output: "\nDone.\nMore" },
      "claude-sonnet-4-5 · Done.",
    ],
    [{ kind: "generation", model: { modelId: "gpt-5" }, finishReason: "stop" }, "gpt-5 · stop"],
    [{ kind: "generation", attributes: { "gen_ai.request.model": "gpt-5" } }, "gpt-5"],
    [{ kind: "generation", output: "hi" }, "hi"],
    [{ kind: "generation", output: [{ role: "assistant", content: "hi" }] }, "hi"],
    [{ kind: "user-message", input: "Fix it\nplease" }, "Fix it"],
    [{ kind: "text", output: "# Plan\n1." }, "# Plan"],
    [{ kind: "session", input: "The tax is off.\nWhy?" }, "The tax is off."],
    [{ kind: "session", attributes: { title: "Tax" }, input: "x" }, "Tax"],
    [{ kind: "span", input: { target: "dev" } }, '{"target": "dev"}'],
    [
      { kind: "span", attributes: { "url.full": "https://e.example/a", "http.request.method": "GET" } },
      "GET https://e.example/a",
    ],
    [{ kind: "span", attributes: { "db.query.text": "select 1\nfrom x" } }, "select 1"],
    [
      { kind: "span", name: "elided-1-2-of-5600", attributes: { elided: 600, totalSpans: 5600 } },
      "600 of 5,600 spans left out by the producer",
    ],
    [{ kind: "span", attributes: { "tracekeeper.skipped": "the condition x\ndoes not hold" } }, "the condition x"],
    [{ kind: "span" }, ""],
  ];
  it.each(spans)("%j reads %j", (parts, expected) => {
    expect(label(parts)).toBe(expected);
  });
});

describe("the outcome", () => {
  const outcomes: [string, Partial<TraceSpan>, string][] = [
    [
      "an exit code in the message",
      { status: "error", statusMessage: "Command failed with exit code 1\n\n FAIL" },
      "exit 1",
    ],
    ["of Python", { status: "error", statusMessage: "Command '['x']' returned non-zero exit status 2." }, "exit 2"],
    ["with a colon", { status: "error", output: { error: "oops\nExit code: 127" } }, "exit 127"],
    ["of a process", { status: "error", statusMessage: "process exited with code 3" }, "exit 3"],
    [
      "at the end of a long message",
      { status: "error", statusMessage: `${"x ".repeat(5_000)}\nexit status 9` },
      "exit 9",
    ],
    ["in an attribute", { attributes: { "process.exit.code": 4 } }, "exit 4"],
    ["in the output's fields", { output: { output: "x", metadata: { exit_code: 5 } } }, "exit 5"],
    ["of a shell call that counts as done", { name: "bash", output: "Exit code: 1\nx" }, "exit 1"],
    ["nothing from a file that talks about exit codes", { name: "read", output: "Exit code: 1" }, ""],
    ["nothing from output in which the words only occur", { name: "bash", output: "it said exit code 1 before" }, ""],
    ["nothing for exit 0", { name: "bash", output: { exitCode: 0 } }, ""],
    ["an HTTP status", { kind: "span", status: "error", attributes: { "http.response.status_code": 503 } }, "HTTP 503"],
    ["no HTTP status that is fine", { kind: "span", attributes: { "http.response.status_code": 200 } }, ""],
    ["a signal", { status: "error", statusMessage: "SIGTERM received" }, "SIGTERM"],
    ["a time-out", { status: "error", statusMessage: "The request timed out after 30 s" }, "timed out"],
    [
      "the error's class",
      { status: "error", statusMessage: "x", attributes: { "error.type": "java.net.ConnectException" } },
      "ConnectException",
    ],
    ["a step that was taken over", { kind: "span", attributes: { "tracekeeper.replayed": {} } }, "replayed"],
    [
      "a step that was taken over with its failure",
      { kind: "span", status: "error", statusMessage: "no", attributes: { "tracekeeper.replayed": {} } },
      "replayed",
    ],
    ["a step that was skipped", { kind: "span", attributes: { "tracekeeper.skipped": "the condition" } }, "skipped"],
    ["interrupted", { status: "error", interrupted: true, statusMessage: "exit code 1" }, "interrupted"],
    ["a plain error", { status: "error", statusMessage: "npm error code EUSAGE" }, "error"],
    ["an error without a word", { status: "error" }, "error"],
    ["an answer that was cut", { kind: "generation", finishReason: "length" }, "length limit"],
    ["a usual end", { kind: "generation", finishReason: "tool-calls" }, ""],
    ["an open span", { kind: "generation" }, ""],
  ];
  it.each(outcomes)("is %s", (_name, parts, expected) => {
    expect(outcome(parts)).toBe(expected);
  });
});

describe("describeSpan", () => {
  it("gives one harmless line of at most 200 characters for any span", () => {
    const value = fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 3 });
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant("a\u202e\nb\u0000".repeat(60)));
    const spans = fc.record({
      name: fc.oneof(text, fc.constantFrom("bash", "read", "edit", "grep", "task", "sql_execute", "apply_patch")),
      kind: fc.constantFrom("session", "generation", "tool", "text", "span", "user-message"),
      status: fc.constantFrom("ok", "error"),
      statusMessage: text,
      input: fc.oneof(
        value,
        text,
        fc.dictionary(
          fc.constantFrom("command", "path", "pattern", "query", "todos", "edits", "view_range"),
          fc.oneof(value, text),
        ),
      ),
      output: fc.oneof(value, text),
      finishReason: text,
      attributes: fc.dictionary(fc.constantFrom("error.type", "exit_code", "url.full", "title"), fc.oneof(value, text)),
    });
    fc.assert(
      fc.property(spans, (parts) => {
        const described = describeSpan(span(parts as Partial<TraceSpan>));
        for (const line of [described.label, described.outcome]) {
          expect(line.length).toBeLessThanOrEqual(200);
          expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]|\s\s/u);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("looks at little of a huge value", () => {
    let touched = 0;
    const input = new Proxy(
      Array.from({ length: 1_000_000 }, () => 1),
      {
        get(target, key, receiver) {
          touched++;
          return Reflect.get(target, key, receiver) as unknown;
        },
      },
    );
    expect(label({ name: "odd", input: { values: input } })).toHaveLength(200);
    expect(touched).toBeLessThan(1_000);
  });
});

describe("toolCall", () => {
  it.each([
    ["mcp__github__create_issue", "github/create_issue", "other"],
    ["functions.exec_command", "exec_command", "shell"],
    ["mcp__fs__read_file", "fs/read_file", "read"],
    ["MultiEdit", "MultiEdit", "edit"],
    ["str_replace_editor", "str_replace_editor", "edit"],
    ["run_in_terminal", "run_in_terminal", "shell"],
    ["constructor", "constructor", "other"],
  ])("reads the name %s", (name, expected, action) => {
    expect(toolCall(span({ name }))).toMatchObject({ name: expected, action });
  });
});
