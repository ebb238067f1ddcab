// Sessions that are killed at an exact instant, by one of their own steps or at one of their own writes, until one comes to
// its end. What must hold is judged by what the steps themselves have appended to a file, and by nothing of ours.

import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { type RecordedRun, ResumeError, readRecordedRun } from "../../../src/session/resume/recordedRun";
import { type Run, until } from "../runs";
import type { ResumableRuns } from "./resumableRuns";
import { killFile, type Sample } from "./samplePlaybooks";

export type Kill =
  /** At the how-manieth append to the journal, or the how-manieth that holds a checkpoint; `half` of it is written. */
  | { readonly type: "write" | "checkpoint"; readonly number: number; readonly when: "before" | "half" | "after" }
  /** In the middle of a step, which itself goes on. */
  | { readonly type: "step"; readonly path: string; readonly when: "before" | "after" };

/** Loaded into the session process before anything else. */
const killer = `
const fs = require("node:fs");
const [type, number, when] = process.env.SAMPLE_KILL.split(" ");
delete process.env.SAMPLE_KILL;
delete process.env.NODE_OPTIONS;
const { openSync, writeSync } = fs;
const journals = new Set();
fs.openSync = (path, ...rest) => {
  const fd = openSync(path, ...rest);
  if (String(path).endsWith(".journal.ndjson")) journals.add(fd);
  else journals.delete(fd);
  return fd;
};
let count = 0;
const judge = (fd, bytes) => {
  const isCounted = journals.has(fd) && (type === "write" || Buffer.from(bytes).includes('"tracekeeper.checkpoint"'));
  if (!isCounted || ++count !== Number(number)) return;
  if (when === "after") writeSync(fd, bytes);
  if (when === "half") writeSync(fd, Buffer.from(bytes).subarray(0, Math.floor(bytes.length / 2)));
  process.kill(process.pid, "SIGKILL");
  for (;;);
};
fs.writeSync = (fd, bytes, ...rest) => {
  judge(fd, bytes);
  return writeSync(fd, bytes, ...rest);
};
// Where an append was slow, those after it are asynchronous.
const { promisify } = require("node:util");
const { open, write } = fs;
fs.open = (...args) => open(...args);
fs.open[promisify.custom] = async (path, ...rest) => {
  const fd = await promisify(open)(path, ...rest);
  if (String(path).endsWith(".journal.ndjson")) journals.add(fd);
  else journals.delete(fd);
  return fd;
};
fs.write = (...args) => write(...args);
fs.write[promisify.custom] = (fd, bytes) => {
  judge(fd, bytes);
  return promisify(write)(fd, bytes);
};
`;

export interface Ending {
  readonly code: number | null;
  /** "s0 ok: ..." */
  readonly steps: readonly string[];
  /** What the steps have appended. */
  readonly done: readonly string[];
  readonly kills: number;
}

export class KilledRuns {
  readonly #runs: ResumableRuns;
  #folders = 0;

  private constructor(runs: ResumableRuns) {
    this.#runs = runs;
  }

  static async make(runs: ResumableRuns): Promise<KilledRuns> {
    // Written once: a session that starts while the file is written again would load an empty one.
    await runs.runs.folder.dir.write("killer.cjs", killer);
    return new KilledRuns(runs);
  }

  /** Runs it in a folder of its own; it is killed as often as there are kills, unless it ends before. */
  async run({ files }: Sample, kills: readonly Kill[]): Promise<Ending> {
    const { dir } = this.#runs.runs.folder;
    const name = `work/case${++this.#folders}`;
    for (const file of files) await dir.write(`${name}/${file.name}.playbook.yaml`, file.yaml);
    const done = async () => linesOf(await readFile(dir.join(`${name}/done`), "utf8").catch(() => ""));
    const path = dir.join(`${name}/sample.playbook.yaml`);
    let earlier: RecordedRun | undefined;
    for (let count = 0; ; count++) {
      const kill = kills[count];
      if (kill?.type === "step") await dir.write(`${name}/${killFile(kill.path, kill.when)}`, "");
      const before = await done();
      const run = await this.#start(path, earlier, kill);
      const { code, signal } = await run.ended;
      await groupGone(run.child.pid ?? 0);
      const after = await done();
      this.#expectNothingTwice(earlier, after.slice(before.length));
      const recorded = await this.#recorded(run, after.slice(before.length));
      if (recorded !== undefined) expectNextUnfinishedAlone(recorded, after);
      if (signal !== "SIGKILL" || recorded?.end !== undefined) {
        if (recorded === undefined) throw new Error(`Nothing was recorded, and it ended with ${code}`);
        const kills = count + (signal === "SIGKILL" ? 1 : 0);
        return { code, steps: stepTexts(recorded), done: after, kills };
      }
      earlier = recorded ?? earlier;
    }
  }

  async #start(path: string, earlier: RecordedRun | undefined, kill: Kill | undefined): Promise<Run> {
    const { folder } = this.#runs.runs;
    const resume = earlier === undefined ? {} : { resume: { path: earlier.file } };
    const env =
      kill === undefined || kill.type === "step"
        ? {}
        : {
            NODE_OPTIONS: `--require=${folder.dir.join("killer.cjs")}`,
            SAMPLE_KILL: `${kill.type} ${kill.number} ${kill.when}`,
          };
    return await folder.start(
      {
        title: "sample",
        program: { type: "playbook", path, params: {}, ...resume },
        origin: { type: "playbook", label: "sample", path },
      },
      { env, ownGroup: true },
    );
  }

  /** What stands in the trace, which nobody has recovered; undefined where it was killed before its first checkpoint. */
  async #recorded(run: Run, fresh: readonly string[]): Promise<RecordedRun | undefined> {
    try {
      return await readRecordedRun(this.#runs.traceOf(run));
    } catch (error) {
      // Nothing ran that nobody knows of.
      if (!(error instanceof ResumeError && error.reason === "empty")) throw error;
      expect(fresh).toEqual([]);
      return undefined;
    }
  }

  #expectNothingTwice(earlier: RecordedRun | undefined, fresh: readonly string[]): void {
    for (const [path, { status }] of earlier?.results ?? []) {
      if (status !== "skipped") expect(fresh, `${path} had finished`).not.toContain(path);
    }
  }
}

/** A step begins when the checkpoint of the one before is in the journal: of all that was done one alone is not finished. */
function expectNextUnfinishedAlone({ results }: RecordedRun, done: readonly string[]): void {
  const unfinished = new Set(done.filter((path) => (results.get(path)?.status ?? "skipped") === "skipped"));
  expect(unfinished.size, [...unfinished].join(", ")).toBeLessThanOrEqual(1);
}

function stepTexts({ results }: RecordedRun): string[] {
  return [...results.values()].map(({ step, status, values }) => `${step.path} ${status}: ${values.output}`).sort();
}

function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** A step outlives its session. */
async function groupGone(pid: number): Promise<void> {
  await until(() => {
    try {
      process.kill(-pid, 0);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
      throw error;
    }
  }, "everything that the session started is gone");
}
