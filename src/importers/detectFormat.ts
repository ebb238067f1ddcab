// Which format a file has, from its first bytes. A name tells nothing for certain: half of all programs write `events.jsonl`.

import { isClaudeCodeRecord } from "./claudeCode";
import { isCodexRecord } from "./codexRecords";
import { isCopilotCliRecord } from "./copilotRecords";
import type { Fields } from "./otlpFields";
import { isOtlpRecord } from "./otlpFile";
import { isFields, own } from "./recordFields";

export type ImportFormat = "claude-code" | "codex" | "copilot-cli" | "otlp";
/** `unknown`: something that nobody here reads; `empty`: nothing that could tell. */
export type FileFormat = ImportFormat | "trace" | "unknown" | "empty";

/** So many bytes are enough to tell; a first line may be longer. */
export const detectedBytes = 64 * 1024;

/** UTF-16 units in which the fields of a beginning are looked for. */
const lookedAt = 4_096;

/** What can be opened, for a message. */
export const openableFormats =
  "traces of Tracekeeper and altimate-code, OpenTelemetry traces in JSON (OTLP), and transcripts of Claude Code, Codex and Copilot CLI";

/** @param head the first `detectedBytes` of the file, or all of it */
export function detectFormat(head: Uint8Array): FileFormat {
  const text = new TextDecoder().decode(head).replaceAll("\0", "").trim();
  if (text === "") return "empty";
  // Its lines are parts of a trace, whatever they look like.
  if (formatOfBeginning(text) === "trace") return "trace";
  for (const line of text.split("\n")) {
    const value = parse(line);
    const fields = Array.isArray(value) ? value.find(isFields) : value;
    const format = isFields(fields) ? formatOf(fields) : undefined;
    if (format !== undefined) return format;
  }
  return formatOfBeginning(text) ?? "unknown";
}

function formatOf(fields: Fields): FileFormat | undefined {
  if (isOtlpRecord(fields)) return "otlp";
  if (isClaudeCodeRecord(fields)) return "claude-code";
  if (isCopilotCliRecord(fields)) return "copilot-cli";
  if (isCodexRecord(fields)) return "codex";
  if (own(fields, "version") === 2 && Array.isArray(own(fields, "spans"))) return "trace";
  return undefined;
}

/** Of a document that goes on over many lines, or of a first line that is longer than what is looked at. */
function formatOfBeginning(text: string): FileFormat | undefined {
  const beginning = text.slice(0, lookedAt);
  const has = (field: string, value = "") => new RegExp(`"${field}"\\s*:\\s*${value}`).test(beginning);
  if (/^(?:\[\s*)?\{/.test(beginning) && has("resource_?[sS]pans", "\\[")) return "otlp";
  if (!beginning.startsWith("{")) return undefined;
  if (has("version", "2\\b") && (has("traceId") || has("spans"))) return "trace";
  if (has("type", '"session_meta"') && has("payload")) return "codex";
  if (has("type", '"session\\.start"') && has("data")) return "copilot-cli";
  if (has("sessionId", '"') && has("parentUuid")) return "claude-code";
  return undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
