import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger } from "../../../src/base/logger";
import { BatchCatalog } from "../../../src/store/batches/batchCatalog";
import { type FileAccess, nodeFileAccess } from "../../../src/store/fileAccess";
import { describeBatchProgress } from "../../../src/trace/batch/describeBatch";
import { encodeBatchLog, madeBatch } from "../../support/batchLogs";

let directory: string;
let opened: string[];
let catalog: BatchCatalog;
const access: FileAccess = {
  ...nodeFileAccess,
  open(path) {
    opened.push(path);
    return nodeFileAccess.open(path);
  },
};
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tracekeeper-batches-"));
  opened = [];
  catalog = new BatchCatalog({ access, logger: silentLogger });
});
afterEach(async () => {
  catalog.dispose();
  await rm(directory, { recursive: true });
});

const records = madeBatch({ runs: 8 });
const log = (name: string) => join(directory, "batches", `${name}.batch.ndjson`);
const listed = () => catalog.entries().map(({ safeId, summary }) => `${safeId}: ${describeBatchProgress(summary)}`);

describe("the list of batches", () => {
  it("finds a batch in a folder that comes later, and follows its log", async () => {
    catalog.setDirectories([directory]);
    await mkdir(join(directory, "batches"));
    await writeFile(log("A"), encodeBatchLog(records.slice(0, 20)));
    await vi.waitFor(() => expect(listed()).toEqual(["A: 0 of 8"]));
    await appendFile(log("A"), encodeBatchLog(records.slice(20), 20));
    await vi.waitFor(() => expect(listed()).toEqual(["A: 8 of 8, 1 failed"]));
    await rm(log("A"));
    await vi.waitFor(() => expect(listed()).toEqual([]));
  });

  it("reads a batch that is over once, however often it looks", async () => {
    await mkdir(join(directory, "batches"));
    await writeFile(log("A"), encodeBatchLog(records));
    catalog.setDirectories([directory]);
    await vi.waitFor(() => expect(listed()).toEqual(["A: 8 of 8, 1 failed"]));
    const before = opened.length;
    await catalog.refresh();
    await catalog.refresh();
    expect(opened.length).toBe(before);
  });

  it("follows a batch of any folder while somebody looks at it", async () => {
    await mkdir(join(directory, "elsewhere"));
    const key = join(directory, "elsewhere", "B.batch.ndjson");
    await writeFile(key, encodeBatchLog(records.slice(0, 20)));
    const handle = catalog.follow(key);
    await vi.waitFor(() => expect(handle.batch.state.runCount).toBe(8));
    await appendFile(key, encodeBatchLog(records.slice(20), 20));
    await vi.waitFor(() => expect(handle.batch.state.status).toBe("COMPLETED"));
    handle.dispose();
    expect(listed()).toEqual([]);
  });

  it("tells when the file that says who runs a batch is touched", async () => {
    await mkdir(join(directory, "batches"));
    await writeFile(log("A"), encodeBatchLog(records.slice(0, 20)));
    catalog.setDirectories([directory]);
    await vi.waitFor(() => expect(listed()).toHaveLength(1));
    const touched: string[] = [];
    catalog.onDidTouchOwner((key) => touched.push(key));
    await writeFile(join(directory, "batches", "A.owner"), "{}");
    await vi.waitFor(() => expect(touched).toContain(log("A")));
  });

  it("forgets the batches of a directory that is watched no more", async () => {
    await mkdir(join(directory, "batches"));
    await writeFile(log("A"), encodeBatchLog(records));
    catalog.setDirectories([directory]);
    await vi.waitFor(() => expect(listed()).toHaveLength(1));
    catalog.setDirectories([]);
    expect(listed()).toEqual([]);
  });
});
