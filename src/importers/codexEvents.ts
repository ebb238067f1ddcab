// Events of a rollout of Codex that tell how a call ended, and more of it than its output does; and what the program writes
// in the person's name that is no message.

import type { Fields } from "./otlpFields";
import { count, isFields, own, part, text, wordsIn } from "./recordFields";

export interface CallEnd {
  readonly callId: string | undefined;
  /** The person said no. */
  readonly isDeclined: boolean;
  readonly isFailed: boolean;
  readonly error: string | undefined;
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
  /** For a call whose item does not say it. */
  readonly input: unknown;
  readonly output: unknown;
}

const ends =
  /^(?:exec_command|patch_apply|mcp_tool_call|web_search|image_generation)_end$|^dynamic_tool_call_response$/;

/** Undefined for another event. */
export function callEndOf(event: Fields): CallEnd | undefined {
  const type = text(event, "type") ?? "";
  if (!ends.test(type)) return undefined;
  const exitCode = exitCodeIn(event);
  const result = part(event, "result");
  const refused = text(result, "Err");
  const answer = part(result, "Ok");
  const isErrorAnswer = (own(answer, "isError") ?? own(answer, "is_error")) === true;
  const hasFailed = own(event, "success") === false || refused !== undefined || isErrorAnswer;
  const said = isErrorAnswer ? wordsIn(own(answer, "content")) : undefined;
  const savedPath = text(event, "saved_path");
  return {
    callId: text(event, "call_id"),
    isDeclined: text(event, "status") === "declined",
    isFailed: hasFailed || (exitCode !== undefined && exitCode !== 0),
    error: refused ?? said ?? text(event, "error") ?? text(event, "stderr"),
    exitCode,
    durationMs: durationMs(own(event, "duration")),
    input: type === "web_search_end" ? (part(event, "action") ?? text(event, "query")) : undefined,
    output: savedPath === undefined ? undefined : { saved_path: savedPath },
  };
}

export function exitCodeIn(fields: Fields | undefined): number | undefined {
  const code = own(fields, "exit_code");
  return typeof code === "number" && Number.isInteger(code) ? code : undefined;
}

/** As Rust writes it: whole seconds, and nanoseconds beside them. */
function durationMs(value: unknown): number | undefined {
  if (!isFields(value)) return undefined;
  const seconds = count(value, "secs");
  return seconds === undefined ? undefined : Math.round(seconds * 1_000 + (count(value, "nanos") ?? 0) / 1e6);
}

/** Errors that do not make a turn fail: what somebody asked for at a time when it was not possible. */
export function isRequestRefused(event: Fields): boolean {
  const info = own(event, "codex_error_info");
  const name = typeof info === "string" ? info : isFields(info) ? Object.keys(info)[0] : undefined;
  return name === "thread_rollback_failed" || name === "active_turn_not_steerable";
}

export interface ShellCommand {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
  readonly output: string;
}

const shellCommand =
  /^\s*<user_shell_command>\s*<command>\n?([\s\S]*?)\n?<\/command>\s*<result>\n?([\s\S]*?)\n?<\/result>\s*<\/user_shell_command>\s*$/i;

/** A command that the person ran from the prompt, with what came of it. */
export function shellCommandIn(words: string): ShellCommand | undefined {
  const found = shellCommand.exec(words);
  if (found === null) return undefined;
  const [, command = "", result = ""] = found;
  const head = /^(?:(?!Output:).*\n)*/.exec(result)?.[0] ?? "";
  const exitCode = /^Exit code: (-?\d{1,10})\s*$/m.exec(head)?.[1];
  const seconds = /^Duration: (\d+(?:\.\d+)?) seconds\s*$/m.exec(head)?.[1];
  return {
    command,
    exitCode: exitCode === undefined ? undefined : Number(exitCode),
    durationMs: seconds === undefined ? undefined : Math.round(Number(seconds) * 1_000),
    output: result.slice(head.length).replace(/^Output:\n?/, ""),
  };
}

export interface AgentNotice {
  readonly agent: string;
  readonly status: string;
  readonly error: string | undefined;
}

/** What the program tells the model of a sub-agent. */
export function agentNoticeIn(words: string): AgentNotice | undefined {
  const found = /^\s*<subagent_notification>([\s\S]*)<\/subagent_notification>\s*$/i.exec(words);
  if (found === null) return undefined;
  try {
    const value: unknown = JSON.parse(found[1] ?? "");
    if (!isFields(value)) return undefined;
    const told = own(value, "status");
    const status = isFields(told) ? Object.keys(told)[0] : told;
    const agent = text(value, "agent_path") ?? text(value, "agent_id");
    if (typeof status !== "string" || agent === undefined) return undefined;
    return { agent, status, error: status === "errored" && isFields(told) ? (text(told, status) ?? "") : undefined };
  } catch {
    return undefined;
  }
}

const injectedTags = [
  "additional_context",
  "apps_instructions",
  "collaboration_mode",
  "environment_context",
  "extension_context",
  "goal_context",
  "hook_prompt",
  "instructions",
  "model_switch",
  "multi_agent_mode",
  "permissions instructions",
  "personality_spec",
  "plugins_instructions",
  "realtime_conversation",
  "skill",
  "skills_instructions",
  "subagent_notification",
  "turn_aborted",
  "user_action",
  "user_instructions",
  "user_shell_command",
];
const injected = new RegExp(
  `^\\s*(?:<(?:${injectedTags.join("|")})\\b|# AGENTS\\.md instructions|Warning: (?:The maximum number of unified exec processes|apply_patch was requested via))`,
  "i",
);

/** The program tells the model of its surroundings in the person's name. */
export function isInjected(words: string): boolean {
  return injected.test(words);
}
