import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FollowedBatch } from "../../../src/store/batches/followedBatch";
import { type FileAccess, nodeFileAccess } from "../../../src/store/fileAccess";
import { summarizeBatch } from "../../../src/trace/batch/batchSummary";
import { encodeBatchLog, madeBatch } from "../../support/batchLogs";

let folder: string;
let key: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tracekeeper-batch-"));
  key = join(folder, "B.batch.ndjson");
});
afterEach(() => rm(folder, { recursive: true }));

const records = madeBatch({ runs: 6 });

describe("a batch that is followed", () => {
  it("reads what is new and nothing else, and tells which runs changed", async () => {
    const read: number[] = [];
    const counting: FileAccess = {
      ...nodeFileAccess,
      async open(path) {
        const file = await nodeFileAccess.open(path);
        return {
          ...file,
          async read(into, offset) {
            const bytes = await file.read(into, offset);
            if (bytes > 0) read.push(offset);
            return bytes;
          },
        };
      },
    };
    await writeFile(key, encodeBatchLog(records.slice(0, 10)));
    const batch = new FollowedBatch(key, { access: counting });
    await batch.update();
    expect(read).toEqual([0]);
    const changed: number[] = [];
    batch.onDidChange(({ indexes }) => changed.push(...indexes));
    const next = records.slice(10, 12);
    const sizeBytes = encodeBatchLog(records.slice(0, 10)).length;
    await appendFile(key, encodeBatchLog(next, 10));
    await batch.update();
    expect(read).toEqual([0, sizeBytes]);
    expect(changed).toEqual(next.flatMap((record) => ("index" in record ? [record.index] : [])));
    batch.dispose();
  });

  it("is the same in whatever pieces the log comes", async () => {
    const whole = encodeBatchLog(records);
    await writeFile(key, whole);
    const other = new FollowedBatch(key, { access: nodeFileAccess });
    await other.update();
    await truncate(key, 0);
    const batch = new FollowedBatch(key, { access: nodeFileAccess });
    for (let at = 0; at < whole.length; at += 97) {
      await appendFile(key, whole.subarray(at, at + 97));
      await batch.update();
      // A line that is being written is no damage.
      expect(batch.problems.filter(({ code }) => code !== "empty-file")).toEqual([]);
    }
    expect(summarizeBatch(batch.state)).toEqual(summarizeBatch(other.state));
  });

  it("tells of a torn tail, with its place, once nobody writes any more, and takes it back when it is gone on with", async () => {
    const whole = encodeBatchLog(records);
    const cutAt = whole.length - 30;
    await writeFile(key, whole.subarray(0, cutAt));
    const batch = new FollowedBatch(key, { access: nodeFileAccess });
    await batch.update();
    expect(batch.problems).toEqual([]);
    batch.setWritten(false);
    const lastLine = whole.lastIndexOf(0x0a, cutAt - 1) + 1;
    expect(batch.problems).toMatchObject([{ code: "truncated", offsetBytes: lastLine }]);
    await appendFile(key, whole.subarray(cutAt));
    await batch.update();
    expect(batch.problems).toEqual([]);
    expect(batch.state.status).toBe("COMPLETED");
  });

  it("tells of damage in the middle with its place while the log is written", async () => {
    const whole = Buffer.from(encodeBatchLog(records));
    const at = whole.indexOf(0x0a) + 40;
    whole[at] = (whole[at] ?? 0) ^ 1;
    await writeFile(key, whole);
    const batch = new FollowedBatch(key, { access: nodeFileAccess });
    await batch.update();
    expect(batch.problems[0]).toMatchObject({ severity: "error", offsetBytes: whole.indexOf(0x0a) + 1 });
  });

  it("begins anew where the log got shorter or is another file", async () => {
    await writeFile(key, encodeBatchLog(records));
    const batch = new FollowedBatch(key, { access: nodeFileAccess });
    await batch.update();
    const { epoch } = batch;
    await writeFile(key, encodeBatchLog(records.slice(0, 4)));
    await batch.update();
    expect(batch.epoch).toBe(epoch + 1);
    expect(batch.state.status).toBe("PENDING");
    // Longer than the one before, so that its size alone would not tell.
    const other = join(folder, "other");
    await writeFile(other, encodeBatchLog(madeBatch({ runs: 9 })));
    await rename(other, key);
    await batch.update();
    expect(batch.epoch).toBe(epoch + 2);
    expect(batch.state.runCount).toBe(9);
  });

  it("keeps what it knows while the log is gone, and says that it is", async () => {
    await writeFile(key, encodeBatchLog(records));
    const batch = new FollowedBatch(key, { access: nodeFileAccess });
    await batch.update();
    await rm(key);
    await batch.update();
    expect(batch.availability).toEqual({ type: "missing" });
    expect(batch.state.runCount).toBe(6);
  });
});
