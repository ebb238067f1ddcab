// One batch over several processes, of which each may die at any of its calls to the file system. The client does what
// the SDK does: it sends everything again until it is told that the batch is sealed.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Disposable, toDisposable } from "../../src/base/disposable";
import type { BatchClock } from "../../src/batch/batchClock";
import { BatchHost } from "../../src/batch/batchHost";
import { type AttemptOutcome, ItemRefused, type RunAttempt, type RunItem, type Runner } from "../../src/batch/runner";
import { crc32Of } from "../../src/recorder/recordBuffer";
import type { FsyncMode } from "../../src/recorder/traceTypes";
import type { BatchState } from "../../src/trace/batch/batchState";
import { readBatchLog } from "../../src/trace/batch/readBatchLog";
import type { Problem } from "../../src/trace/problem";
import { CrashableFs } from "../faults/crashableFs";
import { type Fault, type FaultyFs, faultyFs } from "../faults/faultyFs";
import { mortalFs } from "../faults/mortalFs";
import type { Random } from "../faults/random";
import type { TempDir } from "../support/tempDir";
import { items, never, type TestItem } from "./batchSetup";

/** Pauses pass at once; what is to come in half an hour never comes, and nothing comes to a process that has died. */
class HastyClock implements BatchClock {
  #nowMs: number;
  #isStopped = false;

  constructor(fromMs: number) {
    this.#nowMs = fromMs;
  }

  nowMs = (): number => this.#nowMs;

  after(delayMs: number, callback: () => void): Disposable {
    if (delayMs > 120_000 || this.#isStopped) return toDisposable(() => {});
    const due = this.#nowMs + delayMs;
    const timer = setTimeout(() => {
      if (this.#isStopped) return;
      this.#nowMs = Math.max(this.#nowMs, due);
      callback();
    }, 1);
    return toDisposable(() => clearTimeout(timer));
  }

  stop(): void {
    this.#isStopped = true;
  }
}

/** The first needs one attempt, the second two, the third can't be run. */
export const lifeItems: readonly TestItem[] = [
  { payload: Buffer.from("first") },
  { task: "fail-once", payload: Buffer.from("second") },
  { task: "unknown" },
];
export const expectedAttempts = ["0", "1", "1_a2"];

export interface Told {
  id: string | undefined;
  accepted: number;
  isSealed: boolean;
  isEnded: boolean;
}

/** Attempts are programs of their own: what they have done outlives whoever began them, and no power cut undoes it. */
class Programs implements Runner {
  readonly begun: string[] = [];
  readonly #outcomes = new Map<string, AttemptOutcome>();

  async prepare({ task }: RunItem): Promise<void> {
    if (task === "unknown") throw new ItemRefused("TASK_UNKNOWN", `There is no task ${task}`);
  }

  async run({ sessionId, task, attempt, payload }: RunAttempt): Promise<AttemptOutcome> {
    // What can't be started is not claimed.
    await payload();
    const known = this.#outcomes.get(sessionId);
    if (known !== undefined) return known;
    const isFailed = task === "fail-once" && attempt === 1;
    const outcome: AttemptOutcome = isFailed ? { outcome: "failed", error: "not yet" } : { outcome: "succeeded" };
    this.begun.push(sessionId.replace(/^run_\w{21}_/, ""));
    this.#outcomes.set(sessionId, outcome);
    return outcome;
  }

  async prefail(): Promise<void> {}
}

export interface LivesOptions {
  /** A real folder, for the files that say who owns a batch. */
  readonly folder: TempDir;
  readonly fsync?: FsyncMode;
  /** Looks at all that was answered to be there, once it has been answered. */
  readonly onTold?: () => void;
}

let lastCase = 0;

/** What a process is told to do, and what becomes of it. Everything but the owner's file is on a disk in memory. */
export class Lives {
  readonly told: Told = { id: undefined, accepted: 0, isSealed: false, isEnded: false };
  readonly #options: LivesOptions;
  readonly #directory: string;
  readonly #programs = new Programs();
  #nowMs = Date.UTC(2026, 0, 1);
  #disk: CrashableFs;
  #lives = 0;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#directory = options.folder.join(`case${++lastCase}`);
    this.#disk = new CrashableFs({ directories: [this.#directory] });
  }

  /** Lives until the batch has ended, or until one of the faults is its death. */
  async live(faults: readonly Fault[] = []): Promise<FaultyFs> {
    await mkdir(join(this.#directory, "batches"), { recursive: true });
    const fs = faultyFs(this.#disk, faults);
    const mortal = mortalFs(fs);
    const clock = new HastyClock(this.#nowMs);
    const instance = `life${++this.#lives}`;
    const host = new BatchHost({
      directory: this.#directory,
      runner: this.#programs,
      fs: mortal,
      fsync: this.#options.fsync,
      clock,
      settings: { maxAttempts: 2, backoffMs: 5, concurrency: 2 },
      identity: { instance, host: "home", pid: this.#lives },
      probe: (writer) => (writer.instance === instance ? "alive" : "gone"),
      onProblem: () => {},
    });
    await Promise.race([this.#client(host), fs.stopped]);
    if (!fs.isStopped) await Promise.race([host.dispose(), fs.stopped]);
    fs.stop();
    mortal.bury();
    clock.stop();
    this.#nowMs = clock.nowMs();
    fs.closeAll();
    return fs;
  }

  /** The disk as a power cut may leave it, for the next life. */
  cutPower(random: Random): void {
    this.#disk = this.#disk.powerCut(random);
  }

  /** The client has died as well: it begins anew, and knows its key alone. */
  forget(): void {
    Object.assign(this.told, { id: undefined, accepted: 0, isSealed: false, isEnded: false } satisfies Told);
  }

  async #client(host: BatchHost): Promise<void> {
    await retrying(() => host.takeUp());
    const request = { runCount: lifeItems.length, idempotencyKey: "lives" };
    const { id, isCached } = await retrying(() => host.create(request));
    this.#tell({ id });
    for (let count = isCached ? lifeItems.length + 1 : 2; count <= lifeItems.length; ) {
      // The first stream is cut after two items.
      const answer = await retrying(() => host.streamItems(id, items(lifeItems.slice(0, count)), never));
      const accepted = Math.max(this.told.accepted, answer.itemsAccepted + answer.itemsDeduplicated);
      this.#tell({ accepted, isSealed: this.told.isSealed || answer.sealed });
      if (answer.status < 500) count++;
    }
    await retrying(() => host.whenEnded(id));
    this.#tell({ isEnded: true });
  }

  #tell(more: Partial<Told>): void {
    Object.assign(this.told, more);
    this.#options.onTold?.();
  }

  /** What the files hold, read as a reader of another machine would. */
  found(disk = this.#disk): { readonly state: BatchState; readonly problems: readonly Problem[] } | undefined {
    const { id } = this.told;
    if (id === undefined) return undefined;
    const name = `${id}.batch.ndjson`;
    return readBatchLog(disk.snapshotFiles().get(join(this.#directory, "batches", name)) ?? new Uint8Array(), name);
  }

  /** "0", "1", "1_a2": the attempts that were begun, in order. */
  get begun(): readonly string[] {
    return [...this.#programs.begun].sort();
  }

  /** What would be wrong after a power cut now. */
  wrongAfterCut(random: Random): string[] {
    return this.wrong(this.#disk.powerCut(random));
  }

  /** Everything that is wrong, in words: what was acknowledged is there, and nothing ran twice. */
  wrong(disk = this.#disk): string[] {
    const wrong: string[] = [];
    const { told, begun } = this;
    if (new Set(begun).size < begun.length) wrong.push(`an attempt was begun twice: ${begun.join(" ")}`);
    if (begun.some((name) => !expectedAttempts.includes(name))) wrong.push(`begun for nothing: ${begun.join(" ")}`);
    const found = this.found(disk);
    if (found === undefined) return wrong;
    const { state } = found;
    if (state.created === undefined) wrong.push("the batch is gone");
    if (state.itemCount < told.accepted) wrong.push(`${state.itemCount} of ${told.accepted} items are there`);
    if (told.isSealed && !state.sealed) wrong.push("it is no longer sealed");
    if (told.isEnded && state.status !== "COMPLETED") wrong.push(`it is ${state.status} after its end`);
    if (told.isEnded && begun.join() !== expectedAttempts.join()) wrong.push(`begun: ${begun.join(" ")}`);
    const states = [0, 1, 2].map((index) => state.stateOf(index)).join(" ");
    if (told.isEnded && states !== "succeeded succeeded prefailed") wrong.push(`in the end it is ${states}`);
    const payloads = disk.snapshotFiles().get(join(this.#directory, "batches", `${told.id}.items.ndjson`));
    // Items come in their order.
    const promised = told.isSealed ? state.runCount : told.accepted;
    for (let index = 0; index < promised; index++) {
      const place = state.run(index)?.place;
      const bytes = place && payloads?.subarray(place.offset, place.offset + place.length);
      if (place !== undefined && (bytes === undefined || crc32Of(bytes) !== place.crc32)) {
        wrong.push(`the payload of item ${index} is gone`);
      }
    }
    return wrong;
  }
}

/** A client tries again what failed on the server's side. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 30) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
