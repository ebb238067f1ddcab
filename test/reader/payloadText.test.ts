import { describe, expect, it } from "vitest";
import type { PayloadField } from "../../src/protocol/payloadMessages";
import { recordedEdit } from "../../src/reader/recordedEdit";
import { SpanReader } from "../../src/reader/spanReader";
import type { TraceSpan } from "../../src/trace/schema";
import { spanOf } from "./pictures";

function payloadText(span: TraceSpan, field: PayloadField) {
  return new SpanReader(span).wholeText({ field });
}

describe("the text of a payload", () => {
  it.each<[string, Readonly<Record<string, unknown>>, PayloadField, string, string]>([
    ["a command is the command itself", { name: "bash", input: { command: "npm test" } }, "input", "npm test", "txt"],
    ["other arguments are JSON", { input: { a: [1] } }, "input", '{\n  "a": [\n    1\n  ]\n}', "json"],
    ["an output is as it was written", { output: " two\n lines " }, "output", " two\n lines ", "txt"],
    ["no output is an empty text", {}, "output", "", "txt"],
    ["no error is an empty text", {}, "error", "", "txt"],
    ["attributes are JSON", { attributes: { b: "x" } }, "attributes", '{\n  "b": "x"\n}', "json"],
    ["no attributes are an empty object", {}, "attributes", "{}", "json"],
    ["an error is its message", { status: "error", statusMessage: "it\nbroke" }, "error", "it\nbroke", "txt"],
  ])("%s", (_what, fields, field, text, extension) => {
    expect(payloadText(spanOf("a", fields), field)).toEqual({ text, extension });
  });

  it("gives an error with its stack", () => {
    const attributes = {
      "exception.message": "it broke",
      "exception.stacktrace": "Error: it broke\n    at f (a.ts:1:2)",
    };
    const span = spanOf("a", { status: "error", events: [{ name: "exception", attributes }] });
    expect(payloadText(span, "error").text).toBe("it broke\n\nError: it broke\n    at f (a.ts:1:2)");
  });

  it("gives the answer of a model as Markdown", () => {
    const span = spanOf("a", { kind: "generation", output: "# Done\n\n- one" });
    expect(payloadText(span, "output")).toEqual({ text: "# Done\n\n- one", extension: "md" });
  });

  it.each(["attributes", "raw"] as const)("gives %s of any depth", (field) => {
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    expect(payloadText(spanOf("a", { attributes: { deep } }), field).text).toContain('"deep"');
  });

  it("gives the whole span as JSON, with what no schema knows", () => {
    const { text, extension } = payloadText(spanOf("a", { "x-own": { b: 1 } }), "raw");
    expect(extension).toBe("json");
    expect(JSON.parse(text)).toMatchObject({ spanId: "a", "x-own": { b: 1 } });
  });
});

describe("a recorded edit", () => {
  it.each<[string, Readonly<Record<string, unknown>>, ReturnType<typeof recordedEdit>]>([
    [
      "is the old and the new text of a call",
      { name: "edit", input: { filePath: "/a.ts", oldString: "one", newString: "two" } },
      { path: "/a.ts", oldText: "one", newText: "two" },
    ],
    [
      "of several changes has a mark between them",
      {
        name: "multiedit",
        input: {
          file_path: "/a.ts",
          edits: [
            { old_string: "1", new_string: "2" },
            { old_string: "3", new_string: "" },
          ],
        },
      },
      { path: "/a.ts", oldText: "1\n⋯\n3", newText: "2\n⋯\n" },
    ],
    ["is nothing for a file written unseen", { name: "write", input: { filePath: "/a.ts", content: "x" } }, undefined],
    ["is nothing for a command", { name: "bash", input: { command: "sed -i s/a/b/ a.ts" } }, undefined],
    ["is nothing for a call without arguments", { name: "edit" }, undefined],
  ])("%s", (_what, fields, edit) => {
    expect(recordedEdit(spanOf("a", fields))).toEqual(edit);
  });
});
