// Events of Copilot CLI: what tells them from records of others, and what they tell of the usage of the whole session.

import type { TokenCounts, TraceSpan } from "../trace/schema";
import type { Fields } from "./otlpFields";
import { count, isFields, part, text } from "./recordFields";

/** What the program counted for the whole session, less what answers report themselves. */
export function restOfUsage(metrics: Fields, spans: readonly TraceSpan[]): TokenCounts | undefined {
  const sums = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  let isTold = false;
  for (const model of Object.values(metrics)) {
    const usage = isFields(model) ? part(model, "usage") : undefined;
    if (usage === undefined) continue;
    isTold = true;
    const cacheRead = count(usage, "cacheReadTokens") ?? 0;
    const cacheWrite = count(usage, "cacheWriteTokens") ?? 0;
    sums.input += Math.max(0, (count(usage, "inputTokens") ?? 0) - cacheRead - cacheWrite);
    sums.output += count(usage, "outputTokens") ?? 0;
    sums.cacheRead += cacheRead;
    sums.cacheWrite += cacheWrite;
  }
  if (!isTold) return undefined;
  for (const { kind, tokens } of spans) {
    if (kind === "generation") sums.output -= tokens?.output ?? 0;
  }
  sums.output = Math.max(0, sums.output);
  return { ...sums, total: sums.input + sums.output + sums.cacheRead + sums.cacheWrite };
}

/** Whether a record is an event of Copilot CLI. */
export function isCopilotCliRecord(fields: Fields): boolean {
  const type = text(fields, "type");
  const isKnown = type !== undefined && /^(?:session|user|assistant|tool|subagent|hook|abort)(?:\.|$)/.test(type);
  return isKnown && part(fields, "data") !== undefined;
}
