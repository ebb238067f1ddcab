// Lets the guardrails see every action of a playbook, and tells what they say on the bus. Where they say stop the run ends.

import { type Disposable, DisposableStore, toDisposable } from "../../base/disposable";
import { formatDuration } from "../../trace/formatValue";
import { GuardrailDetector } from "../../trace/guardrails/detector";
import type { GuardrailFinding, GuardrailSettings } from "../../trace/guardrails/guardrail";
import type { StopReason } from "../outcome";
import type { Playbook, PlaybookGuardrails } from "../playbook/playbook";
import type { RunEventScope } from "./runEvent";
import type { RunServices } from "./runServices";
import { totalTokens } from "./usageSum";

export interface Watched {
  readonly playbook: Playbook;
  readonly scope: RunEventScope;
  /** "" for the run's own playbook. */
  readonly prefix: string;
}

/** A timer that is set for longer fires at once. */
const longestMs = 2 ** 31 - 1;

/** A playbook within another one has a watch of its own only where it says so itself: the outer one sees its actions too. */
export function watchGuardrails(
  { playbook, scope, prefix }: Watched,
  { bus, guardrails, nowMs }: RunServices,
  stop: (reason: StopReason) => void,
): Disposable {
  if (prefix !== "" && playbook.guardrails === undefined) return toDisposable(() => undefined);
  const settings = withPlaybook(guardrails, playbook.guardrails);
  let detector: GuardrailDetector;
  try {
    detector = new GuardrailDetector(settings, nowMs());
  } catch (error) {
    // A playbook's part of the settings and the session's own need not fit each other.
    scope.emit({ type: "problem", message: `guardrails are off: ${(error as Error).message}` });
    return toDisposable(() => undefined);
  }
  const tell = ({ level, pattern, message }: Omit<GuardrailFinding, "actions">, scopeId?: string) => {
    const finding = { level, pattern, message };
    scope.emit({ type: "guardrail", finding, ...(scopeId === undefined ? {} : { scopeId }) });
    if (level === "stop") stop({ type: "guardrail", message });
  };
  const store = new DisposableStore();
  store.add(
    bus.on("guardrails", ["actionFinished"], ({ event, scope: where, timeMs }) => {
      const isWithin = where.runId === scope.ref.runId && event.step.path.startsWith(prefix);
      if (!isWithin || event.isInterrupted === true || event.step.action === "playbook") return;
      const { usage } = event;
      const findings = detector.add({
        tool: event.name,
        input: JSON.stringify(event.input) ?? "",
        output: event.failure ?? event.outputEnd,
        isFailed: event.failure !== undefined,
        tokens: totalTokens(usage),
        costUsd: usage?.costUsd,
        startMs: timeMs - event.durationMs,
        endMs: timeMs,
      });
      for (const finding of findings) tell(finding, where.id);
    }),
  );
  const { timeMs } = settings.budget;
  if (timeMs !== undefined) {
    // An action that goes on and on is none that has ended.
    const message = `time budget: an action was still running when the ${formatDuration(timeMs)} of the run were over`;
    const timer = setTimeout(
      () => tell({ level: "stop", pattern: "time-budget", message }),
      Math.min(timeMs, longestMs),
    );
    store.add(toDisposable(() => clearTimeout(timer)));
  }
  return store;
}

function withPlaybook(settings: GuardrailSettings, own: PlaybookGuardrails = {}): GuardrailSettings {
  return {
    ...settings,
    ...own,
    repeats: { ...settings.repeats, ...own.repeats },
    cycle: { ...settings.cycle, ...own.cycle },
    failureCluster: { ...settings.failureCluster, ...own.failureCluster },
    budget: { ...settings.budget, ...own.budget },
  };
}
