// The state of a batch as a fold of its log. A record that can't follow what came before is told as a problem and passed
// over; one that shows that an earlier record was lost is applied, and the loss is told.

import { assertNever } from "../../base/assert";
import type { Problem } from "../problem";
import { type BatchRun, type BatchStream, isFinalRunState, lost, passedOver, type StatusChange } from "./batchFacts";
import { attemptSessionId, runIdOf } from "./batchIds";
import {
  attemptOutcomes,
  type BatchRecord,
  type BatchRecordOf,
  type BatchStatus,
  type BatchWriter,
  mostRuns,
} from "./batchRecord";
import { type BatchAttempt, RunColumns, type RunState, runStates } from "./runColumns";

export class BatchState {
  #id: string;
  #created: BatchRecordOf<"created"> | undefined;
  #runs: RunColumns | undefined;
  #status: BatchStatus = "PENDING";
  #sealedAt: number | undefined;
  #processingStartedAt: number | undefined;
  #completion: BatchRecordOf<"completion"> | undefined;
  #completedAt: number | undefined;
  #aborted: BatchRecordOf<"aborted"> | undefined;
  #handedOver: BatchRecordOf<"handedOver"> | undefined;
  #isPaused = false;
  #isCancelled = false;
  #updatedAt = 0;
  #revision = 0;
  #highestIndex = -1;
  /** Of the ids of its runs. */
  #runPrefix: string | undefined;
  #writer: BatchWriter | undefined;
  readonly #statusChanges: StatusChange[] = [];
  readonly #streams: BatchStream[] = [];

  /** @param id where the first record does not tell it */
  constructor(id: string) {
    this.#id = id;
  }

  get id(): string {
    return this.#id;
  }

  /** What it was created with; undefined where that is lost. */
  get created(): BatchRecordOf<"created"> | undefined {
    return this.#created;
  }

  get name(): string | undefined {
    return this.#created?.name;
  }

  /** 0 where nothing is known. */
  get createdAt(): number {
    return this.#created?.at ?? 0;
  }

  get updatedAt(): number {
    return this.#updatedAt;
  }

  get status(): BatchStatus {
    return this.#status;
  }

  get sealed(): boolean {
    return this.#sealedAt !== undefined;
  }

  get sealedAt(): number | undefined {
    return this.#sealedAt;
  }

  get processingStartedAt(): number | undefined {
    return this.#processingStartedAt;
  }

  get processingCompletedAt(): number | undefined {
    return this.#completion?.at;
  }

  /** Runs that were created; set by the completion alone. */
  get successfulRunCount(): number | undefined {
    return this.#completion?.successfulRunCount;
  }

  get failedRunCount(): number | undefined {
    return this.#completion?.failedRunCount;
  }

  /** When all runs had ended. */
  get completedAt(): number | undefined {
    return this.#completedAt;
  }

  get abortReason(): string | undefined {
    return this.#aborted?.reason;
  }

  /** Where another installation runs it. */
  get handedOver(): { readonly externalId: string; readonly url?: string | undefined } | undefined {
    return this.#handedOver;
  }

  /** As it was declared; where that is lost as many as are known of. */
  get runCount(): number {
    return this.#created?.runCount ?? this.#highestIndex + 1;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Nothing more happens by itself. */
  get isFinal(): boolean {
    return this.#status === "COMPLETED" || this.#status === "ABORTED";
  }

  /** Counts up with each record that was applied. */
  get revision(): number {
    return this.#revision;
  }

  /** The process that worked on it last. */
  get writer(): BatchWriter | undefined {
    return this.#writer;
  }

  get statusChanges(): readonly StatusChange[] {
    return this.#statusChanges;
  }

  /** The answers that streams of items were given. */
  get streams(): readonly BatchStream[] {
    return this.#streams;
  }

  get attemptCount(): number {
    return this.#runs?.attemptCount ?? 0;
  }

  /** How many runs are in each state. */
  get counts(): Readonly<Record<RunState, number>> {
    return Object.fromEntries(runStates.map((state) => [state, this.count(state)])) as Record<RunState, number>;
  }

  count(state: RunState): number {
    const count = this.#runs?.count(state) ?? 0;
    // Where the number of runs is lost there are columns for more than there are.
    return state === "absent" ? count - ((this.#runs?.length ?? 0) - this.runCount) : count;
  }

  /** Items that have come. */
  get itemCount(): number {
    return this.runCount - this.count("absent");
  }

  /** Runs that have not ended, and items of which none was made yet. */
  get openCount(): number {
    return this.count("waiting") + this.count("queued") + this.count("running") + this.count("backing-off");
  }

  /** By index, as indexes into `runStates`; a view of what changes. May be longer or shorter than `runCount`: the others are absent. */
  get stateCodes(): Readonly<Uint8Array> {
    return this.#runs?.stateCodes ?? new Uint8Array();
  }

  /** By index, when each run ended, NaN for those that have not; as long as `stateCodes`. */
  get endTimes(): Readonly<Float64Array> {
    return this.#runs?.endTimes ?? new Float64Array();
  }

  stateOf(index: number): RunState {
    return this.#runs?.state(index) ?? "absent";
  }

  hasItem(index: number): boolean {
    return this.stateOf(index) !== "absent";
  }

  attemptsOf(index: number): number {
    return this.#runs?.attemptsOf(index) ?? 0;
  }

  /** The run is in an attempt whose end is not known; in this one, where it is given. */
  isAttemptOpen(index: number, attempt?: number): boolean {
    const runs = this.#runs;
    if (runs === undefined || runs.state(index) !== "running" || !runs.isLastOpen(index)) return false;
    return attempt === undefined || runs.lastAttemptNumber(index) === attempt;
  }

  lastAttempt(index: number): BatchAttempt | undefined {
    return this.#runs?.lastAttempt(index, attemptOutcomes, this.#usualSession(index));
  }

  /** Undefined for an index that the batch does not have. */
  run(index: number): BatchRun | undefined {
    const runs = this.#runs;
    if (runs === undefined || !Number.isInteger(index) || index < 0 || index >= this.runCount) return undefined;
    const state = runs.state(index);
    const rare = runs.rare(index);
    const hasRun = state !== "absent" && state !== "waiting" && state !== "uncreated";
    const attempts = runs.attempts(index, attemptOutcomes, this.#usualSession(index));
    return {
      index,
      state,
      task: runs.task(index),
      runId: hasRun ? this.#runIdOf(index) : undefined,
      createdAt: runs.createdMs(index),
      endedAt: runs.endedMs(index),
      attempts,
      fault: rare.fault ?? rare.problem,
      problem: rare.problem,
      error: (rare.fault ?? rare.problem)?.message ?? rare.error ?? attempts.at(-1)?.error,
      cachedFrom: rare.cachedFrom,
      place: runs.place(index),
      payloadType: runs.payloadType(index),
      idempotencyKey: rare.idempotencyKey,
      options: rare.options,
      retriedAfter: rare.retriedAfter,
    };
  }

  /** Text of the error of a run that has one, without what else there is of it. */
  errorOf(index: number): string | undefined {
    const rare = this.#runs?.rare(index);
    return (rare?.fault ?? rare?.problem)?.message ?? rare?.error ?? this.lastAttempt(index)?.error;
  }

  /** It has ended, not well, and is a run of this batch's own that did not come with what makes it impossible. */
  isRetriable(index: number): boolean {
    const state = this.stateOf(index);
    if (state !== "failed" && state !== "cancelled" && state !== "prefailed") return false;
    const { problem, cachedFrom } = this.#runs?.rare(index) ?? {};
    return problem === undefined && cachedFrom === undefined;
  }

  /** The run's id as it is or will be. */
  runIdAt(index: number): string {
    return this.#runIdOf(index);
  }

  /** Never throws. What is returned is a problem of the log, whether the record could be applied or not. */
  apply(record: BatchRecord): Problem | undefined {
    const isFirst = this.#runs === undefined;
    if (record.type === "created") {
      if (!isFirst) return passedOver("The batch was created twice");
      this.#create(record);
      return undefined;
    }
    this.#runs ??= new RunColumns(mostRuns);
    const before = this.#revision;
    const problem = this.#applyLater(record);
    if (this.#revision !== before) this.#updatedAt = Math.max(this.#updatedAt, record.at);
    return problem;
  }

  #create(record: BatchRecordOf<"created">): void {
    this.#created = record;
    this.#id = record.id;
    this.#runPrefix = undefined;
    this.#runs = new RunColumns(record.runCount);
    this.#writer = record.writer;
    this.#updatedAt = record.at;
    this.#changeStatus(record.at, "PENDING", "created");
  }

  #applyLater(record: Exclude<BatchRecord, { type: "created" }>): Problem | undefined {
    if ("index" in record && record.index >= (this.#created?.runCount ?? mostRuns)) {
      return passedOver(`Item ${record.index + 1} is outside a batch of ${this.runCount}`);
    }
    switch (record.type) {
      case "opened":
        this.#writer = record.writer;
        return this.#applied();
      case "item":
        return this.#item(record);
      case "handedOver":
        this.#handedOver = record;
        return this.#applied();
      case "stream":
        this.#streams.push({ ...record.answer, at: record.at, number: record.number });
        return this.#applied();
      case "sealed":
        return this.#seal(record.at);
      case "run":
        return this.#run(record);
      case "uncreated":
        return this.#uncreated(record);
      case "completion":
        return this.#complete(record);
      case "attempt":
        return this.#attempt(record);
      case "attemptEnded":
        return this.#attemptEnded(record);
      case "runEnded":
        return this.#runEnded(record);
      case "completed":
        return this.#completed(record.at);
      case "aborted":
        return this.#abort(record);
      case "paused":
      case "unpaused":
        if (this.isFinal) return passedOver(`The batch was ${record.type} after its end`);
        this.#isPaused = record.type === "paused";
        return this.#applied();
      case "cancelled":
        if (this.isFinal) return passedOver("The batch was cancelled after its end");
        this.#isCancelled = true;
        return this.#applied();
      case "retried":
        return this.#retry(record);
      default:
        return assertNever(record, "record");
    }
  }

  #item(record: BatchRecordOf<"item">): Problem | undefined {
    const { index, task, payloadType, place, idempotencyKey, options, problem, again } = record;
    if (this.hasItem(index) && again !== true) return passedOver(`Item ${index + 1} came twice`);
    if (this.sealed || this.#status !== "PENDING")
      return passedOver(`Item ${index + 1} came after the batch was closed`);
    this.#runs?.setItem(index, task, payloadType, place, { idempotencyKey, options, problem });
    this.#setState(index, "waiting");
    return this.#applied();
  }

  #seal(at: number): Problem | undefined {
    if (this.sealed) return passedOver("The batch was sealed twice");
    if (this.#status !== "PENDING") return passedOver(`A batch that is ${this.#status} was sealed`);
    this.#sealedAt = at;
    this.#processingStartedAt = at;
    this.#changeStatus(at, "PROCESSING", "sealed");
    return undefined;
  }

  #run({ at, index, runId, prefailed, cachedFrom }: BatchRecordOf<"run">): Problem | undefined {
    const state = this.stateOf(index);
    if (state !== "waiting" && state !== "absent") return passedOver(`Run ${index + 1} was created twice`);
    if (this.#status === "ABORTED") return passedOver(`Run ${index + 1} was created in an aborted batch`);
    this.#runs?.setCreated(index, at);
    const isUsual = runId === this.#usualRunId(index);
    this.#runs?.setRare(index, { runId: isUsual ? undefined : runId, cachedFrom, fault: prefailed });
    if (prefailed !== undefined) {
      // Its trace has the session of the first attempt.
      this.#runs?.addAttempt(index, 1, at, attemptSessionId(runId, 1), true);
      this.#runs?.endAttempt(index, at, attemptOutcomes.indexOf("failed"), { error: prefailed.message });
      this.#runs?.setEnded(index, at);
    }
    this.#setState(index, prefailed === undefined ? "queued" : "prefailed");
    this.#applied();
    return state === "absent" ? lost(`Item ${index + 1}`) : undefined;
  }

  #uncreated({ at, index, code, message }: BatchRecordOf<"uncreated">): Problem | undefined {
    const state = this.stateOf(index);
    if (state !== "waiting" && state !== "absent") return passedOver(`Run ${index + 1} exists, and was not created`);
    this.#runs?.setRare(index, { fault: { code, message } });
    this.#runs?.setEnded(index, at);
    this.#setState(index, "uncreated");
    return this.#applied();
  }

  #complete(record: BatchRecordOf<"completion">): Problem | undefined {
    if (this.#completion !== undefined) return passedOver("The batch's processing was completed twice");
    if (this.#status !== "PENDING" && this.#status !== "PROCESSING") {
      return passedOver(`The processing of a batch that is ${this.#status} was completed`);
    }
    this.#completion = record;
    const { at, status, failedRunCount, successfulRunCount } = record;
    const why =
      status === "PENDING"
        ? "all runs created"
        : status === "ABORTED"
          ? "no run could be created"
          : `${failedRunCount} of ${failedRunCount + successfulRunCount} runs could not be created`;
    this.#changeStatus(at, status, why);
    return undefined;
  }

  #attempt({ at, index, attempt, session }: BatchRecordOf<"attempt">): Problem | undefined {
    const state = this.stateOf(index);
    if (isFinalRunState(state)) return passedOver(`Attempt ${attempt} of run ${index + 1} began after the run's end`);
    const last = this.#runs?.lastAttemptNumber(index) ?? 0;
    if (attempt <= last) return passedOver(`Attempt ${attempt} of run ${index + 1} began twice`);
    const isEndLost = this.isAttemptOpen(index);
    const isUsual = session === attemptSessionId(this.#runIdOf(index), attempt);
    this.#runs?.addAttempt(index, attempt, at, session, isUsual);
    this.#setState(index, "running");
    this.#applied();
    if (state === "absent" || state === "waiting") return lost(`The creation of run ${index + 1}`);
    return isEndLost ? lost(`The end of attempt ${last} of run ${index + 1}`) : undefined;
  }

  #attemptEnded(record: BatchRecordOf<"attemptEnded">): Problem | undefined {
    const { at, index, attempt, outcome, error, exitCode, retryAt } = record;
    if (!this.isAttemptOpen(index, attempt))
      return passedOver(`Attempt ${attempt} of run ${index + 1} ended, but was not under way`);
    this.#runs?.endAttempt(index, at, attemptOutcomes.indexOf(outcome), { error, exitCode, retryAt });
    if (retryAt !== undefined) this.#setState(index, "backing-off");
    return this.#applied();
  }

  #runEnded({ at, index, outcome, error }: BatchRecordOf<"runEnded">): Problem | undefined {
    const state = this.stateOf(index);
    if (isFinalRunState(state)) return passedOver(`Run ${index + 1} ended twice`);
    this.#runs?.setEnded(index, at);
    if (error !== undefined) this.#runs?.setRare(index, { error });
    this.#setState(index, outcome);
    this.#applied();
    return state === "absent" || state === "waiting" ? lost(`The creation of run ${index + 1}`) : undefined;
  }

  #completed(at: number): Problem | undefined {
    if (this.#completion === undefined) return passedOver("The batch was completed before its runs were created");
    if (this.isFinal) return passedOver(`A batch that is ${this.#status} was completed`);
    if (this.openCount > 0) return passedOver(`The batch was completed while ${this.openCount} runs had not ended`);
    this.#completedAt = at;
    this.#changeStatus(at, "COMPLETED", "all runs ended");
    return undefined;
  }

  #abort(record: BatchRecordOf<"aborted">): Problem | undefined {
    if (this.sealed || this.#status !== "PENDING" || this.#completion !== undefined) {
      return passedOver("A batch was aborted that was no longer waiting for its items");
    }
    this.#aborted = record;
    this.#changeStatus(record.at, "ABORTED", record.reason);
    return undefined;
  }

  #retry({ at, indexes }: BatchRecordOf<"retried">): Problem | undefined {
    if (this.#completion === undefined || this.#status === "ABORTED") {
      return passedOver("Runs were retried in a batch that has none");
    }
    let skipped = 0;
    let count = 0;
    for (const index of indexes) {
      if (!this.isRetriable(index)) {
        skipped++;
        continue;
      }
      count++;
      this.#runs?.setEnded(index, undefined);
      this.#runs?.setRetried(index);
      this.#setState(index, "queued");
    }
    if (count > 0) {
      this.#isCancelled = false;
      this.#completedAt = undefined;
      if (this.#status === "COMPLETED") {
        const status = this.#completion.status === "ABORTED" ? "PENDING" : this.#completion.status;
        this.#changeStatus(at, status, count === 1 ? "1 run is tried again" : `${count} runs are tried again`);
      } else this.#applied();
    }
    return skipped === 0 ? undefined : passedOver(`${skipped} runs were retried that had not failed`);
  }

  #setState(index: number, state: RunState): void {
    this.#runs?.setState(index, state);
    this.#highestIndex = Math.max(this.#highestIndex, index);
  }

  #changeStatus(at: number, status: BatchStatus, why: string): void {
    this.#status = status;
    const { sealed, processingCompletedAt } = this;
    this.#statusChanges.push({ at, status, sealed, processingCompletedAt, why });
    this.#applied();
  }

  #applied(): undefined {
    this.#revision++;
    return undefined;
  }

  #runIdOf(index: number): string {
    return this.#runs?.rare(index).runId ?? this.#usualRunId(index);
  }

  #usualRunId(index: number): string {
    this.#runPrefix ??= runIdOf(this.id, 0).slice(0, -1);
    return this.#runPrefix + index;
  }

  #usualSession(index: number): (attempt: number) => string {
    return (attempt) => attemptSessionId(this.#runIdOf(index), attempt);
  }
}
