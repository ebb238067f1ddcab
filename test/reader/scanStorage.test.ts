import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { type ScannedFile, ScanStorage, type ScanStorageOptions } from "../../src/reader/scanStorage";
import { nodeFileAccess } from "../../src/store/fileAccess";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { traceText } from "../trace/arbitrarySpans";

const dayMs = 86_400_000;
const plain = {
  parentSpanId: null,
  name: "bash",
  kind: "tool",
  startTime: 1,
  endTime: 2,
  status: "ok",
  output: "o".repeat(2000),
};

let folder: TempDir;
let trace: string;
let told: string[];
let opened: number[];

beforeEach(async () => {
  folder = await makeTempDir();
  trace = folder.join("a.json");
  told = [];
  opened = [];
  await writeTrace(trace, "a");
});

afterEach(async () => {
  for (const fd of opened) closeSync(fd);
  await folder.remove();
});

function writeTrace(path: string, id: string, spans = 50): Promise<void> {
  return writeFile(path, traceText(Array.from({ length: spans }, (_, row) => ({ ...plain, spanId: `${id}${row}` }))));
}

function storage(options: Partial<ScanStorageOptions> = {}): ScanStorage {
  return new ScanStorage({
    folder: folder.join("storage", "scans"),
    producer: () => "1",
    mayWrite: () => true,
    logger: { ...silentLogger, debug: (message) => told.push(message) },
    leastBytes: 1000,
    now: later,
    delayMs: 0,
    ...options,
  });
}

async function open(path = trace): Promise<ScannedFile> {
  const fd = openSync(path, "r");
  opened.push(fd);
  return {
    path,
    version: await nodeFileAccess.stat(path),
    read: ({ startBytes, endBytes }) => {
      const bytes = new Uint8Array(endBytes - startBytes);
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, startBytes));
    },
  };
}

function scan(path = trace): ScannedTrace {
  const scanner = new TraceScanner();
  scanner.push(readFileSync(path));
  const result = scanner.end();
  if (result.type !== "sound") throw new Error("damaged");
  return result;
}

/** Files that a test has just written are an hour old. */
const later = () => Date.now() + 3_600_000;

/** Opens a trace and, where no scan of it is kept, scans and keeps it. */
async function keep(scans = storage(), path = trace): Promise<void> {
  const file = await open(path);
  if ((await scans.recall(file)) === undefined) scans.keep(file, scan(path));
  await scans.idle;
}

async function kept(): Promise<string[]> {
  const names = await readdir(folder.join("storage/scans")).catch(() => []);
  return names.filter((name) => name !== "pruned").map((name) => folder.join("storage/scans", name));
}

async function theKept(): Promise<string> {
  const [path, ...rest] = await kept();
  expect(rest).toEqual([]);
  return path ?? "";
}

describe("scans in the storage", () => {
  it("come back for the file that they are of", async () => {
    await keep();
    const again = await storage().recall(await open());
    expect(again?.spanCount).toBe(50);
    expect(again?.idOf(49)).toBe("a49");
    expect(await readdir(folder.path)).toEqual(["a.json", "storage"]);
    expect(told).toEqual([]);
    if (process.platform !== "win32") expect((await stat(await theKept())).mode & 0o777).toBe(0o600);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["is longer", () => writeFile(trace, `${readFileSync(trace, "utf8")} `)],
    ["was written again", async () => writeFile(trace, readFileSync(trace))],
    ["has another time", () => utimes(trace, 5, 5)],
    [
      "is another file with the same bytes",
      async () => {
        await writeFile(`${trace}.new`, readFileSync(trace));
        await rename(`${trace}.new`, trace);
      },
    ],
  ])("are not taken for a file that %s", async (_what, change) => {
    await keep();
    await change();
    expect(await storage().recall(await open())).toBeUndefined();
    await keep();
    expect(await storage().recall(await open())).toBeDefined();
  });

  it("are not taken where the ends of the file are others, whatever its times say", async () => {
    const file = await open();
    await keep();
    await writeTrace(trace, "b");
    const other = await open();
    expect(other.version.sizeBytes).toBe(file.version.sizeBytes);
    expect(await storage().recall({ ...other, version: file.version })).toBeUndefined();
  });

  it("are not taken by another program", async () => {
    await keep();
    expect(await storage({ producer: () => "2" }).recall(await open())).toBeUndefined();
    expect(await storage({ producer: () => undefined }).recall(await open())).toBeUndefined();
  });

  it("are not kept of a small file, and not looked for", async () => {
    const { size } = await stat(trace);
    await keep(storage({ leastBytes: size + 1 }));
    expect(await kept()).toEqual([]);
    await keep(storage({ leastBytes: size }));
    expect(await kept()).toHaveLength(1);
    expect(await storage({ leastBytes: size + 1 }).recall(await open())).toBeUndefined();
  });

  it("are not kept of a file that was changed seconds before", async () => {
    const { mtimeNs, ctimeNs } = await nodeFileAccess.stat(trace);
    const changedMs = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
    await keep(storage({ now: () => changedMs + 3000 }));
    expect(await kept()).toEqual([]);
    // What counts is when it was looked at, not how long it took to scan.
    let nowMs = changedMs + 3000;
    const slow = storage({ now: () => nowMs });
    const file = await open();
    await slow.recall(file);
    nowMs += 60_000;
    slow.keep(file, scan());
    await slow.idle;
    expect(await kept()).toEqual([]);
    await keep(storage({ now: () => changedMs + 5000 }));
    expect(await kept()).toHaveLength(1);
  });

  it("are neither kept nor touched where nothing may be written, and used all the same", async () => {
    const reading = storage({ mayWrite: () => false });
    await keep(reading);
    expect(await readdir(folder.path)).toEqual(["a.json"]);
    await keep();
    const path = await theKept();
    const longAgo = Date.now() / 1000 - 5 * 86_400;
    await utimes(path, longAgo, longAgo);
    expect(await reading.recall(await open())).toBeDefined();
    expect(Date.now() - (await stat(path)).mtimeMs).toBeGreaterThan(4 * dayMs);
    expect(await storage().recall(await open())).toBeDefined();
    expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(dayMs);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ["empty", (path) => writeFile(path, "")],
    ["cut", async (path) => truncate(path, (await stat(path)).size - 1)],
    ["blank", async (path) => writeFile(path, Buffer.alloc((await stat(path)).size))],
    ["larger than its trace", (path) => truncate(path, 10_000_000)],
    [
      "flipped",
      async (path) => {
        const bytes = await readFile(path);
        bytes[1000] = (bytes[1000] ?? 0) ^ 4;
        await writeFile(path, bytes);
      },
    ],
    [
      "a folder",
      async (path) => {
        await rm(path);
        await mkdir(path);
      },
    ],
  ])("are nothing where the file is %s", async (_what, damage) => {
    await keep();
    await damage(await theKept());
    expect(await storage().recall(await open())).toBeUndefined();
    expect(told).toEqual([]);
    if (_what === "a folder") return;
    await keep();
    expect(await storage().recall(await open())).toBeDefined();
  });

  it("are given up, without a rest, where nobody wants them any more", async () => {
    const scans = storage({ delayMs: 60_000 });
    const file = await open();
    await scans.recall(file);
    scans.keep(file, scan());
    scans.dispose();
    await scans.idle;
    expect(await kept()).toEqual([]);
    expect(told).toEqual([]);
  });

  it("are not kept of a file that has changed again, but of what it is then", async () => {
    const scans = storage();
    const first = await open();
    await scans.recall(first);
    scans.keep(first, scan());
    await writeTrace(trace, "b", 60);
    await scans.idle;
    expect(await kept()).toEqual([]);
    scans.keep(first, scan());
    const second = await open();
    await scans.recall(second);
    scans.keep(second, scan());
    await scans.idle;
    expect((await scans.recall(await open()))?.spanCount).toBe(60);
    expect(told).toEqual([]);
  });

  it("are what was scanned, whatever is made of the columns meanwhile", async () => {
    const scans = storage();
    const file = await open();
    await scans.recall(file);
    const scanned = scan();
    scans.keep(file, scanned);
    scanned.columns.startMs.fill(7);
    scanned.columns.parent.fill(0);
    await scans.idle;
    const again = await scans.recall(await open());
    expect(again?.columns.startMs[3]).toBe(1);
    expect(again?.columns.parent[3]).toBe(-1);
  });

  it("stay sound while several windows keep them", async () => {
    const file = await open();
    const rounds = Array.from({ length: 6 }, () => keep());
    const results = await Promise.all([...rounds, storage().recall(file), storage().recall(file)]);
    for (const again of results) if (again !== undefined) expect(again.idOf(0)).toBe("a0");
    expect((await storage().recall(file))?.spanCount).toBe(50);
    expect(await kept()).toHaveLength(1);
  });

  it("are told of in the log where they can't be written", async () => {
    await folder.write("storage", "a file");
    await keep();
    expect(told).toEqual([expect.stringContaining("a.json is not kept")]);
    expect(await storage().recall(await open())).toBeUndefined();
  });

  it("make room for those that were used last", async () => {
    await keep();
    const first = await theKept();
    await utimes(first, 1000, 1000);
    const scans = storage({ mostBytes: 2 * (await stat(first)).size + 100 });
    for (const id of ["b", "c"]) {
      const other = folder.join(`${id}.json`);
      await writeTrace(other, id);
      await keep(scans, other);
      expect(await kept()).toHaveLength(2);
      expect(await storage().recall(await open(other))).toBeDefined();
    }
    expect(await storage().recall(await open())).toBeUndefined();
  });

  it("are removed once a day where the trace is gone or another one", async () => {
    const [same, gone, changed] = ["same", "gone", "changed"].map((name) => folder.join(`${name}.json`));
    for (const path of [same, gone, changed]) {
      await writeTrace(path ?? "", "x");
      await keep(storage(), path);
    }
    await rm(gone ?? "");
    await writeTrace(changed ?? "", "y");
    const nowMs = Date.now();
    await storage({ now: () => nowMs, mayWrite: () => false }).prune(nodeFileAccess);
    expect(await kept()).toHaveLength(3);
    await storage({ now: () => nowMs }).prune(nodeFileAccess);
    expect(await kept()).toHaveLength(1);
    expect(await storage().recall(await open(same))).toBeDefined();
    await rm(same ?? "");
    const unreachable = {
      ...nodeFileAccess,
      stat: () => Promise.reject(Object.assign(new Error("no"), { code: "EIO" })),
    };
    await storage({ now: () => nowMs + 2 * dayMs }).prune(unreachable);
    expect(await kept()).toHaveLength(1);
    await storage({ now: () => nowMs + 4 * dayMs }).prune(nodeFileAccess);
    expect(await kept()).toEqual([]);
  });
});
