import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editChanges } from "../../src/trace/editDiff";
import { messageText } from "../../src/trace/messageText";
import { payloadView, shownPayloadLength, wholePayload } from "../../src/trace/payloadView";
import type { TraceSpan } from "../../src/trace/schema";
import { rawSpan, spanDetails } from "../../src/trace/spanDetails";
import { toolCall } from "../../src/trace/toolCall";
import { madeUp, sample } from "./traceSamples";

function span(parts: Partial<TraceSpan>): TraceSpan {
  return { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 1_000, status: "ok", ...parts };
}

describe("the details of a failed call", () => {
  const { trace, columns } = sample("ses_completed_tax_rounding");
  const failed = trace.spans[16] as TraceSpan;
  const details = spanDetails(failed, { columns, row: 16 });

  it("hold the error, the place and the command", () => {
    expect(details).toMatchObject({
      title: "bash",
      label: "ls -la src",
      outcome: "exit 1",
      kind: "tool",
      status: "failed",
      error: { message: failed.statusMessage, totalLength: failed.statusMessage?.length },
      places: [{ path: "/repo/test/billing/tax.test.ts", line: 41, column: 23 }],
      input: { type: "text", text: "ls -la src", totalLength: 10 },
      inputFields: [{ name: "description", type: "text", text: "run", totalLength: 3 }],
      callId: "toolu_e5kout",
    });
  });

  it("do not repeat the error as output", () => {
    expect(details.output).toEqual({ type: "empty", text: "", totalLength: 0 });
  });

  it("count time from the start of the trace", () => {
    const start = trace.spans[0]?.startTime ?? 0;
    expect(details.offsetMs).toBe(failed.startTime - start);
    expect(details.durationMs).toBeCloseTo(3_034.09, 1);
    expect(spanDetails(failed).offsetMs).toBeUndefined();
    expect(spanDetails(failed, { startMs: start + 1 }).offsetMs).toBe(failed.startTime - start - 1);
  });
});

describe("the details of other spans", () => {
  it("of an answer: its words, calls, tokens, cost and model", () => {
    const { trace, columns } = sample("ses_completed_tax_rounding");
    const details = spanDetails(trace.spans[6] as TraceSpan, { columns, row: 6 });
    expect(details.output).toEqual({
      type: "markdown",
      text: "The model compiles; checking row counts.",
      totalLength: 40,
    });
    expect(details.calls.map((call) => `${call.row} ${call.name} ${call.label}`).slice(0, 2)).toEqual([
      "7 glob /repo/src/billing/tax.ts:97",
      "8 sql_execute select order_id, sum(amount) as revenue",
    ]);
    expect(details.tokens?.total).toBe(trace.spans[6]?.tokens?.total);
    expect(details.cost).toBe(trace.spans[6]?.cost);
    expect(details.model).toEqual({ id: "anthropic/claude-sonnet-4-5", provider: "anthropic", variant: undefined });
    expect(details.finishReason).toBe("tool-calls");
  });

  it("name the calls that only the producer tells of", () => {
    const details = spanDetails(span({ kind: "generation", output: "[tool calls: bash, read]" }));
    expect(details.calls.map((call) => [call.row, call.name])).toEqual([
      [undefined, "bash"],
      [undefined, "read"],
    ]);
    expect(details.output.type).toBe("empty");
  });

  it("invent nothing for an open or interrupted span", () => {
    const open = spanDetails(span({ startTime: Number.NaN }));
    expect([open.status, open.startMs, open.endMs, open.durationMs, open.cost, open.tokens, open.error]).toEqual([
      "open",
      ...Array(6).fill(undefined),
    ]);
    expect(spanDetails(span({ status: "error", interrupted: true })).status).toBe("interrupted");
    expect(spanDetails(span({ endTime: 500 })).durationMs).toBeUndefined();
  });

  it("hold exceptions of events, and what is known of the error's class", () => {
    const event = {
      name: "exception",
      timeMs: 5,
      attributes: {
        "exception.type": "E",
        "exception.message": "boom",
        "exception.stacktrace": "E: boom\n    at f (/r/a.ts:1:2)",
      },
    };
    const details = spanDetails(span({ kind: "span", status: "error", events: [event] }));
    expect(details.error).toEqual({
      message: "boom",
      totalLength: 4,
      type: "E",
      stack: event.attributes["exception.stacktrace"],
    });
    expect(details.places).toMatchObject([{ path: "/r/a.ts", line: 1 }]);
    expect(details.events[0]?.attributes.map((entry) => entry.name)).toEqual(Object.keys(event.attributes));
  });

  it("type the attributes and cut the long ones", () => {
    const attributes = { text: "x".repeat(20_000), number: 3, flag: true, list: [1, { a: 2 }], nothing: null };
    const { attributes: entries } = spanDetails(span({ attributes }));
    expect(entries.map((entry) => [entry.name, entry.type, entry.text.length, entry.totalLength])).toEqual([
      ["text", "text", 16_384, 20_000],
      ["number", "number", 1, 1],
      ["flag", "boolean", 4, 4],
      ["list", "json", 27, 27],
      ["nothing", "null", 4, 4],
    ]);
  });

  it("tell how much was left out of a span with too much", () => {
    const events = Array.from({ length: 700 }, (_, index) => ({ name: "e", timeMs: index }));
    const attributes = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`a${index}`, index]));
    const details = spanDetails(span({ events, attributes }));
    expect([details.events.length, details.attributes.length, details.leftOut]).toEqual([500, 1_000, 700]);
  });

  it("are plain data for any span", () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const spans = fc.record({
      kind: fc.constantFrom("session", "generation", "tool", "text", "span", "user-message"),
      name: fc.constantFrom("bash", "edit", "write", "read", "apply_patch", "sql", "x"),
      status: fc.constantFrom("ok", "error"),
      input: fc.oneof(
        value,
        fc.dictionary(fc.constantFrom("command", "path", "content", "edits", "newString", "patch", "query"), value),
      ),
      output: fc.oneof(value, fc.dictionary(fc.constantFrom("error", "output", "content", "metadata"), value)),
      attributes: fc.dictionary(fc.constantFrom("exit_code", "code.file.path", "gen_ai.output.messages", "x"), value),
    });
    fc.assert(
      fc.property(spans, (parts) => {
        const details = spanDetails(span(parts as Partial<TraceSpan>));
        expect(JSON.parse(JSON.stringify(details))).toEqual(JSON.parse(JSON.stringify(structuredClone(details))));
        for (const view of [details.input, details.output])
          expect(view.text.length).toBeLessThanOrEqual(view.totalLength);
        expect(JSON.parse(rawSpan(span(parts as Partial<TraceSpan>)))).toMatchObject({ spanId: "a" });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the view of an input", () => {
  const views: [name: string, parts: Partial<TraceSpan>, type: string, text: string][] = [
    ["a command", { input: { command: "ls", timeout: 5 } }, "text", "ls"],
    ["a written file", { name: "write", input: { filePath: "a.ts", content: "x\ny" } }, "text", "x\ny"],
    ["a query", { name: "sql_execute", input: { query: "select 1\n" } }, "text", "select 1\n"],
    ["other arguments", { name: "grep", input: { pattern: "x" } }, "json", '{\n  "pattern": "x"\n}'],
    ["a prompt", { kind: "session", input: "Fix it" }, "text", "Fix it"],
    ["JSON as text", { name: "x", input: '{"a":1}' }, "json", '{"a":1}'],
    ["a log line that starts like JSON", { kind: "span", input: "[info] started" }, "text", "[info] started"],
    ["no arguments", { name: "x", input: {} }, "empty", ""],
    ["nothing", { name: "x" }, "empty", ""],
    ["an attribute", { kind: "span", attributes: { "input.value": "hi" } }, "text", "hi"],
  ];
  it.each(views)("of %s", (_name, parts, type, text) => {
    expect(payloadView(span(parts), "input")).toMatchObject({ type, text, totalLength: text.length });
  });

  it("of an edit is a diff, with the other arguments beside it", () => {
    const input = { filePath: "a.ts", oldString: "old", newString: "new", replaceAll: true };
    const details = spanDetails(span({ name: "edit", input }));
    expect(details.input).toEqual({
      type: "diff",
      text: JSON.stringify(input, null, 2),
      totalLength: JSON.stringify(input, null, 2).length,
      changes: [{ path: "a.ts", oldText: "old", newText: "new" }],
    });
    expect(details.inputFields.map((field) => field.name)).toEqual(["filePath", "replaceAll"]);
  });
});

describe("the view of an output", () => {
  const views: [name: string, parts: Partial<TraceSpan>, type: string, text: string][] = [
    ["a text", { output: "ok\n" }, "text", "ok\n"],
    ["the text in fields", { output: { output: "ok" } }, "text", "ok"],
    [
      "the text parts of MCP",
      {
        output: {
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
          isError: false,
        },
      },
      "text",
      "a\nb",
    ],
    ["fields", { output: { stdout: "a", code: 1 } }, "json", '{\n  "stdout": "a",\n  "code": 1\n}'],
    [
      "an answer in parts",
      { kind: "generation", output: [{ role: "assistant", content: "# Hi" }] },
      "markdown",
      "# Hi",
    ],
    [
      "an error with more to it",
      { status: "error", output: { error: "x", log: "y" } },
      "json",
      '{\n  "error": "x",\n  "log": "y"\n}',
    ],
  ];
  it.each(views)("of %s", (_name, parts, type, text) => {
    expect(payloadView(span(parts), "output")).toMatchObject({ type, text, totalLength: text.length });
  });

  it("is cut for the panel, and says how long the whole is", () => {
    const text = `${"x".repeat(shownPayloadLength - 1)}😀${"y".repeat(100)}`;
    const view = payloadView(span({ output: text }), "output");
    expect([view.text.length, view.totalLength, "cut" in view]).toEqual([shownPayloadLength - 1, text.length, true]);
    expect(wholePayload(span({ output: text }), "output").text.startsWith(view.text)).toBe(true);
    expect(payloadView(span({ output: "x".repeat(shownPayloadLength) }), "output")).not.toHaveProperty("cut");
  });

  it("tells where the producer cut it", () => {
    expect(payloadView(span({ output: "x".repeat(10_000) }), "output")).toMatchObject({
      cut: { producerLimit: 10_000 },
    });
    expect(payloadView(span({ kind: "user-message", input: "x".repeat(4_000) }), "input")).toMatchObject({
      cut: { producerLimit: 4_000 },
    });
  });

  it("shows what it can of a value that is nested too deeply for JSON", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(payloadView(span({ output: deep }), "output").type).toBe("json");
    expect(rawSpan(span({ output: deep }))).toContain("spanId");
  });

  it("cuts the two sides of a huge edit", () => {
    const view = payloadView(
      span({ name: "edit", input: { filePath: "a", oldString: "x".repeat(300_000), newString: "y" } }),
      "input",
    );
    expect(view.type === "diff" && [view.changes[0]?.oldText.length, view.cut]).toEqual([shownPayloadLength, {}]);
  });
});

describe("editChanges", () => {
  const edits: [name: string, tool: string, input: unknown, expected: unknown][] = [
    [
      "one replacement",
      "str_replace_editor",
      { command: "str_replace", path: "a", old_str: "x", new_str: "" },
      [["a", "x", ""]],
    ],
    [
      "several in one file",
      "MultiEdit",
      {
        file_path: "a",
        edits: [
          { old_string: "x", new_string: "y" },
          { old_string: "z", new_string: "w" },
        ],
      },
      [
        ["a", "x", "y"],
        ["a", "z", "w"],
      ],
    ],
    [
      "several files",
      "multi_replace_string_in_file",
      {
        replacements: [
          { filePath: "a", oldString: "x", newString: "y" },
          { filePath: "b", oldString: "", newString: "n" },
        ],
      },
      [
        ["a", "x", "y"],
        ["b", "", "n"],
      ],
    ],
    [
      "an insertion",
      "str_replace_editor",
      { command: "insert", path: "a", insert_line: 3, new_str: "y" },
      [["a", "", "y"]],
    ],
    ["a notebook", "NotebookEdit", { notebook_path: "a.ipynb", new_source: "1" }, [["a.ipynb", "", "1"]]],
    [
      "a patch",
      "apply_patch",
      "*** Begin Patch\n*** Update File: a.sql\n@@ one\n x\n--- drop this\n+-- keep this\n+++ x\n@@ two\n-a\n+b\n*** Add File: b\n+hello\n*** Delete File: c\n*** End Patch",
      [
        ["a.sql", "x\n-- drop this\n⋯\na", "x\n-- keep this\n++ x\n⋯\nb"],
        ["b", "", "hello"],
        ["c", "", ""],
      ],
    ],
    [
      "a unified diff",
      "patch",
      {
        diff: "diff --git a/x b/x\nindex 0123456..789abcd\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-c\n+d",
      },
      [
        ["x", "a", "b"],
        ["y", "c", "d"],
      ],
    ],
    ["no edit", "bash", { command: "x" }, undefined],
    ["a write", "write", { filePath: "a", content: "x" }, undefined],
  ];
  it.each(edits)("reads %s", (_name, name, input, expected) => {
    const changes = editChanges(toolCall(span({ name, input })));
    expect(changes?.map(({ path, oldText, newText }) => [path, oldText, newText])).toEqual(expected);
  });
});

describe("messageText", () => {
  it.each([
    ["a text", "hi", "hi"],
    ["choices", { choices: [{ message: { role: "assistant", content: "hi" } }] }, "hi"],
    [
      "parts in content",
      [
        { type: "thinking", thinking: "x" },
        { type: "text", text: "a" },
        { type: "output_text", text: "b" },
      ],
      "a\n\nb",
    ],
    ["calls only", [{ type: "tool_use", name: "x", input: {} }], undefined],
    ["nothing", null, undefined],
  ])("of %s", (_name, value, expected) => {
    expect(messageText(value)).toBe(expected);
  });
});

describe("spanDetails in a made-up trace", () => {
  it("lists failed and interrupted calls apart", () => {
    const { trace, columns } = madeUp([
      { kind: "session" },
      { kind: "generation", spanId: "g" },
      { kind: "tool", name: "a", parentSpanId: "g", status: "error" },
      { kind: "tool", name: "b", parentSpanId: "g", status: "error", interrupted: true },
      { kind: "span", parentSpanId: "g" },
    ]);
    const { calls } = spanDetails(trace.spans[1] as TraceSpan, { columns, row: 1 });
    expect(calls.map((call) => [call.name, call.isFailed])).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });
});
