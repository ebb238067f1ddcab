import { describe, expect, it } from "vitest";
import { deriveState } from "../../src/trace/state";
import { importWhole, linesOf, problemText, spanNamed, treeText } from "./importing";

const at = (seconds: number) => new Date(Date.UTC(2026, 1, 1, 10, 0, 0) + seconds * 1000).toISOString();
const line = (type: string, seconds: number, payload: object) => ({ timestamp: at(seconds), type, payload });
const item = (seconds: number, payload: object) => line("response_item", seconds, payload);
const event = (seconds: number, payload: object) => line("event_msg", seconds, payload);
const says = (role: string, text: string) => ({
  type: "message",
  role,
  content: [{ type: `${role === "user" ? "in" : "out"}put_text`, text }],
});
const runs = (callId: string, command: string) => ({
  type: "function_call",
  name: "exec_command",
  arguments: JSON.stringify({ cmd: command }),
  call_id: callId,
});
const gave = (callId: string, output: unknown) => ({ type: "function_call_output", call_id: callId, output });
const usage = (input: number, cached: number, output: number, reasoning: number, total: number) => ({
  type: "token_count",
  info: {
    last_token_usage: {
      input_tokens: input,
      cached_input_tokens: cached,
      output_tokens: output,
      reasoning_output_tokens: reasoning,
    },
    total_token_usage: { total_tokens: total },
  },
});

const meta = line("session_meta", 0, {
  id: "c-1",
  cwd: "/repo",
  cli_version: "0.60.0",
  model_provider: "openai",
  git: { branch: "main" },
});
const context = line("turn_context", 0.1, { model: "gpt-5.2-codex", cwd: "/repo" });

describe("a rollout of Codex", () => {
  const rollout = [
    meta,
    item(0.2, says("user", "<environment_context>\n  <cwd>/repo</cwd>\n</environment_context>")),
    context,
    event(0.3, { type: "task_started" }),
    item(1, says("user", "Fix the test")),
    event(1, { type: "user_message", message: "Fix the test" }),
    event(2, { type: "agent_reasoning", text: "First look." }),
    item(2, { type: "reasoning", summary: [{ type: "summary_text", text: "First look." }], encrypted_content: "x" }),
    event(3, { type: "agent_message", message: "I run it." }),
    item(3, says("assistant", "I run it.")),
    item(4, runs("call-1", "npm test")),
    item(4, runs("call-2", "ls")),
    event(4.5, usage(1000, 400, 200, 50, 1200)),
    event(4.6, usage(1000, 400, 200, 50, 1200)),
    item(
      6,
      gave(
        "call-1",
        "Chunk ID: a\nWall time: 1.5 seconds\nProcess exited with code 1\nOutput:\n1 failed\nExit code: 0",
      ),
    ),
    item(5, gave("call-2", JSON.stringify({ output: "src\n", metadata: { exit_code: 0, duration_seconds: 0.25 } }))),
    item(8, says("assistant", "Done.")),
    event(8.1, usage(1500, 900, 20, 0, 2720)),
    event(8.2, { type: "task_complete", last_agent_message: "Done." }),
  ];

  it("becomes answers of one request each, with their usage, calls and failures", () => {
    const session = importWhole(linesOf(...rollout));
    expect(treeText(session)).toEqual([
      "session Fix the test 0-…",
      "  user-message user message 1-1",
      "  generation answer 1-4 600+150",
      "    tool exec_command 4-6 ✗ exit code 1",
      "    tool exec_command 4-5",
      "  generation answer 5-8 600+20",
    ]);
    const { spans, metadata, summary } = session.trace;
    expect(summary.tokens).toEqual({ input: 1200, output: 170, reasoning: 50, cacheRead: 1300, cacheWrite: 0 });
    expect(spans[2]?.output).toEqual([
      { type: "thinking", thinking: "First look." },
      { type: "text", text: "I run it." },
    ]);
    expect(spans[2]?.model).toEqual({ modelId: "gpt-5.2-codex" });
    expect(spans[3]).toMatchObject({ input: { cmd: "npm test" }, tool: { durationMs: 1500 } });
    expect(spans[4]).toMatchObject({ output: "src\n", tool: { durationMs: 250 } });
    expect(metadata).toMatchObject({ agent: "Codex", directory: "/repo", gitBranch: "main", providerId: "openai" });
    expect(session.sessionId).toBe("c-1");
    expect(session.problems).toEqual([]);
  });

  it("waits for the person once its turn is complete, and runs before", () => {
    const nowMs = Date.parse(at(9));
    const stateOf = (records: readonly object[]) =>
      deriveState({ ...importWhole(linesOf(...records)).evidence, lastWriteMs: nowMs }, nowMs).status;
    expect(stateOf(rollout)).toBe("waiting");
    expect(stateOf(rollout.slice(0, -1))).toBe("running");
  });

  it("tells calls that were aborted with their turn from those that failed", () => {
    const aborted = event(9, { type: "turn_aborted", reason: "interrupted" });
    const session = importWhole(linesOf(meta, item(1, says("user", "Go")), item(2, runs("c", "sleep 9")), aborted));
    expect(spanNamed(session, "exec_command")).toMatchObject({ status: "error", interrupted: true });
    expect(session.trace.spans.at(-1)?.name).toBe("turn aborted: interrupted");
  });

  it("takes what other events say of a call", () => {
    const session = importWhole(
      linesOf(
        meta,
        item(2, { type: "custom_tool_call", name: "apply_patch", input: "*** Begin Patch", call_id: "p" }),
        event(3, { type: "patch_apply_end", call_id: "p", success: false, stderr: "no such file" }),
        item(3, { type: "custom_tool_call_output", call_id: "p", output: "failed" }),
        item(4, { type: "web_search_call", id: "w", status: "completed", action: { type: "search", query: "x" } }),
        item(5, { type: "local_shell_call", call_id: "l", status: "completed", action: { command: ["ls"] } }),
      ),
    );
    expect(treeText(session).slice(1)).toEqual([
      "  generation answer 2-2",
      "    tool apply_patch 2-3 ✗ no such file",
      "  generation answer 3-5",
      "    tool web_search 4-4",
      "    tool shell 5-…",
    ]);
  });

  it("is read also as old versions wrote it, whose lines are items and name no time", () => {
    const session = importWhole(
      linesOf(
        { id: "old-1", timestamp: at(0), instructions: null, git: {} },
        { record_type: "state" },
        says("user", "Hello"),
        says("assistant", "Hi"),
        { type: "function_call", name: "shell", arguments: '{"command":["ls"]}', call_id: "c" },
        gave("c", '{"output":"a","metadata":{"exit_code":2,"duration_seconds":1}}'),
      ),
    );
    expect(treeText(session)).toEqual([
      "session Hello 0-…",
      "  user-message user message 0-0",
      "  generation answer 0-0",
      "    tool shell 0-0 ✗ exit code 2",
    ]);
    expect(session.sessionId).toBe("old-1");
    expect(problemText(session.problems)).toEqual([]);
  });
});
