// What came of a run: how the program ended, in the words of the trace, and the exit code that tells it to a shell.

import { constants } from "node:os";
import { assertNever } from "../base/assert";
import { formatDuration } from "../trace/formatValue";
import { stoppedByGuardrail } from "../trace/guardrails/guardrail";
import type { ChildEnd } from "./runningChild";

/** Why a run was ended before its time. */
export type StopReason =
  /** Asked for over the control port. */
  | { readonly type: "person" }
  /** A signal to the session process. */
  | { readonly type: "signal"; readonly signal: string }
  | { readonly type: "terminalClosed" }
  /** The time of a step was over. */
  | { readonly type: "timeOut"; readonly afterMs: number }
  /** `message` names the pattern. */
  | { readonly type: "guardrail"; readonly message: string };

export interface Outcome {
  /** Of the session. */
  readonly status: "completed" | "error";
  readonly error: string | undefined;
  readonly command: {
    readonly isFailed: boolean;
    readonly message: string | undefined;
    /** It did not fail by itself. */
    readonly isInterrupted: boolean;
  };
  readonly exitCode: number;
}

/** Of Windows, where Ctrl+C is no signal. */
const ctrlCExit = 0xc000013a;

/** @param isCtrlC the person typed Ctrl+C while the program ran */
export function outcomeOf(end: ChildEnd, stop: StopReason | undefined, isCtrlC: boolean): Outcome {
  const { code, signal } = end;
  const exitCode = code ?? signalExitCode(signal);
  const how = signal === undefined ? `exit ${code ?? 0}` : `killed by ${signal}`;
  if (stop !== undefined) {
    const { error, by } = wordsFor(stop);
    const command = { isFailed: true, message: `${by}: ${how}`, isInterrupted: isInterruption(stop) };
    return { status: "error", error, command, exitCode };
  }
  if (isCtrlC && (signal === "SIGINT" || code === 128 + constants.signals.SIGINT || code === ctrlCExit)) {
    const error = "interrupted by Ctrl+C";
    const command = { isFailed: true, message: `${error}: ${how}`, isInterrupted: true };
    return { status: "error", error, command, exitCode };
  }
  if (signal === undefined && (code ?? 0) === 0) {
    const command = { isFailed: false, message: undefined, isInterrupted: false };
    return { status: "completed", error: undefined, command, exitCode };
  }
  return { status: "error", error: how, command: { isFailed: true, message: how, isInterrupted: false }, exitCode };
}

/** Of a run that ends while its program does not. @param what is so of the program */
export function abandoned(stop: StopReason, what: string, exitCode: number): Outcome {
  const { error, by } = wordsFor(stop);
  const command = { isFailed: true, message: `${by}: ${what}`, isInterrupted: isInterruption(stop) };
  return { status: "error", error: `${error}: ${what}`, command, exitCode };
}

/** Somebody ended it, which is no failure of its own. */
export function isInterruption(stop: StopReason | undefined): boolean {
  return stop !== undefined && stop.type !== "timeOut" && stop.type !== "guardrail";
}

/** `error` for a session, `by` for what it ran. */
export function wordsFor(stop: StopReason): { readonly error: string; readonly by: string } {
  switch (stop.type) {
    case "person":
      return { error: "stopped", by: "stopped by the person" };
    case "signal":
      return { error: `stopped by ${stop.signal}`, by: `stopped by ${stop.signal}` };
    case "terminalClosed":
      return { error: "the terminal was closed", by: "the terminal was closed" };
    case "timeOut": {
      const words = `timed out after ${formatDuration(stop.afterMs)}`;
      return { error: words, by: words };
    }
    case "guardrail":
      return { error: `${stoppedByGuardrail}: ${stop.message}`, by: stoppedByGuardrail };
    default:
      return assertNever(stop, "stop reason");
  }
}

/** Of a session without a program, which a stop completes. */
export function collected(stop: StopReason | undefined): Outcome {
  const isClosed = stop?.type === "terminalClosed";
  const error = isClosed ? wordsFor(stop).error : undefined;
  const command = { isFailed: isClosed, message: error, isInterrupted: isClosed };
  return {
    status: isClosed ? "error" : "completed",
    error,
    command,
    exitCode: isClosed ? signalExitCode("SIGHUP") : 0,
  };
}

/** Of a playbook: 0 where all of its steps held. */
export function outcomeOfRun(run: {
  readonly error: string | undefined;
  readonly stop: StopReason | undefined;
}): Outcome {
  const { error, stop } = run;
  if (error === undefined) return collected(undefined);
  const isInterrupted = isInterruption(stop);
  const signal = stop?.type === "signal" ? stop.signal : stop?.type === "terminalClosed" ? "SIGHUP" : undefined;
  const exitCode = signal === undefined ? 1 : signalExitCode(signal);
  return { status: "error", error, command: { isFailed: true, message: error, isInterrupted }, exitCode };
}

/** Of a program that could not be started. */
export function startFailure(reason: string, exitCode: number): Outcome {
  const message = `could not be started: ${reason}`;
  return { status: "error", error: message, command: { isFailed: true, message, isInterrupted: false }, exitCode };
}

/** As shells give it. */
export function signalExitCode(signal: string | undefined): number {
  const number = signal === undefined ? undefined : constants.signals[signal as NodeJS.Signals];
  return number === undefined ? 1 : 128 + number;
}
