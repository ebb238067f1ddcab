// Takes a publication from step to step: a record, the request, a record of its answer. What a step does is decided by the
// log's state alone, so it is the same for a run that is under way and for one that is resumed after a kill.

import { assertNever } from "../base/assert";
import { describeError } from "../base/logger";
import { type NextStep, nextStep } from "./batchState";
import { type PublishClock, pause } from "./publishClock";
import type { PublishLog } from "./publishLog";
import { listItems } from "./traceEvent";
import type { ApiAnswer, UploadApi } from "./uploadApi";

export interface BatchRun {
  readonly log: PublishLog;
  readonly api: UploadApi;
  readonly clock: PublishClock;
  /** Asked before each request; a yes to this publication goes before it. */
  isEnabled(): boolean;
}

export const turnedOff = "Publishing is turned off";

/** Goes on until the batch has ended, or waits for its events. Rejects only where the log can't be written. */
export async function runBatch(run: BatchRun): Promise<void> {
  const { log, clock } = run;
  for (;;) {
    const { state, ready } = log;
    const next = nextStep(state, ready?.parts.length);
    if (next === undefined || state.type === "idle" || state.type === "ended") return;
    if (next.step === "initialise" && next.afterMs > 0) await pause(clock, next.afterMs);
    if (!run.isEnabled() && !state.isExplicit) {
      await log.append({ type: "stopped", reason: turnedOff });
      return;
    }
    const { step } = next;
    const { family } = state;
    const part = next.step === "events" ? { part: next.part } : {};
    const attempt = next.step === "initialise" ? next.attempt : 1;
    // What is to be sent is read first: a request that is on record is made.
    let send: () => Promise<ApiAnswer>;
    try {
      send = await prepare(run, next);
    } catch (error) {
      await log.append({ type: "cut", reason: `The events can't be read: ${describeError(error)}` });
      continue;
    }
    await log.append({ type: "request", step, family, attempt, ...part });
    const answer = await send();
    await log.append({ type: "answer", step, family, ...part, ...known(answer) });
  }
}

async function prepare({ log, api }: BatchRun, next: NextStep): Promise<() => Promise<ApiAnswer>> {
  const { state, ready } = log;
  if (state.type === "idle" || state.type === "ended") throw new Error("There is no batch");
  const { family, traceId } = state;
  switch (next.step) {
    case "initialise":
      // Read when it is sent: what somebody else knows of the run may have come meanwhile.
      return () => api.initialise(family, traceId, "start" in log.state ? log.state.start : state.start);
    case "events": {
      const part = ready?.parts[next.part];
      if (part === undefined) throw new Error("There is no such part");
      const items = listItems(await log.read(part));
      return () => api.events(family, next.id, items, part.events, next.part + 1);
    }
    case "finalise":
      return () => api.finalise(family, next.id, ready?.durationMs ?? 0, ready?.events ?? 0);
    case "fail": {
      const reason = state.type === "failing" ? state.reason : "";
      return () => api.fail(family, next.id, reason);
    }
    default:
      return assertNever(next);
  }
}

/** Without what is not there: a record holds no such fields. */
function known({
  outcome,
  status,
  message,
  batchId,
  accessCode,
}: ApiAnswer): ApiAnswer & { outcome: ApiAnswer["outcome"] } {
  return {
    outcome,
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
    ...(batchId === undefined ? {} : { batchId }),
    ...(accessCode === undefined ? {} : { accessCode }),
  };
}
