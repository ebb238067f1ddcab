// What lines change in a file of many lines: those spans alone that they tell of.
import { describe, expect, it } from "vitest";
import { finish } from "../../src/base/steps";
import type { ImportFormat } from "../../src/importers/detectFormat";
import { importSession } from "../../src/importers/importSession";
import { linesOf } from "./importing";

const at = (index: number) => new Date(Date.UTC(2026, 0, 5) + index * 1000).toISOString();

const claude = (index: number) => ({
  type: index % 2 === 0 ? "user" : "assistant",
  uuid: `u${index}`,
  parentUuid: `u${index - 1}`,
  sessionId: "s1",
  timestamp: at(index),
  message:
    index % 2 === 0
      ? {
          role: "user",
          content: index === 0 ? "Go" : [{ type: "tool_result", tool_use_id: `t${index - 1}`, content: "ok" }],
        }
      : {
          role: "assistant",
          id: `m${index}`,
          content: [{ type: "tool_use", id: `t${index}`, name: "Bash", input: {} }],
        },
});
const codex = (index: number) => ({
  timestamp: at(index),
  type: index === 0 ? "session_meta" : "response_item",
  payload:
    index === 0
      ? { id: "s1" }
      : index % 2 === 1
        ? { type: "function_call", call_id: `c${index}`, name: "shell", arguments: "{}" }
        : { type: "function_call_output", call_id: `c${index - 1}`, output: "ok" },
});
const copilot = (index: number) => ({
  type: index === 0 ? "session.start" : index % 2 === 1 ? "tool.execution_start" : "tool.execution_complete",
  id: `e${index}`,
  timestamp: at(index),
  data: {
    sessionId: "s1",
    toolCallId: `c${index - (index > 0 && index % 2 === 0 ? 1 : 0)}`,
    toolName: "bash",
    success: true,
  },
});

describe.each<[ImportFormat, (index: number) => object]>([
  ["claude-code", claude],
  ["codex", codex],
  ["copilot-cli", copilot],
])("a line of %s", (format, line) => {
  it("changes the span that it ends, and no other", () => {
    const session = importSession(format);
    const file = session.addFile();
    const lines = 4_001;
    finish(file.push(linesOf(...Array.from({ length: lines + 1 }, (_, index) => line(index)))));
    finish(session.ending("file"));
    session.table.takeChanged();
    finish(file.push(linesOf(line(lines + 1), line(lines + 2))));
    finish(session.ending("file"));
    const { before, firstNew } = session.table.takeChanged() ?? { before: new Map(), firstNew: 0 };
    const call = session.table.spans[firstNew - 1];
    expect([...before]).toEqual([[firstNew - 1, expect.not.objectContaining({ endTime: expect.anything() })]]);
    expect(call?.endTime).toBe(Date.parse(at(lines + 1)));
    expect(session.table.spans.length - firstNew).toBe(format === "copilot-cli" ? 1 : 2);
  });
});
