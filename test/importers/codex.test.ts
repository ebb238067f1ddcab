import { describe, expect, it } from "vitest";
import { deriveState } from "../../src/trace/state";
import { fixture, importWhole, linesOf, problemText, spanNamed, treeText } from "./importing";

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

describe("the shapes that Codex writes now", () => {
  it("are read without a gap: every type of line, item and event of the fixture", () => {
    const session = importWhole(fixture("transcripts/codex-made.jsonl"));
    expect(treeText(session)).toEqual([
      "session Mend the tax rate 0-…",
      "  user-message user message 1-1",
      "  generation answer 1-4 600+150",
      "    tool exec_command 4-6 ✗ exit code 1",
      "    tool mcp__tickets__search 4-5 ✗ The ticket server is away",
      "  generation answer 6-7.5",
      "    tool web_search 7-7",
      "    tool tool_search 7.5-7.6",
      "  generation answer 7.6-8 600+60",
      "    tool apply_patch 8-9",
      "  generation answer 9-10",
      "    tool exec_command 10-11",
      "  generation answer 11-11.5",
      "    tool shell 11.5-12 ✗ exec command rejected by user",
      "  generation answer 12-13 200+40",
      "  tool shell 19.96-20",
      "  user-message user message 30.2-30.2",
      "  span plan 31-31",
      "  span context compacted 32-32",
      "  generation answer 30.2-33",
      "    tool spawn_agent 33-33.2",
      "  user-message message of /root/look 35-35",
      "  generation answer 35-38 400+30",
      "    tool image_generation 36-36",
      "    tool exec_command 38-39 ✗ The turn was aborted",
      "  span sleep 36.5-37",
      "  span turn aborted: interrupted 39-39",
      "  span turns taken back: 1 40-40",
      "  span review 41-50",
    ]);
    expect(session.problems).toEqual([]);
    expect(session.trace.metadata).toMatchObject({
      title: "Mend the tax rate",
      prompt: "Make the tests pass",
      agentVersion: "0.146.0",
      repository: "https://example.com/ann/shop.git",
    });
    expect(spanNamed(session, "mcp__tickets__search").tool).toMatchObject({ durationMs: 750 });
    expect(spanNamed(session, "image_generation").output).toEqual({ saved_path: "/home/ann/shop/chart.png" });
    expect(spanNamed(session, "context compacted").output).toBe("The rate was mended.");
    expect(spanNamed(session, "plan").output).toBe("1. Look\n2. Tell");
    expect(spanNamed(session, "review")).toMatchObject({
      input: { type: "uncommittedChanges" },
      output: { overall_correctness: "patch is correct" },
    });
    const shells = session.trace.spans.filter(({ name }) => name === "shell");
    expect(shells).toMatchObject([
      { input: { command: ["git", "push"] }, interrupted: true },
      { input: { command: "git status --short" }, output: " M src/tax.ts", tool: { durationMs: 40 } },
    ]);
  });

  const asked = [meta, context, item(1, says("user", "Go"))];
  const treeOf = (...records: readonly object[]) => treeText(importWhole(linesOf(...asked, ...records))).slice(2);

  it.each(["exec command rejected by user", "patch rejected by user", "user rejected MCP tool call"])(
    "what the person refused is no failure: %s",
    (words) => {
      const session = importWhole(linesOf(...asked, item(2, runs("c", "git push")), item(3, gave("c", words))));
      expect(spanNamed(session, "exec_command")).toMatchObject({ status: "error", interrupted: true });
    },
  );

  it("what the person declined is none either, where its end says so", () => {
    const patch = item(2, { type: "custom_tool_call", name: "apply_patch", input: "*** Begin Patch", call_id: "p" });
    const end = event(3, { type: "patch_apply_end", call_id: "p", success: false, stderr: "", status: "declined" });
    const session = importWhole(linesOf(...asked, patch, end));
    expect(spanNamed(session, "apply_patch")).toMatchObject({ status: "error", interrupted: true });
  });

  it.each([
    [{ Err: "no such server" }, " ✗ no such server"],
    [{ Ok: { content: [{ type: "text", text: "no such ticket" }], isError: true } }, " ✗ no such ticket"],
    [{ Ok: { content: [{ type: "text", text: "found" }] } }, ""],
  ])("a call of an MCP server fails as its end says: %j", (result, failure) => {
    const call = { type: "function_call", name: "search", namespace: "mcp__tickets", arguments: "{}", call_id: "m" };
    const end = { type: "mcp_tool_call_end", call_id: "m", duration: { secs: 2, nanos: 500_000_000 }, result };
    const session = importWhole(linesOf(...asked, item(2, call), event(3, end), item(3, gave("m", "[]"))));
    expect(treeText(session).at(-1)).toBe(`    tool mcp__tickets__search 2-3${failure}`);
    expect(spanNamed(session, "mcp__tickets__search").tool).toMatchObject({ durationMs: 2500 });
  });

  it("a compaction is one, in however many ways it is told, and the next one another", () => {
    const compacted = (seconds: number, message: string) => [
      item(seconds, { type: "compaction", encrypted_content: "x" }),
      line("compacted", seconds, { message }),
      event(seconds, { type: "context_compacted" }),
    ];
    const tree = treeOf(...compacted(2, "short"), item(3, says("assistant", "On.")), ...compacted(4, "shorter"));
    expect(tree.filter((each) => each.includes("compacted"))).toEqual([
      "  span context compacted 2-2",
      "  span context compacted 4-4",
    ]);
  });

  it("what the program says in the person's name is no message", () => {
    const said = [
      "<skill>\n<name>x</name>",
      "<goal_context>",
      "<hook_prompt id='a'>",
      "# AGENTS.md instructions for /repo",
    ];
    expect(treeOf(...said.map((words, index) => item(2 + index, says("user", words))))).toEqual([]);
    expect(treeOf(item(2, says("user", "<b>bold</b>")))).toEqual(["  user-message user message 2-2"]);
  });

  it("a command that the person ran fails with its exit code", () => {
    const words = (code: number) =>
      `<user_shell_command>\n<command>\nmake\n</command>\n<result>\nExit code: ${code}\nDuration: 2.0000 seconds\nOutput:\nExit code: 7\n</result>\n</user_shell_command>`;
    expect(treeOf(item(4, says("user", words(2))), item(9, says("user", words(0))))).toEqual([
      "  tool shell 2-4 ✗ exit code 2",
      "  tool shell 7-9",
    ]);
  });

  it("what became of a sub-agent is told at that moment, with its error", () => {
    const told = (status: unknown) =>
      says(
        "user",
        `<subagent_notification>${JSON.stringify({ agent_path: "/root/a", status })}</subagent_notification>`,
      );
    const notices = [
      item(2, told("running")),
      item(3, told({ completed: "Found it" })),
      item(4, told({ errored: "no quota" })),
    ];
    expect(treeOf(...notices)).toEqual([
      "  span agent /root/a: running 2-2",
      "  span agent /root/a: completed 3-3",
      "  span agent /root/a: errored 4-4 ✗ no quota",
    ]);
  });

  it("words between agents are messages, whichever line brings them", () => {
    const told = { author: "/root/a", recipient: "/root" };
    expect(
      treeOf(
        line("inter_agent_communication", 2, { ...told, content: "One" }),
        item(3, says("assistant", "Heard.")),
        item(4, { type: "agent_message", ...told, content: [{ type: "input_text", text: "Two" }] }),
      ),
    ).toEqual([
      "  user-message message of /root/a 2-2",
      "  generation answer 2-3",
      "  user-message message of /root/a 4-4",
    ]);
  });

  it("a request that came at the wrong time is no error of the turn", () => {
    const error = (info?: unknown) => event(2, { type: "error", message: "not now", codex_error_info: info });
    expect(treeOf(error("thread_rollback_failed"))).toEqual(["  span not now 2-2"]);
    expect(treeOf(error({ active_turn_not_steerable: { turn_kind: "review" } }))).toEqual(["  span not now 2-2"]);
    expect(treeOf(error("usage_limit_exceeded"))).toEqual(["  span error 2-2 ✗ not now"]);
  });

  it("a session that was forked says of which, and keeps its own name", () => {
    const forked = line("session_meta", 0, { id: "c-2", forked_from_id: "c-1", cwd: "/repo" });
    const session = importWhole(linesOf(forked, meta, item(1, says("user", "Go"))));
    expect(session.sessionId).toBe("c-2");
    expect(session.trace.metadata).toMatchObject({ forkedFrom: "c-1" });
  });

  it("types that nobody knows are counted", () => {
    const session = importWhole(linesOf(...asked, event(2, { type: "novelty" }), item(3, { type: "novelty" })));
    expect(session.problems.map(({ message }) => message)).toEqual([
      "Events of type novelty are not known and left out (line 4)",
      "Items of type novelty are not known and left out (line 5)",
    ]);
  });
});
