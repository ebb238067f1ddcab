// Goes on with publications that a killed process has left, and tries those again that failed for a reason that may pass.

import { describeError } from "../base/logger";
import type { BatchEnd } from "./batchState";
import type { Outbox } from "./outbox";
import type { JobRecord } from "./outboxFold";
import type { OutboxLog } from "./outboxLog";
import type { PublishClock } from "./publishClock";
import { runBatch } from "./runBatch";
import type { UploadApi } from "./uploadApi";

export interface ResumeOptions {
  readonly outbox: Outbox;
  readonly clock: PublishClock;
  isEnabled(): boolean;
  /** As whom: asked once for each publication. Rejects where nobody knows, and then that one is left for the next time. */
  api(job: JobRecord): Promise<UploadApi>;
  newTraceId(): string;
}

export interface ResumedJob {
  readonly id: string;
  readonly session: string;
  /** Undefined where it is left as it was. */
  readonly end: BatchEnd | undefined;
  /** Why it is left. */
  readonly problem?: string | undefined;
}

export interface ResumeReport {
  readonly jobs: readonly ResumedJob[];
  /** When something is to be done next, in ms since the epoch; undefined where nothing is. */
  readonly nextMs: number | undefined;
}

export const cutByKill = "The process ended before the events were kept";

/** One after the other. Rejects where the outbox can't be read. */
export async function resumeOutbox(options: ResumeOptions): Promise<ResumeReport> {
  const { outbox, clock } = options;
  const jobs: ResumedJob[] = [];
  for (const { id, fold, isUnderWay } of await outbox.list()) {
    const { dueMs, job } = fold;
    if (isUnderWay || job === undefined || dueMs === undefined || dueMs > clock.nowMs()) continue;
    // What may leave only while publishing is turned on waits for that.
    if (!options.isEnabled() && !job.isExplicit) continue;
    const resumed = await resumeJob(options, id, job);
    if (resumed) jobs.push(resumed);
  }
  const due = (await outbox.list()).filter(({ isUnderWay }) => !isUnderWay).flatMap(({ fold }) => fold.dueMs ?? []);
  return { jobs, nextMs: due.length === 0 ? undefined : due.reduce((one, other) => Math.min(one, other)) };
}

/** The same for one, whether it is due or not: a person asks for it, which is a yes. Undefined where it can't be taken. */
export async function retryJob(options: ResumeOptions, id: string): Promise<ResumedJob | undefined> {
  const found = (await options.outbox.list()).find((each) => each.id === id);
  const job = found?.fold.job;
  return job === undefined ? undefined : await resumeJob(options, id, job, true);
}

async function resumeJob(
  options: ResumeOptions,
  id: string,
  job: JobRecord,
  isExplicit = job.isExplicit,
): Promise<ResumedJob | undefined> {
  const { outbox, clock, isEnabled, newTraceId } = options;
  const { session } = job;
  let log: OutboxLog | undefined;
  try {
    const api = await options.api(job);
    log = await outbox.take(id);
    if (log === undefined) return undefined;
    if (log.state.type === "ended" && log.state.end.type !== "published" && log.ready !== undefined) {
      await log.append({ type: "round", traceId: newTraceId(), isExplicit });
    }
    if (log.ready === undefined) await log.append({ type: "cut", reason: cutByKill });
    await runBatch({ log, api, clock, isEnabled });
    return { id, session, end: log.state.type === "ended" ? log.state.end : undefined };
  } catch (error) {
    return { id, session, end: undefined, problem: describeError(error) };
  } finally {
    await log?.close();
  }
}
