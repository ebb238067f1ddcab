// Tokens and cost of several actions together. What nobody reported stays unreported: it is not nothing.

import type { TokenSums } from "../../recorder/sessionRecorder";
import type { Usage } from "./runEvent";

export function addUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const tokens = addTokens(one.tokens, other.tokens);
  const costUsd =
    one.costUsd === undefined && other.costUsd === undefined ? undefined : (one.costUsd ?? 0) + (other.costUsd ?? 0);
  return { ...(tokens === undefined ? {} : { tokens }), ...(costUsd === undefined ? {} : { costUsd }) };
}

export function totalTokens(usage: Usage | undefined): number | undefined {
  const { tokens } = usage ?? {};
  return tokens && tokens.input + tokens.output + tokens.reasoning + tokens.cacheRead + tokens.cacheWrite;
}

function addTokens(one: TokenSums | undefined, other: TokenSums | undefined): TokenSums | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    reasoning: one.reasoning + other.reasoning,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
  };
}
