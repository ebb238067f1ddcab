// Lets the guardrails see every action of a playbook, and what the programs of its `run` steps tell of themselves, and tells
// what they say on the bus. Where they say stop the run ends.

import { type Disposable, DisposableStore, toDisposable } from "../../base/disposable";
import { formatDuration } from "../../trace/formatValue";
import type { GuardrailFinding } from "../../trace/guardrails/guardrail";
import { LaneDetectors } from "../guardrails/laneDetectors";
import type { StartedProgram } from "../guardrails/programSpans";
import { ProgramWatch } from "../guardrails/programWatch";
import { settledGuardrails } from "../guardrails/settledGuardrails";
import type { StopReason } from "../outcome";
import type { Playbook } from "../playbook/playbook";
import { type CountedAction, CountedActions } from "./countedActions";
import type { RunEventScope, Usage } from "./runEvent";
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
/** Of programs that were started last: those before may still tell something, but no longer of a loop. */
const mostPrograms = 16;

/** A playbook within another one has a watch of its own only where it says so itself: the outer one sees its actions too. */
export function watchGuardrails(
  { playbook, scope, prefix }: Watched,
  { bus, guardrails, nowMs, programSpans, mask }: RunServices,
  stop: (reason: StopReason) => void,
): Disposable {
  if (prefix !== "" && playbook.guardrails === undefined) return toDisposable(() => undefined);
  const { settings, problem } = settledGuardrails(guardrails, playbook.guardrails);
  if (problem !== undefined) scope.emit({ type: "problem", message: problem });
  const detectors = new LaneDetectors(settings, nowMs());
  const tell = (
    { level, pattern, message }: Omit<GuardrailFinding, "actions">,
    at: { readonly scopeId?: string; readonly spanId?: string } = {},
  ) => {
    scope.emit({ type: "guardrail", finding: { level, pattern, message }, ...at });
    if (level === "stop") stop({ type: "guardrail", message });
  };
  const spend = (usage: Usage | undefined, scopeId: string) => {
    const use = { tokens: totalTokens(usage), costUsd: usage?.costUsd };
    for (const finding of detectors.spend(use, nowMs())) tell(finding, { scopeId });
  };
  const store = new DisposableStore();
  const counted = new CountedActions();
  store.add(
    bus.on("guardrails", ["attemptStarted", "actionFinished", "attemptFinished"], (delivered) => {
      const { event, scope: where } = delivered;
      if (where.runId !== scope.ref.runId) return;
      if (event.type === "actionFinished" && !event.step.path.startsWith(prefix)) return;
      const known = counted.take(delivered);
      if (known === undefined) return;
      const { scopeId } = known;
      if (known.type === "usage") return spend(known.usage, scopeId);
      for (const finding of detectors.add(known.lane, watchedAction(known))) tell(finding, { scopeId });
      spend(known.event.usage, scopeId);
    }),
  );
  const programs = new Map<string, ProgramWatch>();
  const programOf = ({ scopeId, spanId }: StartedProgram) => {
    const tellOf = (finding: GuardrailFinding, id: string) => tell(finding, { scopeId, spanId: id });
    const watch =
      programs.get(scopeId) ??
      new ProgramWatch({ detectors, spanId, prefix: `${scopeId} `, nowMs, mask, tell: tellOf });
    programs.delete(scopeId);
    programs.set(scopeId, watch);
    const [oldest] = programs.keys();
    if (programs.size > mostPrograms && oldest !== undefined) programs.delete(oldest);
    return watch;
  };
  store.add(
    programSpans.listen((program, spans) => {
      if (program.scopeId.startsWith(`${scope.ref.runId}/${prefix}`)) programOf(program).take(spans);
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

function watchedAction({ event, endMs }: CountedAction) {
  const { name, input, failure, outputEnd, durationMs } = event;
  return {
    tool: name,
    input: JSON.stringify(input) ?? "",
    output: failure ?? outputEnd,
    isFailed: failure !== undefined,
    startMs: endMs - durationMs,
    endMs,
  };
}
