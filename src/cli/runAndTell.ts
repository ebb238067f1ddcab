// Runs a launch in this terminal, and tells at the end what came of it.

import { setTimeout as delay } from "node:timers/promises";
import type { Launch } from "../session/launch";
import { type RunEnd, runLaunch } from "../session/runLaunch";
import { parseSessionKey } from "../store/sessionKey";
import { formatDuration } from "../trace/formatValue";
import { showCommandFor } from "./headerLines";
import { isoTime } from "./jsonTime";
import { newLaunchFolder } from "./launchFolder";
import { jsonLine, visibleLine } from "./visibleText";

/** So long the last line may take. */
const mostWaitMs = 1_000;

export interface TellingOptions {
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Ends the process with the run's exit code. */
export async function runAndTell(launch: Launch, values: TellingOptions): Promise<never> {
  const folder = newLaunchFolder();
  const startedMs = Date.now();
  let told = "";
  const isQuiet = values.quiet === true || values.json === true;
  const onEnd = (runEnd: RunEnd) => {
    // Why nothing was run has been said.
    if ((values.quiet === true || runEnd.isNotRun === true) && values.json !== true) return;
    const line = values.json === true ? jsonLine(runObject(launch, runEnd, startedMs)) : endLine(launch, runEnd);
    told = `${runEnd.isAtLineStart ? "" : "\n"}${line}\n`;
  };
  const code = await runLaunch(launch, folder.pathOf(launch.id), onEnd, isQuiet);
  folder.remove();
  if (told !== "") await tell(told);
  // What is left open, such as a terminal's input, keeps nobody waiting.
  process.exit(code);
}

/** Whoever takes nothing from standard error any more does not change how the run ended. */
async function tell(text: string): Promise<void> {
  process.stderr.on("error", () => undefined);
  const written = new Promise<void>((resolve) => process.stderr.write(text, () => resolve()));
  await Promise.race([written, delay(mostWaitMs)]);
}

/** "tracekeeper: failed: exit 3 · 1.2 s · tracekeeper show npm-test-..." */
function endLine({ sessionId }: Launch, { outcome, durationMs, path }: RunEnd): string {
  const { status, error = "", command } = outcome;
  const how = status === "completed" ? "completed" : command.isInterrupted ? error : `failed: ${error}`;
  const where = path === undefined ? `${sessionId} could not be recorded` : showCommandFor(path);
  return visibleLine(`tracekeeper: ${how} · ${formatDuration(durationMs)} · ${where}`);
}

function runObject(launch: Launch, runEnd: RunEnd, startedMs: number): object {
  const { outcome, capture, durationMs, path } = runEnd;
  return {
    type: "run",
    id: path === undefined ? undefined : parseSessionKey(path).safeId,
    sessionId: launch.sessionId,
    file: path,
    state: runEnd.isNotRun === true ? "not run" : outcome.status === "completed" ? "completed" : "failed",
    error: outcome.error,
    interrupted: outcome.command.isInterrupted || undefined,
    exitCode: outcome.exitCode,
    command: launch.origin.label,
    cwd: launch.cwd,
    capture: capture.used,
    captureAsked: capture.asked === capture.used ? undefined : capture.asked,
    captureReason: capture.reason,
    startedAt: isoTime(startedMs),
    durationMs: Math.round(durationMs),
    resumes: launch.program.type === "playbook" ? launch.program.resume?.path : undefined,
    steps: runEnd.steps?.map(({ step, status, attempts, message, origin }) => {
      return { id: step.path, status, attempts, message, replayed: origin === undefined ? undefined : true };
    }),
  };
}
