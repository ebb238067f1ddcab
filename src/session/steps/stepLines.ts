// Says in the terminal which step runs and which one failed, with the place of its line, which terminals make a link of.

import type { Disposable } from "../../base/disposable";
import { formatDuration } from "../../trace/formatValue";
import type { RunBus, StepResult } from "./runEvent";

/** @param say one line; texts in it are masked */
export function tellSteps(bus: RunBus, say: (line: string) => void): Disposable {
  return bus.on(
    "terminal",
    ["stepStarted", "stepFinished", "attemptFinished", "recoveryStarted", "progress", "guardrail", "problem"],
    (delivered) => {
      const { event } = delivered;
      switch (event.type) {
        case "stepStarted":
          return say(`step ${event.step.path}${nameOf(event.step)}`);
        case "attemptFinished":
          if (event.pauseMs === undefined) return;
          return say(`${event.message ?? event.failure ?? "failed"}; once more in ${formatDuration(event.pauseMs)}`);
        case "recoveryStarted":
          return say(`recovery: ${event.name}`);
        case "guardrail":
          return say(event.finding.message);
        case "progress":
        case "problem":
          return say(event.message);
        case "stepFinished": {
          const line = lineOf(event.result, delivered.isReplayed);
          if (line !== undefined) say(line);
        }
      }
    },
  );
}

function lineOf({ step, status, message = "failed", skipReason = "" }: StepResult, isReplayed: boolean) {
  if (status === "failed") return `step ${step.path} failed: ${message} (${step.file}:${step.line})`;
  if (status === "skipped") return `step ${step.path} skipped: ${skipReason}`;
  return isReplayed ? `step ${step.path} finished in an earlier run` : undefined;
}

function nameOf({ id, name }: StepResult["step"]): string {
  return name === id ? "" : `: ${name}`;
}
