// Lines of files of other programs in any order: answers that go on, calls that end late or never, results without a call,
// sub-agents, errors, spans before their parents, and what no reader knows.

import fc from "fast-check";

export interface ArbitraryFile {
  readonly format: "claude-code" | "codex" | "copilot-cli" | "otlp";
  readonly lines: readonly unknown[];
}

const seconds = fc.nat(90);
const at = (second: number) => new Date(Date.UTC(2026, 0, 5, 10, 0, 0) + second * 1000).toISOString();
const words = fc.constantFrom("go", "on", "it fails", "done", "[Request interrupted by user]", "x".repeat(40));
const pooled = (prefix: string, count: number) => fc.nat(count - 1).map((index) => `${prefix}${index}`);
const many = <T>(line: fc.Arbitrary<T>) => fc.array(line, { minLength: 1, maxLength: 28 });

const command = fc.record({ command: fc.constantFrom("npm test", "ls", "make"), cwd: fc.constant("/repo") });
const usage = fc.record({ input_tokens: fc.nat(50), output_tokens: fc.nat(50) });

function claudeLine(prefix: string): fc.Arbitrary<object> {
  const around = fc.record({
    uuid: pooled(`${prefix}u`, 400),
    parentUuid: pooled(`${prefix}u`, 400),
    sessionId: fc.constant("s1"),
    timestamp: seconds.map(at),
    isSidechain: fc.constantFrom(false, false, true),
    agentId: fc.constantFrom(undefined, undefined, undefined, "a0", "a1"),
  });
  const use = fc.record({
    type: fc.constant("tool_use"),
    id: pooled("t", 8),
    name: fc.constantFrom("Bash", "Read", "Task"),
    input: fc.oneof(command, fc.record({ prompt: words, subagent_type: fc.constant("explorer") })),
  });
  const result = fc.record({
    type: fc.constant("tool_result"),
    tool_use_id: pooled("t", 8),
    content: words,
    is_error: fc.boolean(),
  });
  const text = fc.record({ type: fc.constant("text"), text: words });
  const answer = fc
    .record({
      id: pooled("m", 5),
      model: fc.constantFrom("opus", "haiku"),
      usage,
      content: fc.array(fc.oneof(text, use)),
    })
    .map((message) => ({ type: "assistant", message: { role: "assistant", ...message } }));
  const asked = fc
    .record({ content: fc.oneof(words, fc.array(fc.oneof(text, result), { minLength: 1, maxLength: 3 })) })
    .map((message) => ({ type: "user", message: { role: "user", ...message } }));
  const told = fc.record({
    toolUseResult: fc.record({
      agentId: fc.constantFrom("a0", "a1"),
      totalDurationMs: fc.nat(9_000),
      status: fc.constantFrom("completed", "async_launched"),
    }),
  });
  const other = fc.oneof(
    fc.constantFrom("compact_boundary", "api_error").map((subtype) => ({ type: "system", subtype, content: "told" })),
    fc.record({ type: fc.constant("summary"), summary: words, leafUuid: pooled(`${prefix}u`, 400) }),
    fc.record({ type: fc.constant("custom-title"), customTitle: words }),
    fc.record({
      type: fc.constant("progress"),
      data: fc.record({ agentId: fc.constantFrom("a0", "a1") }),
      parentToolUseID: pooled("t", 8),
    }),
    fc.constantFrom({ type: "novelty" }, { type: "queue-operation" }),
  );
  return fc
    .tuple(
      around,
      fc.oneof(
        { weight: 4, arbitrary: answer },
        { weight: 4, arbitrary: asked },
        { weight: 2, arbitrary: fc.tuple(asked, told).map(([line, more]) => ({ ...line, ...more })) },
        { weight: 1, arbitrary: other },
      ),
    )
    .map(([fields, line]) => ({ ...fields, ...line }));
}

/** @param prefix of the ids of lines, which differ from file to file */
export const claudeLines = (prefix: string) =>
  many(claudeLine(prefix)).map((lines) => [
    {
      type: "user",
      uuid: `${prefix}first`,
      sessionId: "s1",
      timestamp: at(0),
      message: { role: "user", content: "go" },
    },
    ...lines,
  ]);

const codexPayload = fc.oneof(
  fc
    .tuple(fc.constantFrom("user", "assistant"), words)
    .map(
      ([role, text]) => ["response_item", { type: "message", role, content: [{ type: "output_text", text }] }] as const,
    ),
  words.map((text) => ["response_item", { type: "reasoning", summary: [{ type: "summary_text", text }] }] as const),
  fc
    .tuple(pooled("c", 6), fc.constantFrom("shell", "read"), command)
    .map(
      ([call_id, name, input]) =>
        ["response_item", { type: "function_call", call_id, name, arguments: JSON.stringify(input) }] as const,
    ),
  fc
    .tuple(pooled("c", 8), fc.constantFrom(0, 0, 2))
    .map(
      ([call_id, exit_code]) =>
        [
          "response_item",
          { type: "function_call_output", call_id, output: JSON.stringify({ output: "out", metadata: { exit_code } }) },
        ] as const,
    ),
  fc.constant(["response_item", { type: "web_search_call", id: "w", status: "completed" }] as const),
  fc
    .constantFrom(
      "user_message",
      "agent_message",
      "agent_reasoning",
      "task_complete",
      "turn_aborted",
      "error",
      "new_one",
    )
    .chain((type) => words.map((message) => ["event_msg", { type, message, text: message, reason: "no" }] as const)),
  fc.nat(3).map(
    (count) =>
      [
        "event_msg",
        {
          type: "token_count",
          info: { total_token_usage: { total_tokens: count }, last_token_usage: { input_tokens: 9, output_tokens: 2 } },
        },
      ] as const,
  ),
  fc.constant(["turn_context", { model: "gpt-5-codex" }] as const),
  fc.constant(["compacted", { message: "short" }] as const),
  fc
    .record({
      type: fc.constantFrom("exec_command_end", "patch_apply_end", "mcp_tool_call_end"),
      call_id: pooled("c", 8),
      success: fc.boolean(),
      status: fc.constantFrom("completed", "declined"),
      duration: fc.record({ secs: fc.nat(9), nanos: fc.constant(5_000_000) }),
    })
    .map((payload) => ["event_msg", payload] as const),
  fc
    .constantFrom(
      { type: "context_compacted" },
      { type: "thread_name_updated", thread_name: "named" },
      { type: "thread_rolled_back", num_turns: 1 },
      { type: "entered_review_mode", user_facing_hint: "changes" },
      { type: "exited_review_mode", review_output: { findings: [] } },
      { type: "item_completed", item: { type: "Plan", text: "1. Look" } },
    )
    .map((payload) => ["event_msg", payload] as const),
  fc
    .constantFrom(
      "<user_shell_command>\n<command>\nls\n</command>\n<result>\nExit code: 1\nOutput:\na\n</result>\n</user_shell_command>",
      '<subagent_notification>{"agent_path":"/root/a","status":{"errored":"no"}}</subagent_notification>',
    )
    .map(
      (text) => ["response_item", { type: "message", role: "user", content: [{ type: "input_text", text }] }] as const,
    ),
  words.map(
    (text) =>
      ["response_item", { type: "agent_message", author: "/root/a", content: [{ type: "input_text", text }] }] as const,
  ),
);

const codexFile = many(fc.tuple(seconds, codexPayload)).map((lines) => [
  { timestamp: at(0), type: "session_meta", payload: { id: "s1", cwd: "/repo", cli_version: "1" } },
  ...lines.map(([second, [type, payload]]) => ({ timestamp: at(second), type, payload })),
]);

const copilotEvent = fc.oneof(
  words.map((content) => ({ type: "user.message", data: { content } })),
  fc
    .record({
      messageId: pooled("m", 40),
      content: words,
      outputTokens: fc.nat(9),
      toolRequests: fc.array(fc.record({ toolCallId: pooled("c", 6), name: fc.constant("bash"), arguments: command }), {
        maxLength: 2,
      }),
      parentToolCallId: fc.constantFrom(undefined, "c0"),
    })
    .map((data) => ({ type: "assistant.message", data })),
  pooled("c", 8).map((toolCallId) => ({ type: "tool.execution_start", data: { toolCallId, toolName: "bash" } })),
  fc
    .record({
      toolCallId: pooled("c", 8),
      success: fc.boolean(),
      result: fc.record({ content: words }),
      model: fc.constant("m"),
    })
    .map((data) => ({ type: "tool.execution_complete", data })),
  fc
    .tuple(fc.constantFrom("subagent.started", "subagent.completed", "subagent.failed"), pooled("c", 3))
    .map(([type, toolCallId]) => ({ type, data: { toolCallId, agentName: "explore" } })),
  fc.constantFrom(
    { type: "session.resume", data: { sessionId: "s1" } },
    { type: "session.shutdown", data: { modelMetrics: { m: { usage: { inputTokens: 90, outputTokens: 70 } } } } },
    { type: "assistant.turn_end", data: {} },
    { type: "session.error", data: { message: "no" } },
    { type: "abort", data: { reason: "user" } },
  ),
);

const copilotFile = many(fc.tuple(seconds, copilotEvent)).map((lines) => [
  { type: "session.start", id: "e", timestamp: at(0), data: { sessionId: "s1", copilotVersion: "1" } },
  ...lines.map(([second, event], index) => ({ ...event, id: `e${index}`, timestamp: at(second) })),
]);

const hex = (id: number) => id.toString(16).padStart(16, "0");
const ns = (second: number) => `${1_767_000_000 + second}000000000`;

const otlpSpan = fc
  .record({
    trace: fc.constantFrom(1, 1, 1, 2),
    id: fc.integer({ min: 1, max: 14 }),
    parent: fc.constantFrom(undefined, 1, 2, 3, 4, 5, 6, 7, 20),
    name: fc.constantFrom("invoke_agent", "chat", "execute_tool"),
    start: seconds,
    lasts: fc.constantFrom(undefined, 0, 5),
    isError: fc.boolean(),
    tokens: fc.constantFrom(undefined, undefined, 8),
  })
  .map(({ trace, id, parent, name, start, lasts, isError, tokens }) => ({
    traceId: trace.toString(16).padStart(32, "0"),
    spanId: hex(id),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent) }),
    name,
    startTimeUnixNano: ns(start),
    ...(lasts === undefined ? {} : { endTimeUnixNano: ns(start + lasts) }),
    status: { code: isError ? 2 : 1 },
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: name } },
      { key: "gen_ai.request.model", value: { stringValue: `model-${id % 3}` } },
      ...(tokens === undefined ? [] : [{ key: "gen_ai.usage.input_tokens", value: { intValue: tokens } }]),
    ],
  }));

const otlpFile = many(
  fc
    .tuple(fc.constantFrom("shop", "bank", undefined), fc.array(otlpSpan, { minLength: 1, maxLength: 3 }))
    .map(([service, spans]) => ({
      resourceSpans: [
        {
          resource: {
            attributes: service === undefined ? [] : [{ key: "service.name", value: { stringValue: service } }],
          },
          scopeSpans: [{ spans }],
        },
      ],
    })),
);

export const arbitraryFile: fc.Arbitrary<ArbitraryFile> = fc.oneof(
  claudeLines("").map((lines) => ({ format: "claude-code" as const, lines })),
  codexFile.map((lines) => ({ format: "codex" as const, lines })),
  copilotFile.map((lines) => ({ format: "copilot-cli" as const, lines })),
  otlpFile.map((lines) => ({ format: "otlp" as const, lines })),
);
