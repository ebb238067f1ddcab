import { describe, expect, it } from "vitest";
import { deriveState } from "../../src/trace/state";
import { fixture, importWhole, linesOf, spanNamed, treeText } from "./importing";

const event = (type: string, seconds: number, data: object) => ({
  type,
  id: `${type}-${seconds}`,
  timestamp: new Date(Date.UTC(2026, 0, 15, 10, 0, 0) + seconds * 1000).toISOString(),
  parentId: null,
  data,
});

describe("events of Copilot CLI", () => {
  it("become answers with calls below them, in a session that has ended", () => {
    const session = importWhole(fixture("transcripts/copilot-cli.jsonl"));
    expect(treeText(session)).toEqual([
      "session Can you add a hello world function to ut… 0-125 6200+420",
      "  user-message user message 1-1",
      "  generation answer 2-3",
      "    tool report_intent 4-4.1",
      "    tool view 4.2-5",
      "  generation answer 5-6",
      "    tool edit 7-8",
      "  generation answer 8-9",
      "  user-message user message 60-60",
      "  generation answer 61-62",
      "    tool bash 63-64",
      "  generation answer 64-65",
      "    tool create 66-67",
      "  generation answer 67-68",
      "  user-message user message 120-120",
      "  generation answer 121-122",
    ]);
    expect(session.trace.metadata).toMatchObject({
      agent: "Copilot CLI",
      model: "claude-opus-4.6",
      directory: "/home/user/workspace/example-project",
    });
    expect(session.trace.summary.tokens).toEqual({
      input: 6200,
      output: 420,
      reasoning: 0,
      cacheRead: 1200,
      cacheWrite: 800,
    });
    expect(spanNamed(session, "view").output).toContain("module.exports");
    expect(session.problems).toEqual([]);
    expect(deriveState(session.evidence, Date.now()).status).toBe("completed");
  });

  it("tell of failed calls, and of sub-agents below the call that started them", () => {
    const session = importWhole(
      linesOf(
        event("session.start", 0, { sessionId: "c1", context: {} }),
        event("user.message", 1, { content: "Go" }),
        event("assistant.message", 2, {
          messageId: "m1",
          content: "",
          outputTokens: 9,
          toolRequests: [{ toolCallId: "t1", name: "task", arguments: {} }],
        }),
        event("tool.execution_start", 3, { toolCallId: "t1", toolName: "task", arguments: {} }),
        event("subagent.started", 4, { toolCallId: "t1", agentName: "explore" }),
        event("assistant.message", 5, {
          messageId: "m2",
          parentToolCallId: "t1",
          content: "I look",
          toolRequests: [{ toolCallId: "t2", name: "bash", arguments: { command: "false" } }],
        }),
        event("tool.execution_start", 6, { toolCallId: "t2", toolName: "bash", parentToolCallId: "t1" }),
        event("tool.execution_complete", 7, { toolCallId: "t2", success: false, error: { message: "exit 1" } }),
        event("subagent.completed", 8, { toolCallId: "t1" }),
      ),
    );
    expect(treeText(session)).toEqual([
      "session Go 0-…",
      "  user-message user message 1-1",
      "  generation answer 1-2 undefined+9",
      "    tool task 3-…",
      "      span agent explore 4-8",
      "        generation answer 4-5",
      "          tool bash 6-7 ✗ exit 1",
    ]);
    expect(spanNamed(session, "answer").output).toBe("[tool calls: task]");
  });

  it("open a session again that is resumed after it was shut down, and wait where a turn has ended", () => {
    const lines = [
      event("session.start", 0, { sessionId: "c1" }),
      event("session.shutdown", 1, { shutdownType: "routine" }),
      event("session.resume", 2, { sessionId: "c1" }),
      event("assistant.turn_end", 3, { turnId: "0" }),
    ];
    const nowMs = Date.parse(lines[3]?.timestamp ?? "");
    const stateOf = (count: number) => {
      const { evidence } = importWhole(linesOf(...lines.slice(0, count)));
      return deriveState({ ...evidence, lastWriteMs: nowMs }, nowMs).status;
    };
    expect([1, 2, 3, 4].map(stateOf)).toEqual(["running", "completed", "running", "waiting"]);
  });
});
