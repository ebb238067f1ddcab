// What a session adds up to while it is recorded, for the sentences that its end is given.

import type { TraceFile } from "../trace/schema";
import type { SessionCounts } from "./narrative";
import { finiteOf } from "./safeJson";
import type { TokenSums } from "./sessionRecorder";

/** Programs that make up a name for each call must not make this grow. */
const mostToolNames = 1_000;

export class SessionTally implements SessionCounts {
  generations = 0;
  toolCalls = 0;
  tokens = 0;
  cost = 0;
  loops = 0;
  readonly tools = new Map<string, number>();

  addTool(name: string): void {
    this.toolCalls++;
    const count = this.tools.get(name);
    if (count !== undefined || this.tools.size < mostToolNames) this.tools.set(name, (count ?? 0) + 1);
  }

  addUsage({ input, output, reasoning, cacheRead, cacheWrite }: TokenSums, cost: number): number {
    const total = input + output + reasoning + cacheRead + cacheWrite;
    this.tokens += total;
    this.cost += cost;
    return total;
  }

  /** Goes on from a trace that was recorded before. */
  restore({ summary, spans }: TraceFile): void {
    this.generations = finiteOf(summary.totalGenerations) ?? 0;
    this.tokens = finiteOf(summary.totalTokens) ?? 0;
    this.cost = finiteOf(summary.totalCost) ?? 0;
    for (const { kind, name } of spans) if (kind === "tool") this.addTool(name);
    // A producer that left spans out has counted them.
    this.toolCalls = Math.max(this.toolCalls, finiteOf(summary.totalToolCalls) ?? 0);
  }
}
