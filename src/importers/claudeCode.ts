// Transcripts of Claude Code: `~/.claude/projects/<project>/<session>.jsonl`, and `agent-*.jsonl` of its sub-agents. One
// answer is written as several lines that share `message.id` and each repeat its usage, which is counted once.

import { cutText, oneLine } from "../trace/plainText";
import type { TraceMetadata } from "../trace/schema";
import { agentSpanId, type Chain, ClaudeAgents } from "./claudeAgents";
import { contentOf, errorText, isRefusal, payloadOf, promptOf, textOf, tokensOf } from "./claudeContent";
import { clippedValue } from "./clippedValue";
import { type HeldSpan, type LinePlace, placeId, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { count, isFields, own, part, text, timeMs } from "./recordFields";
import { longestMessage, TranscriptBase, type TranscriptImporter, type TranscriptRecord } from "./transcript";

/** Types that tell nothing of what the session did. */
const silentTypes = new Set([
  "file-history-snapshot",
  "queue-operation",
  "attachment",
  "last-prompt",
  "permission-mode",
  "mode",
  "agent-name",
  "agent-setting",
  "pr-link",
  "tag",
  "worktree-state",
]);

export class ClaudeCodeImporter extends TranscriptBase implements TranscriptImporter {
  readonly #agents = new ClaudeAgents(this.spans);
  /** When each line was written, by uuid: an answer takes from the line that it follows. */
  readonly #times = new Map<string, number>();
  readonly #answers = new Map<string, { readonly span: HeldSpan; readonly blocks: Fields[] }>();
  readonly #summaries: { readonly leaf: string | undefined; readonly title: string }[] = [];
  #title: string | undefined;

  take({ fields, at }: TranscriptRecord): void {
    const type = text(fields, "type");
    if (type === undefined) return this.complain("no-type", "A line is no record of Claude Code");
    switch (type) {
      case "user":
      case "assistant":
        return this.#message(type, fields, at);
      case "system":
        return this.#system(fields, at);
      case "summary":
        return void this.#summaries.push({ leaf: text(fields, "leafUuid"), title: text(fields, "summary") ?? "" });
      case "custom-title":
      case "ai-title":
        this.#title = text(fields, "customTitle") ?? text(fields, "aiTitle") ?? this.#title;
        return;
      case "progress":
        return this.#progress(fields);
      default:
        this.#remember(fields);
        if (!silentTypes.has(type)) {
          this.complain(`type ${type}`, `Lines of type ${oneLine(type, 60)} are not known and left out`, "info");
        }
    }
  }

  get title(): string | undefined {
    const summary = this.#summaries.findLast(({ leaf, title }) => title !== "" && this.#times.has(leaf ?? ""));
    return this.#title ?? summary?.title;
  }

  #message(type: "user" | "assistant", fields: Fields, at: LinePlace): void {
    const message = part(fields, "message");
    const sound =
      message !== undefined && (typeof message["content"] === "string" || Array.isArray(message["content"]));
    if (!sound) return this.complain(`no-message ${type}`, `A line of type ${type} holds no message`);
    const followsMs = this.#times.get(text(fields, "parentUuid") ?? "");
    const time = this.#remember(fields) ?? this.clock(undefined, type);
    this.lastMs = time;
    const chain = this.#agents.chainOf(fields, at);
    this.root(time, at);
    this.#readHeader(fields, chain);
    // What is read again is the beginning of an agent where the agent is wanted, and else something that it said later.
    const mayBegin = this.wantedId === undefined || this.wantedId === agentSpanId(chain);
    const isFirst = mayBegin && !this.#agents.has(chain);
    if (this.#agents.isBefore(chain, at)) this.mustReadAnew = true;
    const agent = this.#agents.spanOf(chain, time, at);
    const parentId = agent?.spanId ?? rootId;
    if (type === "assistant") this.#answer(fields, message, { time, followsMs, parentId, isAgent: chain !== "" }, at);
    else this.#userLine(fields, message, { time, parentId, agent, chain, isFirst }, at);
  }

  /** Notes when a line was written; its time, where it names one. */
  #remember(fields: Fields): number | undefined {
    const time = timeMs(own(fields, "timestamp"));
    const uuid = text(fields, "uuid");
    if (uuid !== undefined) this.#times.set(uuid, time ?? this.lastMs);
    return time;
  }

  #readHeader(fields: Fields, chain: Chain): void {
    this.sessionId ??= text(fields, "sessionId");
    if (chain !== "") return;
    const cwd = text(fields, "cwd");
    const branch = text(fields, "gitBranch");
    const version = text(fields, "version");
    const known: TraceMetadata = { agent: "Claude Code" };
    if (cwd !== undefined) known["directory"] = cwd;
    if (branch !== undefined) known["gitBranch"] = branch;
    if (version !== undefined) known["agentVersion"] = version;
    this.metadata = { ...this.metadata, ...known };
  }

  #answer(
    fields: Fields,
    message: Fields,
    where: { time: number; followsMs: number | undefined; parentId: string; isAgent: boolean },
    at: LinePlace,
  ): void {
    const { said, calls } = contentOf(message);
    const id = text(message, "id") ?? text(fields, "uuid") ?? placeId("answer", at);
    const model = text(message, "model");
    const answer = this.#answers.get(id) ?? this.#newAnswer(id, where, at);
    const { blocks } = answer;
    const span = this.spans.edit(answer.span, at);
    if (span.endTime === undefined || where.time > span.endTime) span.endTime = where.time;
    // Written by the program itself, as for an error.
    if (model !== undefined && model !== "<synthetic>") {
      span.model = { modelId: model };
      if (!where.isAgent) this.metadata = { ...this.metadata, model };
    }
    const tokens = tokensOf(part(message, "usage"));
    if (tokens !== undefined && model !== "<synthetic>") span.tokens = tokens;
    const reason = text(message, "stop_reason");
    if (reason !== undefined) span.finishReason = reason;
    blocks.push(...this.#kept(said, at));
    if (own(fields, "isApiErrorMessage") === true) {
      span.status = "error";
      span.statusMessage = cutText(textOf(said) ?? "API error", longestMessage);
    }
    for (const call of calls) this.#call(call, span, where.time, at);
    const output = payloadOf([...blocks]) ?? this.#namesOf(span);
    if (output !== undefined) span.output = output;
  }

  /** Another line of the answer may come at any time: of long ones that is as much as the span keeps anyway. */
  #kept(said: readonly Fields[], at: LinePlace): readonly Fields[] {
    if (at.lengthBytes <= this.spans.longestKeptBytes) return said;
    return said.map((block) => clippedValue(block, 1) as Fields);
  }

  #newAnswer(
    id: string,
    { time, followsMs, parentId }: { time: number; followsMs: number | undefined; parentId: string },
    at: LinePlace,
  ) {
    const startTime = followsMs !== undefined && followsMs > 0 && followsMs < time ? followsMs : time;
    const span = this.spans.add(
      { spanId: id, parentSpanId: parentId, name: "answer", kind: "generation", startTime, status: "ok" },
      at,
    );
    const answer = { span, blocks: [] as Fields[] };
    this.#answers.set(id, answer);
    return answer;
  }

  /** What an answer without words shows. */
  #namesOf(answer: HeldSpan): string | undefined {
    const names = this.#namesByAnswer.get(answer.spanId);
    return names && `[tool calls: ${[...names.values()].join(", ")}]`;
  }

  /** Of the calls of each answer, by their ids. */
  readonly #namesByAnswer = new Map<string, Map<string, string>>();

  #call(call: Fields, answer: HeldSpan, time: number, at: LinePlace): void {
    const callId = text(call, "id") ?? placeId("call", at);
    const name = text(call, "name") ?? "tool";
    const names = this.#namesByAnswer.get(answer.spanId) ?? new Map<string, string>();
    this.#namesByAnswer.set(answer.spanId, names.set(callId, name));
    if (this.calls.has(callId)) return;
    const input = own(call, "input");
    const span = this.addCall({ callId, name, input, parentId: answer.spanId }, time, at);
    if (name === "Task" || name === "Agent") this.#agents.called(callId, span, isFields(input) ? input : undefined);
  }

  #userLine(
    fields: Fields,
    message: Fields,
    where: { time: number; parentId: string; agent: HeldSpan | undefined; chain: Chain; isFirst: boolean },
    at: LinePlace,
  ): void {
    const { said, results } = contentOf(message);
    for (const result of results) this.#result(result, fields, where.time, where.parentId, at);
    const words = textOf(said);
    if (said.length === 0 || own(fields, "isMeta") === true) return;
    const { agent, chain, isFirst, time, parentId } = where;
    if (agent !== undefined && isFirst && words !== undefined) {
      this.spans.edit(agent).input = payloadOf(said);
      return this.#agents.prompted(chain, words);
    }
    const id = text(fields, "uuid") ?? placeId("message", at);
    if (own(fields, "isCompactSummary") === true) {
      const output = payloadOf(said);
      const span = { spanId: id, parentSpanId: parentId, name: "summary of what came before", status: "ok", output };
      return void this.addMoment({ ...span, kind: "span", status: "ok" }, time, at);
    }
    this.addMessage(id, parentId, payloadOf(said), time, at);
    const prompt = chain === "" && words !== undefined && !isRefusal(words) ? promptOf(words) : undefined;
    if (prompt !== undefined) this.metadata = { prompt, ...this.metadata };
  }

  #result(result: Fields, line: Fields, time: number, parentId: string, at: LinePlace): void {
    const callId = text(result, "tool_use_id") ?? placeId("result", at);
    const call = this.spans.edit(this.calls.get(callId) ?? this.addStrayCall(callId, parentId, time, at), at);
    call.endTime = time;
    const content = own(result, "content");
    if (content !== undefined) call.output = content;
    if (own(result, "is_error") === true) {
      call.status = "error";
      const message = errorText(content);
      if (message !== "") call.statusMessage = cutText(message, longestMessage);
      if (isRefusal(message)) call.interrupted = true;
    }
    const told = part(line, "toolUseResult");
    const durationMs = count(told, "totalDurationMs") ?? count(told, "durationMs");
    if (durationMs !== undefined) call.tool = { ...call.tool, durationMs };
    const agentId = text(told, "agentId");
    if (agentId !== undefined) this.#agents.link(callId, agentId);
    // An agent in the background goes on.
    if (text(told, "status") !== "async_launched") this.#agents.returned(callId, time);
  }

  #progress(fields: Fields): void {
    this.#remember(fields);
    const agentId = text(part(fields, "data"), "agentId");
    const callId = text(fields, "parentToolUseID");
    if (agentId !== undefined && callId !== undefined) this.#agents.link(callId, agentId);
  }

  #system(fields: Fields, at: LinePlace): void {
    const time = this.#remember(fields) ?? this.lastMs;
    const subtype = text(fields, "subtype");
    if (subtype !== "compact_boundary" && subtype !== "api_error") return;
    this.root(time, at);
    const spanId = text(fields, "uuid") ?? placeId("system", at);
    const parentSpanId = this.#agents.spanOf(this.#agents.chainOf(fields, at), time, at)?.spanId ?? rootId;
    if (subtype === "compact_boundary") {
      const attributes = { ...part(fields, "compactMetadata") };
      const span = { spanId, parentSpanId, name: "context compacted", status: "ok", attributes } as const;
      return void this.addMoment({ ...span, kind: "span" }, time, at);
    }
    const error = part(fields, "error");
    const told = text(error, "message") ?? text(part(part(error, "error"), "error"), "message") ?? wordsOfStatus(error);
    const statusMessage = cutText(text(fields, "content") ?? told ?? "API error", longestMessage);
    this.addMoment({ spanId, parentSpanId, name: "API error", kind: "span", status: "error", statusMessage }, time, at);
  }
}

function wordsOfStatus(error: Fields | undefined): string | undefined {
  const status = count(error, "status");
  return status === undefined ? undefined : `HTTP status ${status}`;
}

/** Whether a record is one of a transcript of Claude Code. */
export function isClaudeCodeRecord(fields: Fields): boolean {
  const type = text(fields, "type");
  if (type === undefined) return false;
  if (type === "summary") return text(fields, "summary") !== undefined && text(fields, "leafUuid") !== undefined;
  if (type === "user" || type === "assistant") {
    return part(fields, "message") !== undefined && (own(fields, "sessionId") ?? own(fields, "uuid")) !== undefined;
  }
  const isOwn = type === "system" || type === "progress" || silentTypes.has(type) || /^(?:custom|ai)-title$/.test(type);
  return isOwn && (own(fields, "sessionId") ?? own(fields, "uuid") ?? own(fields, "messageId")) !== undefined;
}
