// Sub-agents of Claude Code: which lines are whose, and which call has started them. The newest versions write each into a
// file of its own with an `agentId`, older ones write them between the others as side chains. What links an agent to its
// call may come before or after the agent's own lines, so both orders lead to the same tree.

import { type HeldSpan, type ImportedSpans, type LinePlace, placeId, rootId } from "./importedSpans";
import type { Fields } from "./otlpFields";
import { text } from "./recordFields";

interface AgentCall {
  readonly span: HeldSpan;
  readonly prompt: string | undefined;
  readonly agentName: string | undefined;
  chain?: string;
  endMs?: number;
}

/** "" for the lines of the session itself. */
export type Chain = string;

export function agentSpanId(chain: Chain): string {
  return `agent-${chain}`;
}

export class ClaudeAgents {
  readonly #spans: ImportedSpans;
  readonly #agents = new Map<Chain, HeldSpan>();
  /** Of each agent, the number of the file in which its first line was. */
  readonly #fileOfBeginning = new Map<Chain, number>();
  readonly #calls = new Map<string, AgentCall>();
  readonly #callOfChain = new Map<Chain, string>();
  /** Of the lines of old side chains, by uuid. */
  readonly #chainOfLine = new Map<string, Chain>();

  constructor(spans: ImportedSpans) {
    this.#spans = spans;
  }

  chainOf(fields: Fields, at: LinePlace): Chain {
    const agentId = text(fields, "agentId");
    if (agentId !== undefined) return agentId;
    if (fields["isSidechain"] !== true) return "";
    const chain = this.#chainOfLine.get(text(fields, "parentUuid") ?? "") ?? placeId("side", at);
    const uuid = text(fields, "uuid");
    if (uuid !== undefined) this.#chainOfLine.set(uuid, chain);
    return chain;
  }

  has(chain: Chain): boolean {
    return chain === "" || this.#agents.has(chain);
  }

  /** Whether a line comes after others that stand in a later file: then another line is the agent's first. */
  isBefore(chain: Chain, at: LinePlace): boolean {
    return at.file < (this.#fileOfBeginning.get(chain) ?? 0);
  }

  /** The span under which a chain's lines stand, made at its first line. */
  spanOf(chain: Chain, timeMs: number, at: LinePlace): HeldSpan | undefined {
    if (chain === "") return undefined;
    const known = this.#agents.get(chain);
    if (known !== undefined) return known;
    const span = this.#spans.add(
      {
        spanId: agentSpanId(chain),
        parentSpanId: rootId,
        name: "agent",
        kind: "span",
        startTime: timeMs,
        status: "ok",
        attributes: { "gen_ai.agent.id": chain },
      },
      at,
    );
    this.#agents.set(chain, span);
    this.#fileOfBeginning.set(chain, at.file);
    this.#apply(chain);
    return span;
  }

  /** A call that starts an agent. */
  called(callId: string, span: HeldSpan, input: Fields | undefined): void {
    const agentName = text(input, "subagent_type");
    this.#calls.set(callId, { span, prompt: text(input, "prompt"), agentName });
  }

  /** An agent's first words are the prompt that it was called with. */
  prompted(chain: Chain, prompt: string): void {
    if (this.#callOfChain.has(chain)) return;
    for (const [callId, call] of this.#calls) {
      if (call.chain !== undefined || call.prompt?.trim() !== prompt.trim()) continue;
      this.link(callId, chain);
      return;
    }
  }

  link(callId: string, chain: Chain): void {
    const before = this.#calls.get(this.#callOfChain.get(chain) ?? "");
    if (before !== undefined) delete before.chain;
    this.#callOfChain.set(chain, callId);
    this.#apply(chain);
  }

  /** The call has its result, so its agent is done. */
  returned(callId: string, timeMs: number): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    call.endMs = timeMs;
    if (call.chain !== undefined) this.#apply(call.chain);
  }

  #apply(chain: Chain): void {
    const call = this.#calls.get(this.#callOfChain.get(chain) ?? "");
    if (call === undefined) return;
    call.chain = chain;
    const held = this.#agents.get(chain);
    if (held === undefined) return;
    const agent = this.#spans.edit(held);
    agent.parentSpanId = call.span.spanId;
    if (call.agentName !== undefined) {
      agent.name = `agent ${call.agentName}`;
      agent.attributes = { ...agent.attributes, "gen_ai.agent.name": call.agentName };
    }
    if (call.endMs !== undefined) agent.endTime = call.endMs;
  }
}
