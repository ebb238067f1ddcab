// Which agent's action a received span is, by the rule that opened traces go by, as far as it is known: parents come after
// their children as a rule, and an agent's own span when it has ended. Calls below the same span are of one agent, whatever
// that span turns out to be; of calls below different spans nobody knows that before these have come.

import type { MappedSpan } from "../../importers/otlpSpan";
import { isAgent } from "../../trace/guardrails/agents";

/** Spans whose parents are remembered; of more the one that was asked for longest ago is forgotten. */
const mostKnown = 10_000;
/** Parents may go round in circles: programs send what they like. */
const mostDepth = 500;

export interface AgentLane {
  /** Equal for actions of the same agent; "" where the command itself is the agent. */
  readonly key: string;
  /** What they stand below has not come: it may be a frame around a few calls of an agent. */
  readonly isAwaited: boolean;
}

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

  /** @returns the key of the lane of what stands below the span, for as long as it was awaited */
  add({ traceId, span }: MappedSpan): string {
    const { spanId, parentSpanId, kind, name } = span;
    const key = `${traceId} ${spanId}`;
    this.#remember(key, { parentSpanId, isAgent: isAgent(kind, name) });
    return key;
  }

  /** Of an action. */
  of({ traceId, span }: MappedSpan): AgentLane {
    return this.#below(traceId, span.parentSpanId);
  }

  /** Of what stands below a span that has come. */
  below({ traceId, span }: MappedSpan): AgentLane {
    return this.#below(traceId, span.spanId);
  }

  #below(traceId: string, spanId: string | null): AgentLane {
    let at = spanId;
    for (let depth = 0; depth < mostDepth; depth++) {
      if (at === null || at === this.#ownSpanId) return { key: "", isAwaited: false };
      const key = `${traceId} ${at}`;
      const known = this.#known.get(key);
      if (known === undefined) return { key, isAwaited: true };
      this.#remember(key, known);
      if (known.isAgent) return { key, isAwaited: false };
      at = known.parentSpanId;
    }
    return { key: traceId, isAwaited: false };
  }

  #remember(key: string, span: KnownSpan): void {
    this.#known.delete(key);
    this.#known.set(key, span);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
