// Which agent's action a received span is, by the rule that opened traces go by. Parents come after their children as a
// rule: as long as the agent is not known, all of its trace is taken for one agent's, for a frame around each call must not
// hide that calls repeat.

import type { MappedSpan } from "../../importers/otlpSpan";
import { isAgent } from "../../trace/guardrails/agents";

/** Spans whose parents are remembered; of more the one that was asked for longest ago is forgotten. */
const mostKnown = 10_000;
/** Parents may go round in circles: programs send what they like. */
const mostDepth = 500;

interface KnownSpan {
  readonly parentSpanId: string | null;
  readonly isAgent: boolean;
}

export class AgentLanes {
  readonly #known = new Map<string, KnownSpan>();
  readonly #ownSpanId: string;

  /** @param ownSpanId of the command that sends them */
  constructor(ownSpanId: string) {
    this.#ownSpanId = ownSpanId;
  }

  add({ traceId, span }: MappedSpan): void {
    const { spanId, parentSpanId, kind, name } = span;
    this.#remember(`${traceId} ${spanId}`, { parentSpanId, isAgent: isAgent(kind, name) });
  }

  /** Equal for actions of the same agent; "" where the command itself is the agent. */
  of({ traceId, span }: MappedSpan): string {
    let at = span.parentSpanId;
    for (let depth = 0; depth < mostDepth; depth++) {
      if (at === null || at === this.#ownSpanId) return "";
      const key = `${traceId} ${at}`;
      const known = this.#known.get(key);
      if (known === undefined) break;
      this.#remember(key, known);
      if (known.isAgent) return key;
      at = known.parentSpanId;
    }
    return traceId;
  }

  #remember(key: string, span: KnownSpan): void {
    this.#known.delete(key);
    this.#known.set(key, span);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
