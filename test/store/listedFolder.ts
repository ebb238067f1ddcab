// What the tests of remembered listings share: a directory with traces, a storage, and windows that list the one and
// remember it in the other. Made anew for each test by `setUp`, and looked over by `tearDown`.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { expect } from "vitest";
import { type Logger, silentLogger } from "../../src/base/logger";
import type { MemoryOptions } from "../../src/store/directoryMemory";
import type { SessionEntry } from "../../src/store/sessionEntry";
import { type StoreOptions, TraceStore } from "../../src/store/traceStore";
import { encodeRecord } from "../../src/trace/journalFrame";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { CountingAccess, largeBytes, makeTrace } from "./support";

const hourMs = 3_600_000;

export let folder: TempDir;
export let access: CountingAccess;
let warnings: string[];
let stores: TraceStore[];

export const logger: Logger = {
  ...silentLogger,
  warn: (message) => warnings.push(message),
  error: (message) => warnings.push(String(message)),
};

export async function setUp(): Promise<void> {
  folder = await makeTempDir();
  await mkdir(folder.join("d"));
  access = new CountingAccess();
  warnings = [];
  stores = [];
}

export async function tearDown(): Promise<void> {
  for (const store of stores) store.dispose();
  await folder.remove();
  expect(warnings).toEqual([]);
}

export function memory(options: Partial<MemoryOptions> = {}): MemoryOptions {
  return { folder: folder.join("storage", "listings"), producer: () => "1", mayWrite: () => true, ...options };
}

/** Files that a test has just written are an hour old, so that they may be remembered. */
export const later = () => Date.now() + hourMs;

export async function startStore(options: Partial<StoreOptions> = {}): Promise<TraceStore> {
  const store = new TraceStore({
    directories: [folder.join("d")],
    logger,
    access,
    now: later,
    memory: memory(),
    probe: () => "gone",
    ...options,
  });
  stores.push(store);
  store.start();
  await store.ready;
  return store;
}

/** Lists the directory in a window that is then closed. */
export async function listOnce(options: Partial<StoreOptions> = {}): Promise<readonly SessionEntry[]> {
  const store = await startStore(options);
  const entries = store.entries();
  store.dispose();
  return entries;
}

/** The rows by key, as a list that remembers nothing has them too. */
export function rows(entries: readonly SessionEntry[]): unknown {
  return JSON.parse(JSON.stringify(Object.fromEntries(entries.map((entry) => [entry.key, entry]).sort())));
}

export function opened(): readonly string[] {
  return [...access.counts]
    .filter(([, { opens }]) => opens > 0)
    .map(([path]) => path.slice(folder.join("d").length + 1));
}

export function writeTrace(id: string, options?: Parameters<typeof makeTrace>[1]): Promise<string> {
  return folder.write(`d/${id}.json`, JSON.stringify(makeTrace(id, options)));
}

export async function listings(): Promise<string[]> {
  return (await readdir(folder.join("storage/listings")))
    .filter((name) => name !== "pruned")
    .map((name) => folder.join("storage/listings", name));
}

export async function theListing(): Promise<string> {
  const [path, ...rest] = await listings();
  expect(rest).toEqual([]);
  return path ?? "";
}

export async function remembered(): Promise<string[]> {
  const text = await readFile(await theListing(), "utf8");
  return [...text.matchAll(/^[0-9a-f]{8} "([^"]*)"\t/gm)].flatMap((match) => match[1] ?? []).sort();
}

export function journal(records: readonly JournalRecord[]): Buffer {
  const header = {
    t: "header",
    format: "tracekeeper-journal",
    version: 1,
    incarnation: 1,
    writer: { instance: "abcdef", rawSessionId: "raw" },
    trace: { traceId: "t", sessionId: "raw", metadata: { title: "From the journal" } },
  } as const;
  return Buffer.concat(
    [header, ...records].map((record, seq) =>
      encodeRecord(record, { seq, wallMs: 1_795_170_000_000 + seq, monoMs: seq, tag: "abcd" }),
    ),
  );
}

/** Sessions of every sort, of which none goes on. */
export async function writeSamples(): Promise<void> {
  await writeTrace("small");
  await writeTrace("large", { padding: largeBytes, prompt: "Do it\nnow" });
  await writeTrace("failed", { status: "error" });
  await folder.write("d/cut.json", JSON.stringify(makeTrace("cut", { padding: largeBytes })).slice(0, -100));
  await folder.write("d/empty.json", "");
  await folder.write("d/text.json", "Dear diary");
  await folder.write("d/both.json", JSON.stringify(makeTrace("both")));
  await folder.write("d/both.1.journal.ndjson", journal([{ t: "finish", status: "completed" }]));
  await folder.write(
    "d/crashed.crash",
    Buffer.concat([
      encodeLiveMarker({ instance: "abcdef", pid: 1 }),
      encodeCrashNote({ timeMs: 1, reason: "SIGSEGV" }),
    ]),
  );
  await folder.write("d/crashed.1.journal.ndjson", journal([]));
  await folder.write("d/seen.json", JSON.stringify(makeTrace("seen")));
  await folder.write("d/seen.seen", "");
}
