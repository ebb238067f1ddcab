import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editChanges, newTextOf, oldTextOf } from "../../src/trace/editDiff";
import { messageText } from "../../src/trace/messageText";
import { payloadView } from "../../src/trace/payload";
import type { TraceSpan } from "../../src/trace/schema";
import { rawSpan, spanDetails } from "../../src/trace/spanDetails";
import { firstPartLength } from "../../src/trace/textPart";
import { toolCall } from "../../src/trace/toolCall";
import { wholePayload } from "../../src/trace/wholePayload";
import { images } from "./imageSamples";
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
      error: { message: { text: failed.statusMessage, totalLength: failed.statusMessage?.length } },
      places: [{ path: "/repo/test/billing/tax.test.ts", line: 41, column: 23 }],
      input: {
        type: "text",
        text: "ls -la src",
        totalLength: 10,
        totalBytes: 10,
        fields: [{ name: "description", type: "text", text: "run", totalLength: 3 }],
      },
      callId: "toolu_e5kout",
    });
  });

  it("do not repeat the error as output", () => {
    expect(details.output).toMatchObject({ type: "empty", views: [], text: "", totalLength: 0 });
  });

  it("link the place in the error to the file", () => {
    const { text = "", links = [] } = details.error?.message ?? {};
    expect(links.map(({ start, end, title }) => [text.slice(start, end), title])).toContainEqual([
      "/repo/test/billing/tax.test.ts:41:23",
      "/repo/test/billing/tax.test.ts:41:23",
    ]);
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
    expect(details.output).toMatchObject({
      type: "markdown",
      views: ["markdown", "text"],
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
    expect(details.error).toMatchObject({
      message: { text: "boom", totalLength: 4 },
      type: "E",
      stack: { text: event.attributes["exception.stacktrace"], links: [{ title: "/r/a.ts:1:2" }] },
    });
    expect(details.places).toMatchObject([{ path: "/r/a.ts", line: 1 }]);
    expect(details.events[0]?.attributes.map((entry) => entry.name)).toEqual(Object.keys(event.attributes));
  });

  it("type the attributes and cut the long ones", () => {
    const attributes = {
      text: "x".repeat(20_000),
      number: 3,
      flag: true,
      list: [1, "b"],
      deep: [1, { a: [2] }],
      nothing: null,
      image: `data:image/png;base64,${images.png.toString("base64")}`,
    };
    const { attributes: entries } = spanDetails(span({ attributes }));
    expect(entries.map(({ name, type, text, totalLength }) => [name, type, text.slice(0, 30), totalLength])).toEqual([
      ["text", "text", "x".repeat(30), 20_000],
      ["number", "number", "3", 1],
      ["flag", "boolean", "true", 4],
      ["list", "json", '[1, "b"]', 8],
      ["deep", "json", "[1, {…}]", 8],
      ["nothing", "null", "null", 4],
      ["image", "text", `⟨image/png, ${images.png.length} B⟩`, `⟨image/png, ${images.png.length} B⟩`.length],
    ]);
    expect(entries[0]?.text.length).toBe(4_000);
    expect(entries[4]?.node?.children?.[1]).toMatchObject({ type: "object", children: [{ name: "a", text: "2" }] });
    expect(entries[3]).not.toHaveProperty("node");
  });

  it("open JSON that an attribute holds as a text", () => {
    const messages = [{ role: "user", content: "x".repeat(100) }];
    const attributes = { "gen_ai.system_instructions": JSON.stringify(messages), short: '{"a":1}' };
    const [long, short] = spanDetails(span({ kind: "span", attributes })).attributes;
    expect(long).toMatchObject({ type: "json", node: { type: "list", isInText: true, count: 1 } });
    expect(long?.node?.children?.[0]).toMatchObject({
      type: "object",
      children: [{ name: "role" }, { name: "content" }],
    });
    expect(short).toMatchObject({ type: "text", text: '{"a":1}' });
  });

  it("bound what a thousand long attributes take together", () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [
        `a${index}`,
        index % 2 === 0 ? "x".repeat(9_000) : ["y".repeat(9_000)],
      ]),
    );
    const events = Array.from({ length: 500 }, () => ({
      name: "e",
      timeMs: 1,
      attributes: { text: "z".repeat(9_000) },
    }));
    const details = spanDetails(span({ attributes, events }));
    expect(JSON.stringify(details).length).toBeLessThan(900_000);
    expect(details.attributes.every(({ text, type }) => type === "json" || text.length >= 200)).toBe(true);
  });

  it("tell of what the producer left out", () => {
    const elided = span({
      kind: "span",
      name: "elided-5-105-of-5600",
      attributes: { elided: 100, totalSpans: 5_600 },
    });
    expect(spanDetails(elided).elided).toEqual({ elided: 100, totalSpans: 5_600 });
    expect(spanDetails(span({})).elided).toBeUndefined();
  });

  it("count checkpoints, which take no room from other events, and say which event of the span each of these is", () => {
    const checkpoint = (timeMs: number) => ({
      name: "tracekeeper.checkpoint",
      timeMs,
      attributes: { entries: Array.from({ length: 2_000 }, (_, index) => index) },
    });
    const events = [
      ...Array.from({ length: 600 }, (_, index) => checkpoint(index)),
      { name: "tracekeeper.retry", timeMs: 700, attributes: { attempt: 1 } },
      checkpoint(900),
    ];
    const details = spanDetails(span({ events }));
    expect(details.checkpoints).toEqual({ count: 601, lastMs: 900 });
    expect(details.events.map(({ index, name }) => [index, name])).toEqual([[600, "tracekeeper.retry"]]);
    expect(details.leftOut).toBe(0);
    expect(spanDetails(span({ events: [] })).checkpoints).toBeUndefined();
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
  it("can be had in other ways, the best first", () => {
    const viewsOf = (parts: Partial<TraceSpan>) => payloadView(span(parts), "input").views;
    expect(viewsOf({ input: { command: "ls" } })).toEqual(["text", "markdown", "json"]);
    expect(viewsOf({ name: "grep", input: { pattern: "x" } })).toEqual(["fields", "json", "text"]);
    expect(viewsOf({ name: "x", input: [1] })).toEqual(["json", "text"]);
    expect(viewsOf({ name: "edit", input: { filePath: "a", oldString: "x", newString: "y" } })).toEqual([
      "diff",
      "json",
      "text",
    ]);
    expect(viewsOf({ kind: "session", input: "Fix it" })).toEqual(["text", "markdown"]);
    expect(viewsOf({})).toEqual([]);
  });

  it("names the arguments that stand beside it", () => {
    const named = (parts: Partial<TraceSpan>) => payloadView(span(parts), "input").fields.map(({ name }) => name);
    expect(named({ input: { command: ["bash", "-lc", "ls"], timeout: 5, workdir: "/r" } })).toEqual([
      "timeout",
      "workdir",
    ]);
    expect(named({ name: "grep", input: { pattern: "x", path: "src" } })).toEqual(["pattern", "path"]);
    expect(named({ name: "edit", input: { filePath: "a", oldString: "x", newString: "y", replaceAll: true } })).toEqual(
      ["replaceAll"],
    );
    expect(
      named({ name: "MultiEdit", input: { file_path: "a", edits: [{ old_string: "x", new_string: "y" }] } }),
    ).toEqual([]);
    expect(named({ name: "write", input: { filePath: "a.ts", content: "x" } })).toEqual([]);
  });

  const views: [name: string, parts: Partial<TraceSpan>, type: string, text: string][] = [
    ["a command", { input: { command: "ls", timeout: 5 } }, "text", "ls"],
    ["a written file", { name: "write", input: { filePath: "a.ts", content: "x\ny" } }, "diff", "x\ny"],
    ["a query", { name: "sql_execute", input: { query: "select 1\n" } }, "text", "select 1\n"],
    ["other arguments", { name: "grep", input: { pattern: "x" } }, "json", '{\n  "pattern": "x"\n}'],
    ["a prompt", { kind: "session", input: "Fix it" }, "text", "Fix it"],
    ["JSON as text", { name: "x", input: '{"a":1}' }, "json", '{"a":1}'],
    ["a log line that starts like JSON", { kind: "span", input: "[info] started" }, "text", "[info] started"],
    ["no arguments", { name: "x", input: {} }, "empty", ""],
    ["nothing", { name: "x" }, "empty", ""],
    [
      "arguments in an attribute",
      { name: "x", attributes: { "tool.parameters": '{"a":1}' } },
      "json",
      '{\n  "a": 1\n}',
    ],
    ["an attribute", { kind: "span", attributes: { "input.value": "hi" } }, "text", "hi"],
  ];
  it.each(views)("of %s", (_name, parts, type, text) => {
    expect(payloadView(span(parts), "input")).toMatchObject({ type, text, totalLength: text.length });
  });

  it("of an edit is a diff", () => {
    const input = { filePath: "a.ts", oldString: "old", newString: "new", replaceAll: true };
    expect(wholePayload(span({ name: "edit", input }), "input")).toMatchObject({
      type: "diff",
      text: JSON.stringify(input, null, 2),
      changes: [{ path: "a.ts", type: "edit", parts: [{ oldText: "old", newText: "new" }] }],
    });
  });

  it("folds data, and gives the images that are in it", () => {
    const data = images.png.toString("base64");
    const input = [
      { role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data } }] },
    ];
    const view = payloadView(span({ kind: "generation", input }), "input");
    expect(view.images).toEqual([{ mediaType: "image/png", bytes: images.png.length, width: 3, height: 2 }]);
    expect(view.foldedCount).toBe(1);
    expect(view.text).toContain(`"data": "⟨image/png, ${images.png.length} B⟩"`);
    expect(JSON.stringify(view)).not.toContain(data.slice(0, 30));
    const asText = payloadView(
      span({ kind: "generation", attributes: { "input.value": JSON.stringify(input) } }),
      "input",
    );
    expect([asText.images, asText.foldedCount, asText.type]).toEqual([view.images, 1, "json"]);
    expect(JSON.stringify(asText)).not.toContain(data.slice(0, 30));
    expect(wholePayload(span({ kind: "generation", input }), "input").text).toContain(data);
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
    [
      "the text beside an image of MCP",
      {
        output: {
          content: [
            { type: "text", text: "a" },
            { type: "image", data: "x", mimeType: "image/png" },
          ],
        },
      },
      "text",
      "a",
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
    const text = `${"x".repeat(firstPartLength - 1)}😀${"y".repeat(100)}ä`;
    const view = payloadView(span({ output: text }), "output");
    expect([view.text.length, view.totalLength, view.totalBytes]).toEqual([
      firstPartLength - 1,
      text.length,
      Buffer.byteLength(text),
    ]);
    expect(wholePayload(span({ output: text }), "output").text.startsWith(view.text)).toBe(true);
    expect(view).not.toHaveProperty("cut");
  });

  it("tells where the producer cut it, and of how much where it says so", () => {
    expect(payloadView(span({ output: "x".repeat(10_000) }), "output").cut).toEqual({ kept: 10_000 });
    expect(payloadView(span({ kind: "user-message", input: "x".repeat(4_000) }), "input").cut).toEqual({ kept: 4_000 });
    const cut = { output: "x".repeat(500), attributes: { "tracekeeper.cut": { output: 48_112 } } };
    expect(payloadView(span(cut), "output").cut).toEqual({ kept: 500, whole: 48_112 });
  });

  it("shows what it can of a value that is nested too deeply for JSON", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(payloadView(span({ output: deep }), "output").type).toBe("json");
    expect(rawSpan(span({ output: deep }))).toContain("spanId");
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
    ["a write", "write", { filePath: "a", content: "x" }, [["a", "", "x"]]],
    [
      "a created file",
      "str_replace_based_edit_tool",
      { command: "create", path: "a", file_text: "x\n" },
      [["a", "", "x\n"]],
    ],
    [
      "a patch in a command",
      "shell",
      { command: ["apply_patch", "*** Begin Patch\n*** Update File: a\n@@\n-x\n+y\n*** End Patch\n"] },
      [["a", "x", "y"]],
    ],
    ["a search that is no edit", "find_in_page", { search: "x" }, undefined],
    ["a tool of its own that replaces", "rename_symbol", { old_string: "x", new_string: "y" }, [["", "x", "y"]]],
  ];
  it.each(edits)("reads %s", (_name, name, input, expected) => {
    const changes = editChanges(toolCall(span({ name, input })));
    expect(changes?.map((change) => [change.path, oldTextOf(change), newTextOf(change)])).toEqual(expected);
  });

  it("knows the lines of the file where the call names them", () => {
    const linesOf = (name: string, input: unknown) =>
      editChanges(toolCall(span({ name, input })))?.map(({ type, newPath, parts }) => [
        type,
        newPath,
        ...parts.map(({ oldLine, newLine }) => [oldLine, newLine]),
      ]);
    const patch =
      "--- a/x\n+++ b/x\n@@ -10,2 +12,3 @@ f()\n a\n+b\n@@ -40 +43,0 @@\n-c\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+d\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-e\n";
    expect(linesOf("patch", { diff: patch })).toEqual([
      ["edit", undefined, [10, 12], [40, undefined]],
      ["create", undefined, [undefined, 1]],
      ["delete", undefined, [1, undefined]],
    ]);
    expect(
      linesOf(
        "apply_patch",
        "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@ f\n-x\n+y\n*** Add File: c\n+z\n",
      ),
    ).toEqual([
      ["edit", "b", [undefined, undefined]],
      ["create", undefined, [undefined, 1]],
    ]);
    expect(linesOf("str_replace_editor", { command: "insert", path: "a", insert_line: 3, new_str: "y" })).toEqual([
      ["edit", undefined, [undefined, 4]],
    ]);
    expect(linesOf("write", { path: "a", content: "x" })).toEqual([["write", undefined, [undefined, 1]]]);
    expect(linesOf("edit", { path: "a", oldString: "x", newString: "y" })).toEqual([
      ["edit", undefined, [undefined, undefined]],
    ]);
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
