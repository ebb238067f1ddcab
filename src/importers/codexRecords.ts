// Lines of rollouts of Codex: which types there are, and what a line tells of the session and of its usage.

import type { TokenCounts } from "../trace/schema";
import type { Fields } from "./otlpFields";
import { count, isFields, own, part, text } from "./recordFields";

export const lineTypes = new Set(["session_meta", "response_item", "event_msg", "turn_context", "compacted"]);
/** Of old rollouts, whose lines are items themselves. */
export const itemTypes =
  /^(?:message|reasoning|(?:function|custom_tool|local_shell|web_search|image_generation|tool_search)_call(?:_output)?|compaction\w*|ghost_snapshot)$/;
export const silentEvents =
  /^(?:task_started|turn_started|token_count|agent_message_delta|thread_\w+|item_\w+|exec_command_begin|mcp_tool_call_begin|patch_apply_begin|web_search_\w+|view_image_tool_call|background_event|plan_update|turn_diff|entered_review_mode|exited_review_mode|sub_agent_activity|agent_reasoning_section_break|agent_reasoning_raw_content|raw_response_item|deprecation_notice|warning)$/;
export const silentLines = /^(?:world_state|inter_agent_communication\w*|token_usage_record)$/;
/** What tells one count of the whole session from the next. */
export function countsOf(usage: Fields | undefined): string {
  const names = ["input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens"];
  return names.map((name) => count(usage, name) ?? "").join(" ");
}

/** Those of one more request. Cached tokens are part of the input there and thoughts part of the output. */
export function addedTokens(before: TokenCounts | undefined, last: Fields): TokenCounts {
  const cacheRead = count(last, "cached_input_tokens") ?? 0;
  const reasoning = count(last, "reasoning_output_tokens") ?? 0;
  const tokens = {
    input: (before?.input ?? 0) + Math.max(0, (count(last, "input_tokens") ?? 0) - cacheRead),
    output: (before?.output ?? 0) + Math.max(0, (count(last, "output_tokens") ?? 0) - reasoning),
    reasoning: (before?.reasoning ?? 0) + reasoning,
    cacheRead: (before?.cacheRead ?? 0) + cacheRead,
    cacheWrite: 0,
  };
  return { ...tokens, total: tokens.input + tokens.output + tokens.reasoning + tokens.cacheRead };
}

/** Of a sub-agent, whose rollout is a file of its own. */
export function parentSession(meta: Fields): string | undefined {
  const source = own(meta, "source");
  const spawn = isFields(source) ? part(part(source, "subagent"), "thread_spawn") : undefined;
  return text(spawn, "parent_thread_id") ?? text(meta, "parent_thread_id");
}

/** Whether a record is a line of a rollout of Codex. */
export function isCodexRecord(fields: Fields): boolean {
  const type = text(fields, "type") ?? "";
  if (lineTypes.has(type)) return part(fields, "payload") !== undefined;
  if (type === "message") return text(fields, "role") !== undefined && Array.isArray(own(fields, "content"));
  if (type === "function_call") return text(fields, "call_id") !== undefined && text(fields, "arguments") !== undefined;
  return type === "" && text(fields, "id") !== undefined && own(fields, "instructions") !== undefined;
}
