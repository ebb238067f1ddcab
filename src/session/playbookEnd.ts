// How the session of a playbook ends: what came of the run is told, what it left open is closed, and the end is recorded.
// Nothing of that waits for ever, and the trace says what was given up.

import { describeError } from "../base/logger";
import { leftRunningEvent, runProblemEvent } from "../trace/runAttributes";
import type { ActionLog } from "./actionLog/actionLog";
import type { SessionBatches } from "./batch/sessionBatches";
import type { Launch } from "./launch";
import { endLeftProcesses } from "./leftProcesses";
import type { Outcome } from "./outcome";
import type { SessionPort } from "./sessionPort";
import type { SessionRecord } from "./sessionRecord";
import { type FinishPart, finishRun } from "./steps/finish";
import type { PlaybookRun, RunResult } from "./steps/playbookRun";
import type { PlaybookScope } from "./steps/runEvent";

export interface EndedPlaybook {
  readonly launch: Pick<Launch, "sessionId" | "stop">;
  readonly run: PlaybookRun;
  readonly result: RunResult;
  readonly outcome: Outcome;
  readonly record: SessionRecord;
  readonly scope: PlaybookScope;
  readonly port: SessionPort;
  readonly batches: SessionBatches;
  readonly actionLog: ActionLog;
}

/** docs/playbooks.md tells of these limits. The last checkpoint gives itself up before the first one is over. */
const publishLimitMs = 15_000;
const closeLimitMs = 10_000;
/** The recorder itself waits for five seconds each for a sync and for the fold. */
const recordLimitMs = 30_000;

/**
 * @param onUnrecorded told why the end could not be recorded
 * @returns the path of the trace; undefined where there is none, or the end could not be recorded
 */
export async function endPlaybook(
  { launch, run, result, outcome, record, scope, port, batches, actionLog }: EndedPlaybook,
  onUnrecorded: (reason: string) => void,
): Promise<string | undefined> {
  const { sessionId, stop } = launch;
  let tracePath: string | undefined;
  const recording: FinishPart = {
    failureWords: "the end could not be recorded",
    limitMs: recordLimitMs,
    run: async () => {
      if (result.stop?.type !== "terminalClosed") tracePath = await record.finish(outcome);
      else {
        record.crash(outcome.error ?? "", "SIGHUP");
        tracePath = record.recorder?.path;
      }
    },
  };
  const part = (failureWords: string, run: FinishPart["run"], limitMs = closeLimitMs): FinishPart => {
    return { failureWords, limitMs, run };
  };
  const endLeft = async () => {
    const pids = await endLeftProcesses(sessionId, stop.killAfterMs);
    if (pids.length > 0) record.sessionEvent(leftRunningEvent, { pids });
  };
  await finishRun(
    {
      publish: [part("the status could not be told", () => run.publish(result), publishLimitMs)],
      cleanUp: [
        part("batches could not be left", () => batches.leave()),
        part("what commands left running could not be ended", endLeft, stop.killAfterMs + closeLimitMs),
        part("no room could be made for the end", () => record.makeRoom()),
        part("the run could not be closed", () => scope.close()),
        part("the port could not be closed", () => port.close()),
      ],
      persist: [part("the action log could not be closed", () => actionLog.close()), recording],
    },
    (failure) => {
      const reason = describeError(failure.error);
      if (failure.part === recording) onUnrecorded(reason);
      record.sessionEvent(runProblemEvent, { message: `${failure.part.failureWords}: ${reason}` });
    },
  );
  return tracePath;
}
