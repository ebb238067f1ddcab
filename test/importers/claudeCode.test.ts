import { describe, expect, it } from "vitest";
import { deriveState } from "../../src/trace/state";
import { fixture, importWhole, linesOf, problemText, spanNamed, treeText } from "./importing";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 5, 10, 0, 0) + seconds * 1000).toISOString();

let lines = 0;
function line(type: string, seconds: number, message: object, more: object = {}): Record<string, unknown> {
  const uuid = `line-${++lines}`;
  return {
    type,
    uuid,
    parentUuid: null,
    isSidechain: false,
    sessionId: "s1",
    timestamp: at(seconds),
    message,
    ...more,
  };
}

function user(seconds: number, content: unknown, more: object = {}) {
  return line("user", seconds, { role: "user", content }, more);
}

function answer(seconds: number, id: string, content: unknown[], more: object = {}, usage?: object) {
  const message = {
    id,
    role: "assistant",
    model: "claude-opus-4-5",
    content,
    ...(usage === undefined ? {} : { usage }),
  };
  return line("assistant", seconds, message, more);
}

const call = (id: string, name = "Bash", input: object = { command: "ls" }) => ({ type: "tool_use", id, name, input });
const result = (id: string, content: unknown, isError = false) => [
  { type: "tool_result", tool_use_id: id, content, is_error: isError },
];

describe("a transcript of Claude Code", () => {
  it("becomes messages, answers with their tokens, and calls with their results", () => {
    const session = importWhole(fixture("transcripts/claude-code-representative.jsonl"));
    expect(treeText(session)).toEqual([
      "session User learned about Python decorators, in… 0-…",
      "  user-message user message 0-0",
      "  generation answer 30-30 25+120",
      "  user-message user message 60-60",
      "  generation answer 90-90 45+85",
      "    tool Edit 90-91",
      "  generation answer 120-120 78+95",
      "  user-message user message 150-150",
      "  generation answer 180-180 25+35",
      "    tool Bash 180-181",
      "  generation answer 210-210 45+110",
      "  user-message user message 240-240",
    ]);
    expect(session.sessionId).toBe("test_session");
    expect(session.trace.metadata).toMatchObject({
      agent: "Claude Code",
      model: "claude-3-sonnet-20240229",
      directory: "/tmp",
      prompt: "Hello Claude! Can you help me understand how Python decorators work?",
    });
    expect(session.trace.summary).toMatchObject({ totalTokens: 663, totalToolCalls: 2, totalGenerations: 5 });
    expect(session.trace.summary.totalCost).toBeUndefined();
    expect(spanNamed(session, "Bash").output).toContain("Hello, Alice!");
    expect(session.problems).toEqual([]);
  });

  it("reads what is sound among lines that are not, and names these", () => {
    const session = importWhole(fixture("transcripts/claude-code-edge-cases.jsonl"));
    expect(spanNamed(session, "FailingTool")).toMatchObject({
      status: "error",
      statusMessage: "Error: Tool execution failed with error: Command not found",
    });
    // Its result is in a field of another name.
    expect(spanNamed(session, "MultiEdit").endTime).toBeUndefined();
    expect(problemText(session.problems)).toEqual([
      "invalid-field @7181 A line of type user holds no message (line 10) ×2",
      "not-a-trace @8268 Line 13 is no record and is left out",
      "invalid-field @8284 A line is no record of Claude Code (line 14)",
      "not-a-trace @8302 Line 15 is no record and is left out",
      "not-a-trace @8305 Line 16 is no record and is left out",
    ]);
  });

  it("counts the usage of an answer once that is written in several lines", () => {
    const ask = user(0, "Do it");
    const follows = { parentUuid: ask["uuid"] };
    const usage = { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 100, cache_creation_input_tokens: 7 };
    const session = importWhole(
      linesOf(
        ask,
        answer(2, "m1", [{ type: "thinking", thinking: "Hm.", signature: "x" }], follows, usage),
        answer(3, "m1", [{ type: "text", text: "I look." }], {}, usage),
        answer(4, "m1", [call("t1"), call("t2", "Read", { file_path: "/a" })], {}, { ...usage, output_tokens: 30 }),
        user(5, result("t2", "text of a")),
      ),
    );
    expect(treeText(session)).toEqual([
      "session Do it 0-…",
      "  user-message user message 0-0",
      "  generation answer 0-4 10+30",
      "    tool Bash 4-…",
      "    tool Read 4-5",
    ]);
    const [, , span] = session.trace.spans;
    expect(span?.tokens).toEqual({ input: 10, output: 30, reasoning: 0, cacheRead: 100, cacheWrite: 7, total: 147 });
    expect(span?.output).toMatchObject([{ type: "thinking" }, { type: "text", text: "I look." }]);
    expect(session.trace.summary.totalTokens).toBe(147);
  });

  it("tells a call that the person refused from one that failed", () => {
    const refusal = "The user doesn't want to proceed with this tool use. The tool use was rejected";
    const session = importWhole(
      linesOf(
        user(0, "Go"),
        answer(1, "m1", [call("t1"), call("t2", "Write", {})]),
        user(2, result("t1", refusal, true)),
        user(3, result("t2", "<tool_use_error>No such file</tool_use_error>", true)),
      ),
    );
    expect(spanNamed(session, "Bash")).toMatchObject({ status: "error", interrupted: true });
    expect(spanNamed(session, "Write")).toMatchObject({ status: "error", statusMessage: "No such file" });
    expect(spanNamed(session, "Write").interrupted).toBeUndefined();
  });

  it("keeps images in results as they are", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
    const session = importWhole(
      linesOf(user(0, "Look"), answer(1, "m1", [call("t1", "Read")]), user(2, result("t1", [image]))),
    );
    expect(spanNamed(session, "Read").output).toEqual([image]);
  });

  const agentLines = (() => {
    const side = { isSidechain: true, agentId: "a1" };
    return [
      user(12, "Find the tests", side),
      answer(13, "m2", [call("t2", "Grep", { pattern: "test" })], side, { input_tokens: 5, output_tokens: 6 }),
      user(14, result("t2", "tests/a.ts"), side),
      answer(15, "m3", [{ type: "text", text: "There is one." }], side),
    ];
  })();
  const mainLines = [
    user(10, "Go"),
    answer(11, "m1", [call("t1", "Task", { prompt: "Find it", subagent_type: "explorer" })]),
  ];
  const taskResult = user(20, result("t1", [{ type: "text", text: "One test." }]), {
    toolUseResult: { agentId: "a1", status: "completed", totalDurationMs: 8000 },
  });
  const expectedTree = [
    "session Go 0-…",
    "  user-message user message 0-0",
    "  generation answer 1-1",
    "    tool Task 1-10",
    "      span agent explorer 2-10",
    "        generation answer 3-3 5+6",
    "          tool Grep 3-4",
    "        generation answer 5-5",
  ];

  it("puts a sub-agent below its call, whether its lines or the call's result come first", () => {
    const before = importWhole(linesOf(...mainLines, ...agentLines, taskResult));
    const after = importWhole(linesOf(...mainLines, taskResult, ...agentLines));
    expect(treeText(before)).toEqual(expectedTree);
    expect(treeText(after)).toEqual(expectedTree);
    expect(spanNamed(before, "agent explorer").input).toBe("Find the tests");
    expect(spanNamed(before, "Task").tool).toEqual({ callId: "t1", durationMs: 8000 });
  });

  it("finds the call of an old side chain by its prompt", () => {
    const first = user(12, "Find it", { isSidechain: true });
    const second = answer(13, "m2", [{ type: "text", text: "Done" }], { isSidechain: true, parentUuid: first["uuid"] });
    const session = importWhole(linesOf(...mainLines, first, second));
    expect(treeText(session).slice(3)).toEqual([
      "    tool Task 1-…",
      "      span agent explorer 2-…",
      "        generation answer 2-3",
    ]);
  });

  it("says how a session stands by what is open and how long ago it was written", () => {
    const asked = importWhole(linesOf(user(0, "Go"), answer(1, "m1", [call("t1")])));
    const answered = importWhole(
      linesOf(
        user(0, "Go"),
        line("assistant", 1, { id: "m1", content: [{ type: "text", text: "!" }], stop_reason: "end_turn" }),
      ),
    );
    const nowMs = Date.parse(at(5));
    const state = (session: typeof asked, ms: number) =>
      deriveState({ ...session.evidence, lastWriteMs: nowMs }, ms).status;
    expect(state(asked, nowMs)).toBe("running");
    expect(state(answered, nowMs)).toBe("waiting");
    expect(state(answered, nowMs + 3_600_000)).toBe("unknown");
  });

  it("gives an error of the API to the answer that could not be made", () => {
    const failed = answer(1, "m1", [{ type: "text", text: "API Error: 529 overloaded" }], { isApiErrorMessage: true });
    const session = importWhole(linesOf(user(0, "Go"), failed));
    expect(spanNamed(session, "answer")).toMatchObject({ status: "error", statusMessage: "API Error: 529 overloaded" });
  });

  it("takes its title from what the person asked for first, and not from what the program writes in between", () => {
    const command =
      "<command-message>review</command-message><command-name>/review</command-name><command-args>tax</command-args>";
    const session = importWhole(
      linesOf(user(0, "Caveat: The messages below were generated by the user"), user(1, command), user(2, "Thanks")),
    );
    expect(session.trace.metadata).toMatchObject({ title: "/review tax", prompt: "/review tax" });
    expect(session.trace.spans.filter(({ kind }) => kind === "user-message")).toHaveLength(3);
  });

  it("counts lines of one unknown type together, and repeats once", () => {
    const ask = user(0, "Go");
    const session = importWhole(
      linesOf(
        ask,
        ask,
        { type: "hologram", uuid: "x", sessionId: "s1" },
        { type: "hologram", uuid: "y", sessionId: "s1" },
      ),
    );
    expect(session.trace.spans.map(({ kind }) => kind)).toEqual(["session", "user-message"]);
    const told = problemText(session.problems).map((text) => text.replace(/@\d+/, "@"));
    expect(told).toEqual([
      "journal-duplicate @ Line 2 repeats an earlier one",
      "invalid-field @ Lines of type hologram are not known and left out (line 3) ×2",
    ]);
  });

  it("keeps a result whose call is not in the file, and times that jump back", () => {
    const session = importWhole(linesOf(user(100, "Go"), user(50, result("t9", "late"))));
    expect(treeText(session)).toEqual(["session Go 0-…", "  user-message user message 50-50", "  tool tool 0-0"]);
    expect(problemText(session.problems)[0]).toContain("The result of a tool call that is not in the file");
  });
});
