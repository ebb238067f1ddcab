// One batch over several processes, of which each may die at any of its calls to the file system. The client does what
// the SDK does: it sends everything again until it is told that the batch is sealed.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Disposable, toDisposable } from "../../src/base/disposable";
import type { BatchClock } from "../../src/batch/batchClock";
import { BatchHost } from "../../src/batch/batchHost";
import { nodeFs } from "../../src/recorder/recorderFs";
import type { BatchState } from "../../src/trace/batch/batchState";
import { readBatchLog } from "../../src/trace/batch/readBatchLog";
import type { Problem } from "../../src/trace/problem";
import { type Fault, type FaultyFs, faultyFs } from "../faults/faultyFs";
import { mortalFs } from "../faults/mortalFs";
import { items, never, type TestItem } from "./batchSetup";
import { RecordingRunner } from "./recordingRunner";

/** Pauses pass at once; what is to come in half an hour never comes. */
class HastyClock implements BatchClock {
  #nowMs = Date.UTC(2026, 0, 1);
  nowMs = (): number => this.#nowMs;

  after(delayMs: number, callback: () => void): Disposable {
    if (delayMs > 120_000) return toDisposable(() => {});
    const due = this.#nowMs + delayMs;
    const timer = setTimeout(() => {
      this.#nowMs = Math.max(this.#nowMs, due);
      callback();
    }, 1);
    return toDisposable(() => clearTimeout(timer));
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

/** What a process is told to do, and what becomes of it. */
export class Lives {
  readonly #directory: string;
  readonly #clock = new HastyClock();
  #lives = 0;
  readonly told: Told = { id: undefined, accepted: 0, isSealed: false, isEnded: false };

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Lives until the batch has ended, or until one of the faults is its death. */
  async live(faults: readonly Fault[] = []): Promise<FaultyFs> {
    const fs = faultyFs(nodeFs, faults);
    const mortal = mortalFs(fs);
    const instance = `life${++this.#lives}`;
    const host = new BatchHost({
      directory: this.#directory,
      runner: new RecordingRunner({ directory: this.#directory, isRecording: false }),
      fs: mortal,
      clock: this.#clock,
      settings: { maxAttempts: 2, backoffMs: 5, concurrency: 2 },
      identity: { instance, host: "home", pid: this.#lives },
      probe: (writer) => (writer.instance === instance ? "alive" : "gone"),
      onProblem: () => {},
    });
    await Promise.race([this.#client(host), fs.stopped]);
    if (!fs.isStopped) await Promise.race([host.dispose(), fs.stopped]);
    fs.stop();
    mortal.bury();
    fs.closeAll();
    return fs;
  }

  async #client(host: BatchHost): Promise<void> {
    await retrying(() => host.takeUp());
    const request = { runCount: lifeItems.length, idempotencyKey: "lives" };
    const { id, isCached } = await retrying(() => host.create(request));
    this.told.id = id;
    for (let count = isCached ? lifeItems.length + 1 : 2; count <= lifeItems.length; ) {
      // The first stream is cut after two items.
      const answer = await retrying(() => host.streamItems(id, items(lifeItems.slice(0, count)), never));
      this.told.accepted = Math.max(this.told.accepted, answer.itemsAccepted + answer.itemsDeduplicated);
      if (answer.status < 500) count++;
      if (answer.sealed) this.told.isSealed = true;
    }
    await retrying(() => host.whenEnded(id));
    this.told.isEnded = true;
  }

  /** What the files hold, read as a reader of another machine would. */
  async found(): Promise<{ readonly state: BatchState; readonly problems: readonly Problem[] } | undefined> {
    const { id } = this.told;
    if (id === undefined) return undefined;
    const name = `${id}.batch.ndjson`;
    return readBatchLog(await readFile(join(this.#directory, "batches", name)), name);
  }

  /** "0", "1", "1_a2": the attempts that were begun, in order. */
  async begun(): Promise<string[]> {
    const text = await readFile(join(this.#directory, "ran", "begun"), "utf8").catch(() => "");
    return text
      .split("\n")
      .flatMap((line) => /^run_\w{21}_(.*)$/.exec(line)?.[1] ?? [])
      .sort();
  }

  /** Everything that is wrong, in words: what was acknowledged is there, and nothing ran twice. */
  async wrong(): Promise<string[]> {
    const wrong: string[] = [];
    const { told } = this;
    const found = await this.found().catch(
      (error: unknown) => void wrong.push(`the log can't be read: ${String(error)}`),
    );
    const begun = await this.begun();
    if (new Set(begun).size < begun.length) wrong.push(`an attempt was begun twice: ${begun.join(" ")}`);
    if (begun.some((name) => !expectedAttempts.includes(name))) wrong.push(`begun for nothing: ${begun.join(" ")}`);
    if (!found) return wrong;
    const { state } = found;
    if (state.created === undefined) wrong.push("the batch is gone");
    if (state.itemCount < told.accepted) wrong.push(`${state.itemCount} of ${told.accepted} items are there`);
    if (told.isSealed && !state.sealed) wrong.push("it is no longer sealed");
    if (told.isEnded && state.status !== "COMPLETED") wrong.push(`it is ${state.status} after its end`);
    if (told.isEnded && begun.join() !== expectedAttempts.join()) wrong.push(`begun: ${begun.join(" ")}`);
    const states = [0, 1, 2].map((index) => state.stateOf(index)).join(" ");
    if (told.isEnded && states !== "succeeded succeeded prefailed") wrong.push(`in the end it is ${states}`);
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
