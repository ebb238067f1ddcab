// What the recorder notes of its disk, on the real file system and with real syncs.
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DurabilityLog } from "../../src/recorder/durabilityLog";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import { recoverDirectory } from "../../src/recorder/recoverDirectory";
import type { SessionRecorder } from "../../src/recorder/sessionRecorder";
import { type Durability, decodeDurability } from "../../src/trace/durability";
import { readJournal } from "../../src/trace/journal";
import type { TraceFile } from "../../src/trace/schema";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  folder = await makeTempDir();
});

afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

function open(): SessionRecorder {
  const recorder = openSessionRecorder({
    directory: folder.path,
    sessionId: "s",
    traceId: "t1",
    metadata: {},
    mode: "start",
    fsync: "interval",
    fs: nodeFs,
    machine: undefined,
    onProblem: ({ message }) => expect(message).toBe(""),
  });
  if (!recorder) throw new Error("There is no recorder.");
  const span = { spanId: "root", parentSpanId: null, name: "s", kind: "session", startTime: recorder.nowMs() };
  recorder.begin("root", JSON.stringify(span), { kind: "session", name: "s" });
  return recorder;
}

const event = (recorder: SessionRecorder, name: string) => recorder.event("root", JSON.stringify({ name }));
const journal = () => readFileSync(folder.join("s.1.journal.ndjson"));
const notes = () =>
  journal()
    .toString()
    .split("\n")
    .filter((line) => line.includes('"t":"heartbeat"'));
const snapshot = () => JSON.parse(readFileSync(folder.join("s.json"), "utf8")) as TraceFile;
const toldBy = ({ durability }: TraceFile): Durability | undefined => decodeDurability(durability)[0];

describe("a recorder", () => {
  it("notes a sync with the next record, at most once a second, and nothing for the note itself", async () => {
    const recorder = open();
    await recorder.sync();
    event(recorder, "soon after");
    await recorder.sync();
    expect(notes()).toEqual([]);
    vi.advanceTimersByTime(1_500);
    await recorder.sync();
    // Nothing more is recorded, so nothing more is noted.
    vi.advanceTimersByTime(60_000);
    expect(notes()).toEqual([]);
    event(recorder, "much later");
    await recorder.sync();
    expect(notes()).toHaveLength(1);
    const { durability, problems } = readJournal(journal(), "s.1.journal.ndjson");
    expect(problems).toEqual([]);
    expect(durability).toMatchObject({ fsync: "interval", incarnation: 1 });
    // The two syncs of the first instant are one mark.
    expect(durability?.synced).toMatchObject([{ count: 2, seq: 2 }]);
    await recorder.finish({ status: "completed" });
  });

  it("keeps the marks in S.json when it has ended, the last sync included", async () => {
    const recorder = open();
    await recorder.flush();
    vi.advanceTimersByTime(5_000);
    event(recorder, "later");
    await recorder.sync();
    await recorder.finish({ status: "completed" });
    const told = toldBy(snapshot());
    expect(told).toMatchObject({ incarnation: 1, fsync: "interval" });
    expect(told?.synced.length).toBeGreaterThanOrEqual(2);
    expect(told?.snapshots.length).toBeGreaterThanOrEqual(1);
    expect(told?.synced.at(-1)?.seq).toBe(snapshot().writer?.seq);
    expect(told?.untilMs).toBeGreaterThanOrEqual(5_000);
  });

  it("leaves to recovery what it noted, which is then in S.json with what that held before", async () => {
    const recorder = open();
    await recorder.flush();
    vi.advanceTimersByTime(2_000);
    event(recorder, "one");
    await recorder.sync();
    vi.advanceTimersByTime(2_000);
    event(recorder, "two");
    await recorder.sync();
    const noted = readJournal(journal(), "s.1.journal.ndjson").durability;
    expect(noted?.synced).toHaveLength(2);
    recorder.crash("killed");
    await recoverDirectory(folder.path);
    const told = toldBy(snapshot());
    expect(snapshot().summary.status).toBe("crashed");
    expect(told?.synced.slice(0, 2)).toEqual(noted?.synced);
    expect(told?.snapshots).toHaveLength(1);
  });

  it("keeps what an earlier incarnation noted", async () => {
    const first = open();
    await first.flush();
    await first.finish({ status: "completed" });
    vi.advanceTimersByTime(10_000);
    const second = openSessionRecorder({
      directory: folder.path,
      sessionId: "s",
      traceId: "t1",
      metadata: {},
      mode: "rehydrate",
      fsync: "always",
      fs: nodeFs,
      machine: undefined,
      onProblem: ({ message }) => expect(message).toBe(""),
    });
    second?.event("root", JSON.stringify({ name: "goes on" }));
    await second?.finish({ status: "completed" });
    const told = decodeDurability(snapshot().durability);
    expect(told.map(({ incarnation, fsync }) => [incarnation, fsync])).toEqual([
      [1, "interval"],
      [2, "always"],
    ]);
  });
});

describe("the log of marks", () => {
  const setup = { fsync: "always", instance: "i", clock: { wallMs: 1_000_000, monoMs: 0 } } as const;

  it("stays small however often the journal is synced", () => {
    const log = new DurabilityLog(setup);
    for (let at = 0; at < 20_000; at++) {
      vi.advanceTimersByTime(500);
      log.synced(performance.now() - 2, at);
    }
    const text = JSON.stringify(log.toJson(1));
    expect(text.length).toBeLessThan(12_000);
    const told = decodeDurability([JSON.parse(text)])[0];
    expect(told?.synced.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
    expect(told?.synced.at(-1)?.seq).toBe(19_999);
    expect(log.note()?.length).toBeLessThan(700);
  });
});

it("is not claimed by a copy of the trace", async () => {
  const recorder = open();
  await recorder.finish({ status: "completed" });
  const { withoutWriter } = await import("../../src/recorder/withoutWriter");
  const pieces: Uint8Array[] = [];
  async function* bytes() {
    yield readFileSync(folder.join("s.json"));
  }
  for await (const piece of withoutWriter(bytes())) pieces.push(piece);
  writeFileSync(folder.join("copy.json"), Buffer.concat(pieces));
  const copy = JSON.parse(readFileSync(folder.join("copy.json"), "utf8")) as TraceFile;
  expect([copy.writer, copy.durability, copy.spans.length]).toEqual([undefined, undefined, 1]);
});
