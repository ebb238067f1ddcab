// What is told of a batch that was started here, while its real log grows.
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Emitter } from "../../src/base/event";
import { silentLogger } from "../../src/base/logger";
import { type BatchEndChoice, BatchNotices } from "../../src/host/batch/batchNotices";
import { BatchCatalog } from "../../src/store/batches/batchCatalog";
import { nodeFileAccess } from "../../src/store/fileAccess";
import type { BatchRecord } from "../../src/trace/batch/batchRecord";
import type { BatchState } from "../../src/trace/batch/batchState";
import type { BatchRunner } from "../../src/trace/batch/describeBatch";
import { endWords } from "../../src/trace/batch/progressWords";
import { abortedBatch, encodeBatchLog, madeBatch } from "../support/batchLogs";
import { makeTempDir, type TempDir } from "../support/tempDir";

const never = 1_000_000;
const records = madeBatch({ runs: 8 });
const half = records.slice(0, records.findIndex(({ type }) => type === "runEnded") + 1);

let folder: TempDir;
let catalog: BatchCatalog;
let runner: BatchRunner;
let kept: readonly string[];
let said: string[];
/** How the person answers the ends, one after the other. */
let answers: BatchEndChoice[];
let cancel: () => void;
const runners = new Emitter<void>();
const owned: BatchNotices[] = [];

beforeEach(async () => {
  folder = await makeTempDir();
  await mkdir(folder.join("batches"));
  catalog = new BatchCatalog({ access: nodeFileAccess, logger: silentLogger });
  runner = "alive";
  kept = [];
  said = [];
  answers = [];
});
afterEach(async () => {
  for (const each of owned.splice(0)) each.dispose();
  catalog.dispose();
  await folder.remove();
});

function notices(options: { readonly longMs?: number; readonly patienceMs?: number } = {}): BatchNotices {
  const made = new BatchNotices({
    catalog,
    logger: silentLogger,
    runner: () => runner,
    onDidChangeRunners: (listener) => runners.event(listener),
    kept: {
      get: () => kept,
      set: (keys) => {
        kept = keys;
      },
    },
    control: async (_, action) => {
      said.push(`asks: ${action}`);
      if (action === "goOn") runner = "alive";
    },
    open: async () => void said.push("opens it"),
    onError: (error) => void said.push(String(error)),
    surface: {
      progress: (_state, ask) => {
        cancel = ask;
        said.push("progress begins");
        return {
          report: (_now: BatchState, part) => {
            const line = `progress ${Math.round(part * 8)} of 8`;
            if (said.at(-1) !== line) said.push(line);
          },
          end: () => void said.push("progress ends"),
        };
      },
      end: async (state, { type }) => {
        said.push(type === "ended" ? endWords(state).replace(/:.*/s, "") : type);
        return answers.shift();
      },
    },
    longMs: never,
    patienceMs: never,
    ...options,
  });
  owned.push(made);
  return made;
}

const key = () => folder.join("batches", "A.batch.ndjson");
const write = (of: readonly BatchRecord[]) => writeFile(key(), encodeBatchLog(of));
const append = (of: readonly BatchRecord[], seq: number) => appendFile(key(), encodeBatchLog(of, seq));

describe("a batch that was started here", () => {
  it("is told of while it runs long, and then by what came of it, once", async () => {
    await write(half);
    notices({ longMs: 0 }).follow(key(), undefined);
    await vi.waitFor(() => expect(said).toEqual(["progress begins", "progress 1 of 8"]));
    expect(kept).toEqual([key()]);
    await append(records.slice(half.length), half.length);
    await vi.waitFor(() => expect(said.slice(-2)).toEqual(["progress ends", "1 of 8 runs failed"]));
    runners.fire();
    await catalog.refresh();
    expect(said.filter((line) => line.endsWith("failed"))).toHaveLength(1);
    expect(kept).toEqual([]);
  });

  it("has no progress where it was short", async () => {
    await write(half);
    notices().follow(key(), undefined);
    await append(records.slice(half.length), half.length);
    await vi.waitFor(() => expect(said).toEqual(["1 of 8 runs failed"]));
  });

  it("is cancelled from its progress, which stays until it is", async () => {
    await write(half);
    notices({ longMs: 0 }).follow(key(), undefined);
    await vi.waitFor(() => expect(said).toHaveLength(2));
    cancel();
    expect(said.slice(2)).toEqual(["asks: cancel"]);
  });

  it("is told of once more where what failed is tried again, and by the news alone", async () => {
    await write(records);
    answers = ["retryFailed", "open"];
    notices().follow(key(), undefined);
    await vi.waitFor(() => expect(said).toEqual(["1 of 8 runs failed", "asks: retryFailed"]));
    // It is over as it was, until the process that was asked has written something.
    runners.fire();
    await catalog.refresh();
    expect(said).toHaveLength(2);
    expect(kept).toEqual([]);
    const at = (records.at(-1)?.at ?? 0) + 1_000;
    const again: BatchRecord[] = [
      { type: "retried", at, indexes: [7] },
      { type: "attempt", at, index: 7, attempt: 4, session: "x" },
    ];
    await append(again, records.length);
    await vi.waitFor(() => expect(kept).toEqual([key()]));
    const ended: BatchRecord[] = [
      { type: "attemptEnded", at, index: 7, attempt: 4, outcome: "succeeded" },
      { type: "runEnded", at, index: 7, outcome: "succeeded" },
      { type: "completed", at },
    ];
    await append(ended, records.length + again.length);
    await vi.waitFor(() => expect(said.slice(2)).toEqual(["completed", "opens it"]));
  });

  it("that was aborted says so", async () => {
    await write(abortedBatch());
    notices().follow(key(), undefined);
    await vi.waitFor(() => expect(said).toEqual(["the batch was aborted"]));
  });

  it("whose process has gone is told of, but not while its last words are on their way", async () => {
    await write(half);
    runner = "gone";
    notices({ longMs: 0 }).follow(key(), undefined);
    await append(records.slice(half.length), half.length);
    await vi.waitFor(() => expect(said).toEqual(["1 of 8 runs failed"]));

    said = [];
    await write(half);
    answers = ["goOn"];
    const patient = notices({ patienceMs: 0 });
    patient.follow(key(), undefined);
    await vi.waitFor(() => expect(said.slice(0, 2)).toEqual(["interrupted", "asks: goOn"]));
    expect(patient.isFollowed(key())).toBe(true);
  });

  it("is told of by the next window where this one was closed", async () => {
    await write(half);
    const before = notices({ longMs: 0 });
    before.follow(key(), undefined);
    await vi.waitFor(() => expect(said).toHaveLength(2));
    before.dispose();
    expect(said.slice(2)).toEqual(["progress ends"]);
    await append(records.slice(half.length), half.length);
    notices().goOn();
    await vi.waitFor(() => expect(said.slice(3)).toEqual(["1 of 8 runs failed"]));
    expect(kept).toEqual([]);
  });

  it("whose log was removed is forgotten", async () => {
    kept = [key()];
    notices().goOn();
    await vi.waitFor(() => expect(kept).toEqual([]));
    expect(said).toEqual([]);
  });
});
