// The whole of a batch against a small model: streams with faults, retries, callbacks, ends of attempts, time, cancelling,
// pausing, trying again and restarts, in any order. After each command the log on the disk has to say what the model says.
// BATCH_RUNS=<number> tries so many sequences.

import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchRefused } from "../../src/batch/batchEngine";
import { BatchHost } from "../../src/batch/batchHost";
import { type ItemLine, ItemLineError } from "../../src/batch/itemLine";
import type { AttemptOutcome, RunAttempt, Runner } from "../../src/batch/runner";
import { ItemRefused } from "../../src/batch/runner";
import { readBatchLog } from "../../src/trace/batch/readBatchLog";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { BatchModel, type ModelLine, type StreamFault } from "./batchModel";
import { never } from "./batchSetup";
import { TestClock } from "./testClock";

/** Attempts as sessions of their own: they outlive hosts, and end when the test says so. */
class HeldRunner implements Runner {
  readonly #attempts = new Map<
    string,
    { outcome: AttemptOutcome | undefined; readonly waiting: Set<(end: AttemptOutcome) => void> }
  >();
  readonly begun: string[] = [];

  async prepare({ task }: RunAttempt): Promise<void> {
    if (task !== "known") throw new ItemRefused("TASK_UNKNOWN", "Nobody knows the task");
  }

  async prefail(): Promise<void> {}

  async run({ index, attempt }: RunAttempt, signal: AbortSignal): Promise<AttemptOutcome> {
    const name = `${index} ${attempt}`;
    let found = this.#attempts.get(name);
    if (found === undefined) {
      if (signal.aborted) return { outcome: "cancelled" };
      found = { outcome: undefined, waiting: new Set() };
      this.#attempts.set(name, found);
      this.begun.push(name);
    }
    const { waiting } = found;
    if (found.outcome !== undefined) return found.outcome;
    return await new Promise((resolve) => {
      waiting.add(resolve);
      const stop = () => this.end(name, { outcome: "cancelled" });
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop);
    });
  }

  end(name: string, outcome: AttemptOutcome): void {
    const attempt = this.#attempts.get(name);
    if (attempt === undefined || attempt.outcome !== undefined) return;
    attempt.outcome = outcome;
    for (const resolve of attempt.waiting) resolve(outcome);
  }
}

class Real {
  readonly folder: TempDir;
  readonly clock = new TestClock();
  readonly runner = new HeldRunner();
  readonly problems: string[] = [];
  host: BatchHost;
  id = "";

  constructor(folder: TempDir) {
    this.folder = folder;
    this.host = this.#newHost();
  }

  async restart(): Promise<void> {
    await this.host.dispose();
    this.host = this.#newHost();
    await this.host.takeUp();
  }

  /** What the log says and what runs, as text that shows a difference at a glance. */
  async found(): Promise<string> {
    const name = `${this.id}.batch.ndjson`;
    const { state, problems } = readBatchLog(await readFile(this.folder.join("batches", name)), name);
    expect(problems).toEqual([]);
    const runs = Array.from(
      { length: state.runCount },
      (_, index) => `${state.stateOf(index)} ${state.attemptsOf(index)}`,
    );
    const flags = [
      state.sealed && "sealed",
      state.processingCompletedAt && "created",
      state.isPaused && "paused",
      state.isCancelled && "cancelled",
    ];
    return [state.status, ...flags.filter(Boolean), ...runs].join(", ");
  }

  #newHost(): BatchHost {
    const { clock, runner } = this;
    return new BatchHost({
      directory: this.folder.path,
      runner,
      clock,
      settings: { backoffMs: 1_000, backoffFactor: 2, maxBackoffMs: 1e9 },
      onProblem: (message) => void this.problems.push(message),
    });
  }
}

function textOf(model: BatchModel): string {
  const flags = [
    model.isSealed && "sealed",
    model.areRunsCreated && "created",
    model.isPaused && "paused",
    model.isCancelled && "cancelled",
  ];
  return [
    model.status,
    ...flags.filter(Boolean),
    ...model.runs.map(({ stands, attempts }) => `${stands} ${attempts}`),
  ].join(", ");
}

/** The engine comes to what the model says, and stays there while nothing is told to it. */
async function expectSame(model: BatchModel, real: Real): Promise<void> {
  const expected = textOf(model);
  await expect.poll(() => real.found(), { interval: 1, timeout: 20_000 }).toBe(expected);
  expect(new Set(real.runner.begun).size).toBe(real.runner.begun.length);
}

type Command = fc.AsyncCommand<BatchModel, Real>;

class Stream implements Command {
  readonly lines: readonly ModelLine[];
  readonly fault: StreamFault;

  constructor(lines: readonly ModelLine[], fault: StreamFault) {
    this.lines = lines;
    this.fault = fault;
  }

  check = () => true;

  async run(model: BatchModel, real: Real): Promise<void> {
    const { fault } = this;
    const lines = this.lines.filter(({ index }) => index < model.runs.length);
    const count = model.runs.length;
    const body = async function* (): AsyncGenerator<ItemLine> {
      for (const [at, { index, isKnown }] of lines.entries())
        yield { line: at + 1, index, task: isKnown ? "known" : "unknown" };
      const line = lines.length + 1;
      if (fault === "malformed") throw new ItemLineError(400, line, "The line is not JSON");
      if (fault === "outside") yield { line, index: count, task: "known" };
      if (fault === "cut") throw new Error("aborted");
    };
    const expected = model.stream(lines, fault);
    const answer = await real.host.streamItems(real.id, body(), never);
    const { status, sealed, itemsAccepted: accepted, itemsDeduplicated: deduplicated } = answer;
    expect({ status, sealed, accepted, deduplicated }).toEqual(expected);
    if (fault === "malformed" && status === 400) expect(answer).toMatchObject({ line: lines.length + 1 });
    await expectSame(model, real);
  }

  toString = () =>
    `stream ${this.lines.map(({ index, isKnown }) => `${index}${isKnown ? "" : "?"}`).join(" ")} ${this.fault}`;
}

class End implements Command {
  readonly place: number;
  readonly isGood: boolean;

  constructor(place: number, isGood: boolean) {
    this.place = place;
    this.isGood = isGood;
  }

  check = (model: Readonly<BatchModel>) => model.running.length > 0;

  async run(model: BatchModel, real: Real): Promise<void> {
    const index = model.running[this.place % model.running.length] ?? 0;
    const name = `${index} ${model.runs[index]?.attempts}`;
    model.end(index, this.isGood);
    await expect.poll(() => real.runner.begun, { interval: 1 }).toContain(name);
    real.runner.end(name, this.isGood ? { outcome: "succeeded" } : { outcome: "failed", error: "bad" });
    await expectSame(model, real);
  }

  toString = () => `end ${this.place} ${this.isGood ? "well" : "badly"}`;
}

class Simple implements Command {
  readonly name: string;
  readonly #act: (model: BatchModel, real: Real) => Promise<void>;

  constructor(name: string, act: (model: BatchModel, real: Real) => Promise<void>) {
    this.name = name;
    this.#act = act;
  }

  check = () => true;

  async run(model: BatchModel, real: Real): Promise<void> {
    await this.#act(model, real);
    await expectSame(model, real);
  }

  toString = () => this.name;
}

const line = fc.record({ index: fc.nat(3), isKnown: fc.boolean() });
const knownLine = fc.nat(3).map((index) => ({ index, isKnown: true }));
const allLines = [0, 1, 2, 3].map((index) => ({ index, isKnown: true }));
const fault = fc.constantFrom<StreamFault>("none", "none", "malformed", "outside", "cut");
const pass = (ms: number) =>
  new Simple(`${ms} ms pass`, async (model, real) => {
    model.pass(ms);
    real.clock.advance(ms);
  });

const commands = fc.commands<BatchModel, Real, false>(
  [
    fc
      .tuple(fc.array(fc.oneof(knownLine, line), { maxLength: 6 }), fault)
      .map(([lines, kind]) => new Stream(lines, kind)),
    fc.constant(new Stream(allLines, "none")),
    fc.tuple(fc.nat(3), fc.boolean()).map(([place, isGood]) => new End(place, isGood)),
    fc.tuple(fc.nat(3), fc.boolean()).map(([place, isGood]) => new End(place, isGood)),
    fc.constantFrom(pass(999), pass(1_000), pass(3_000), pass(3_000), pass(29 * 60_000), pass(30 * 60_000)),
    fc.constant(new Simple("restart", (_, real) => real.restart())),
    fc.constant(
      new Simple("cancel", async (model, real) => {
        const isChanged = model.cancel();
        expect((await real.host.cancel(real.id)).isChanged).toBe(isChanged);
      }),
    ),
    ...[true, false].map((isPaused) =>
      fc.constant(
        new Simple(isPaused ? "pause" : "unpause", async (model, real) => {
          const isChanged = model.pause(isPaused);
          const change = isPaused ? real.host.pause(real.id) : real.host.unpause(real.id);
          expect((await change).isChanged).toBe(isChanged);
        }),
      ),
    ),
    fc.constant(
      new Simple("try again", async (model, real) => {
        const isChanged = model.retry();
        const change = await real.host.retryFailed(real.id).catch((error: unknown) => {
          if (error instanceof BatchRefused) return undefined;
          throw error;
        });
        expect(change?.isChanged).toBe(isChanged);
      }),
    ),
  ],
  { maxCommands: 24 },
);

const chosenRuns = process.env["BATCH_RUNS"];

describe("a batch", () => {
  it(
    "does what its model does, whatever comes in whatever order",
    async () => {
      const size = fc.record({
        concurrency: fc.integer({ min: 1, max: 3 }),
        maxAttempts: fc.integer({ min: 1, max: 2 }),
        // What comes after the seal has more to go through.
        isSealedFirst: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(commands, size, async (list, { concurrency, maxAttempts, isSealedFirst }) => {
          await using folder = await makeTempDir();
          const real = new Real(folder);
          try {
            const request = { runCount: 4, settings: { concurrency, maxAttempts } };
            real.id = (await real.host.create(request)).id;
            const model = new BatchModel(4, concurrency, maxAttempts);
            if (isSealedFirst) await new Stream(allLines, "none").run(model, real);
            await fc.asyncModelRun(() => ({ model, real }), list);
            expect(real.problems).toEqual([]);
          } finally {
            await real.host.dispose();
          }
        }),
        { numRuns: Number(chosenRuns ?? 100), endOnFailure: chosenRuns === undefined },
      );
    },
    chosenRuns === undefined ? undefined : 3_600_000,
  );
});
