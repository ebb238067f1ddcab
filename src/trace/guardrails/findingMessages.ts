// Findings in words: the pattern first, then the action and the counts. One line, free of control characters.

import { formatCost, formatCount, formatDuration } from "../formatValue";
import { oneLine } from "../plainText";
import type { BudgetSign } from "./budgets";
import { failedOutcome, unknownOutcome } from "./comparedAction";
import type { FailureSign } from "./failureRuns";
import type { GuardrailSettings } from "./guardrail";
import type { LoopSign } from "./loopSign";

const longest = 500;

export function repeatMessage({ count }: LoopSign, window: number, name: string, outcome: string): string {
  return line(`repeat: "${name}" ${count} times within ${window} actions${resultWords(outcome)}`);
}

export function cycleMessage({ count }: LoopSign, names: readonly string[], outcome: string): string {
  const quoted = names.map((name) => `"${name}"`).join(", ");
  return line(
    `cycle: ${quoted} in this order ${count} times${outcome === unknownOutcome ? "" : ", each time with the same results"}`,
  );
}

export function revisitMessage({ count, others }: LoopSign, name: string, outcome: string): string {
  const gap = others === 1 ? "1 other action" : `${others} other actions`;
  const times = count > 2 ? `, ${count} times with nothing new in between` : "";
  return line(`revisit: "${name}" again after ${gap}${resultWords(outcome)}${times}`);
}

export function failuresMessage(
  pattern: FailureSign["pattern"],
  failures: number,
  { failureCluster }: GuardrailSettings,
  name: string,
): string {
  if (pattern === "failure-cluster") {
    return line(
      `failure cluster: ${failures} of the latest ${failureCluster.window} actions failed, the last one "${name}"`,
    );
  }
  const actions = failures === 1 ? "1 action failed" : `${failures} actions failed one after the other`;
  return line(`consecutive errors: ${actions}, the last one "${name}"`);
}

export function budgetMessage({ pattern, used, limit }: BudgetSign): string {
  switch (pattern) {
    case "time-budget":
      return `time budget: ${formatDuration(used)} of ${formatDuration(limit)} used`;
    case "cost-budget":
      return `cost budget: ${formatCost(used)} of ${formatCost(limit)} used`;
    case "token-budget":
      return `token budget: ${formatCount(used)} of ${formatCount(limit)} tokens used`;
  }
}

function resultWords(outcome: string): string {
  if (outcome === unknownOutcome) return "";
  return outcome === failedOutcome ? ", failed each time" : ", each time with the same result";
}

function line(text: string): string {
  return oneLine(text, longest);
}
