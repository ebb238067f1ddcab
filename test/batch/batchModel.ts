// What a batch does, in the shortest words there are: the engine is held against it. It knows nothing of files, records or
// waiting; whatever follows from a command has happened when the command returns.

export type ModelRunState =
  | "absent"
  | "waiting"
  | "queued"
  | "running"
  | "backing-off"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "prefailed";

interface ModelRun {
  stands: ModelRunState;
  isKnown: boolean;
  attempts: number;
  /** Attempts that it had when it was retried by hand. */
  retriedAfter: number | undefined;
  readyMs: number;
}

export interface ModelLine {
  readonly index: number;
  /** False for a task that nobody knows. */
  readonly isKnown: boolean;
}

export type StreamFault = "none" | "malformed" | "outside" | "cut";

export interface ModelAnswer {
  readonly status: number;
  readonly sealed: boolean;
  readonly accepted: number;
  readonly deduplicated: number;
}

const final = new Set<ModelRunState>(["succeeded", "failed", "cancelled", "prefailed"]);

export class BatchModel {
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly runs: ModelRun[];
  nowMs = 0;
  status: "PENDING" | "PROCESSING" | "COMPLETED" | "ABORTED" = "PENDING";
  isSealed = false;
  areRunsCreated = false;
  isPaused = false;
  isCancelled = false;

  constructor(runCount: number, concurrency: number, maxAttempts: number) {
    this.concurrency = concurrency;
    this.maxAttempts = maxAttempts;
    this.runs = Array.from({ length: runCount }, () => ({
      stands: "absent",
      isKnown: true,
      attempts: 0,
      retriedAfter: undefined,
      readyMs: 0,
    }));
  }

  get isFinal(): boolean {
    return this.status === "COMPLETED" || this.status === "ABORTED";
  }

  get running(): number[] {
    return this.#indexes("running");
  }

  stream(lines: readonly ModelLine[], fault: StreamFault): ModelAnswer {
    const nothing = { accepted: 0, deduplicated: 0 };
    if (this.status === "ABORTED") return { status: 422, sealed: false, ...nothing };
    if (this.isSealed) return { status: 200, sealed: true, ...nothing };
    let accepted = 0;
    for (const { index, isKnown } of lines) {
      const run = this.runs[index];
      if (run?.stands !== "absent") continue;
      run.stands = "waiting";
      run.isKnown = isKnown;
      accepted++;
    }
    const counts = { accepted, deduplicated: lines.length - accepted };
    if (fault !== "none")
      return { status: { malformed: 400, outside: 422, cut: 499 }[fault], sealed: false, ...counts };
    if (this.runs.some(({ stands }) => stands === "absent")) return { status: 200, sealed: false, ...counts };
    this.isSealed = true;
    for (const run of this.runs) {
      run.readyMs = this.nowMs;
      run.attempts = run.isKnown ? 0 : 1;
      run.stands = run.isKnown ? "queued" : "prefailed";
    }
    this.areRunsCreated = true;
    this.#goOn();
    return { status: 200, sealed: true, ...counts };
  }

  end(index: number, isGood: boolean): void {
    const run = this.runs[index];
    if (run?.stands !== "running") throw new Error(`Run ${index} is not running`);
    const { attempts, retriedAfter } = run;
    const most = retriedAfter === undefined ? this.maxAttempts : retriedAfter + 1;
    if (isGood) run.stands = "succeeded";
    else if (attempts >= most) run.stands = "failed";
    else {
      run.stands = "backing-off";
      run.readyMs = this.nowMs + 1_000 * 2 ** (attempts - 1);
    }
    this.#goOn();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    if (!this.isSealed && this.status === "PENDING" && this.nowMs >= 30 * 60_000) this.status = "ABORTED";
    this.#goOn();
  }

  /** All of them return whether anything was changed. */
  cancel(): boolean {
    if (this.isFinal) return false;
    if (!this.isSealed) {
      this.status = "ABORTED";
      return true;
    }
    this.isCancelled = true;
    for (const run of this.runs) if (!final.has(run.stands)) run.stands = "cancelled";
    this.#goOn();
    return true;
  }

  pause(isPaused: boolean): boolean {
    if (this.isFinal || this.isPaused === isPaused) return false;
    this.isPaused = isPaused;
    this.#goOn();
    return true;
  }

  /** Undefined where it is refused. */
  retry(): boolean | undefined {
    if (!this.areRunsCreated || this.status === "ABORTED") return undefined;
    const bad = this.runs.filter(
      ({ stands }) => stands === "failed" || stands === "cancelled" || stands === "prefailed",
    );
    if (bad.length === 0) return false;
    for (const run of bad) {
      run.stands = "queued";
      run.retriedAfter = run.attempts;
      run.readyMs = run.attempts === 0 ? run.readyMs : -1;
    }
    this.isCancelled = false;
    this.status = "PENDING";
    this.#goOn();
    return true;
  }

  #goOn(): void {
    if (!this.areRunsCreated) return;
    while (!this.isPaused && this.running.length < this.concurrency) {
      const ready = this.runs.filter(({ stands, readyMs }) => {
        return (stands === "queued" || stands === "backing-off") && readyMs <= this.nowMs;
      });
      const [next] = ready.sort((one, other) => one.readyMs - other.readyMs);
      if (next === undefined) break;
      next.stands = next.isKnown ? "running" : "failed";
      if (next.isKnown) next.attempts++;
    }
    if (this.runs.every(({ stands }) => final.has(stands))) this.status = "COMPLETED";
  }

  #indexes(state: ModelRunState): number[] {
    return this.runs.flatMap(({ stands }, index) => (stands === state ? [index] : []));
  }
}
