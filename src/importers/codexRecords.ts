// Lines of rollouts of Codex: which types there are, and what a line tells of the session and of its usage. Names after
// `RolloutItem`, `EventMsg` and `ResponseItem` of its protocol, as of July 2026, and those of older versions.

import type { TokenCounts } from "../trace/schema";
import type { Fields } from "./otlpFields";
import { count, isFields, own, part, text } from "./recordFields";

export const lineTypes = new Set([
  "session_meta",
  "response_item",
  "event_msg",
  "turn_context",
  "compacted",
  "inter_agent_communication",
]);
/** Types of lines that tell nothing of what the session did. */
export const silentLines = /^(?:world_state|inter_agent_communication_metadata|token_usage_record)$/;
/** Of old rollouts, whose lines are items themselves. */
export const itemTypes =
  /^(?:message|reasoning|(?:function|custom_tool|local_shell|web_search|image_generation|tool_search)_call(?:_output)?|compaction\w*|ghost_snapshot)$/;
/** Items that are no part of the conversation. */
export const silentItems =
  /^(?:ghost_snapshot|additional_tools|configuration_update|compaction_trigger|image_generation_output|other)$/;

/** Events that say again what items say, announce what comes, or are about the program itself. */
export const silentEvents = new RegExp(
  `^(?:${[
    "\\w+_begin",
    "\\w+_delta",
    "\\w+_(?:approval_)?request",
    "\\w+_response",
    "(?:task|turn|item|undo|hook)_started",
    "collab_\\w+",
    "guardian_\\w+",
    "hook_completed",
    "mcp_startup_\\w+",
    "model_\\w+",
    "realtime_\\w+",
    "thread_(?:goal_updated|settings_applied)",
    "agent_reasoning_\\w+",
    "background_event",
    "deprecation_notice",
    "elicitation_request",
    "patch_apply_updated",
    "plan_update",
    "raw_response_item",
    "request_(?:permissions|user_input)",
    "safety_buffering",
    "session_configured",
    "shutdown_complete",
    "skills_update_available",
    "sub_agent_activity",
    "terminal_interaction",
    "token_count",
    "turn_diff",
    "turn_moderation_metadata",
    "view_image_tool_call",
    "warning",
  ].join("|")})$`,
);

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

/** What a session tells of itself, by the names that it has in a trace. */
export function metadataOf(meta: Fields): Record<string, unknown> {
  const git = part(meta, "git");
  const known: Record<string, unknown> = { agent: "Codex" };
  for (const [name, value] of [
    ["agentVersion", text(meta, "cli_version")],
    ["directory", text(meta, "cwd")],
    ["gitBranch", text(git, "branch")],
    ["repository", text(git, "repository_url")],
    ["providerId", text(meta, "model_provider")],
    ["parentSessionId", parentSession(meta)],
    ["forkedFrom", text(meta, "forked_from_id")],
    ["agentName", text(meta, "agent_nickname") ?? text(spawnOf(meta), "agent_nickname")],
    ["agentRole", text(meta, "agent_role") ?? text(spawnOf(meta), "agent_role")],
  ] as const) {
    if (value !== undefined) known[name] = value;
  }
  return known;
}

/** Of a sub-agent, whose rollout is a file of its own. */
function parentSession(meta: Fields): string | undefined {
  return text(spawnOf(meta), "parent_thread_id") ?? text(meta, "parent_thread_id");
}

function spawnOf(meta: Fields): Fields | undefined {
  const source = own(meta, "source");
  return isFields(source) ? part(part(source, "subagent"), "thread_spawn") : undefined;
}

/** Whether a record is a line of a rollout of Codex. */
export function isCodexRecord(fields: Fields): boolean {
  const type = text(fields, "type") ?? "";
  if (lineTypes.has(type)) return part(fields, "payload") !== undefined;
  if (type === "message") return text(fields, "role") !== undefined && Array.isArray(own(fields, "content"));
  if (type === "function_call") return text(fields, "call_id") !== undefined && text(fields, "arguments") !== undefined;
  return type === "" && text(fields, "id") !== undefined && own(fields, "instructions") !== undefined;
}
