// A row and the opened session must tell the same story: the list reads the ends of the files, the reader all of them.
import { copyFile, mkdir, readdir, readFile, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { TraceStore } from "../../src/store/traceStore";
import { encodeRecord } from "../../src/trace/journalFrame";
import type { JournalHeader, JournalRecord } from "../../src/trace/journalRecord";
import { encodeCrashNote, encodeLiveMarker } from "../../src/trace/marker";
import { deriveState } from "../../src/trace/state";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { largeBytes, makeTrace } from "./support";

const samples = resolve(import.meta.dirname, "../fixtures/trace-v2");
const nowMs = 1_795_200_000_000;

async function compare(folder: TempDir, atMs: number): Promise<string[]> {
  const store = new TraceStore({
    directories: [folder.path],
    logger: silentLogger,
    now: () => atMs,
    probe: () => "unknown",
  });
  try {
    store.start();
    await store.ready;
    const lines: string[] = [];
    for (const entry of [...store.entries()].sort((one, other) => (one.safeId < other.safeId ? -1 : 1))) {
      const loaded = await store.load(entry.key);
      const state = deriveState(loaded.evidence, atMs);
      // How many records a crash left to be put together, or lost, only the reader of all of them knows.
      const reasons = state.reasons.filter((reason) => reason.type !== "recovered");
      expect({ id: entry.safeId, ...entry.state }).toEqual({ id: entry.safeId, ...state, reasons });
      expect(entry.sessionId).toBe(loaded.sessionId);
      lines.push(`${entry.safeId} ${state.status}`);
    }
    return lines;
  } finally {
    store.dispose();
  }
}

function journal(safeId: string, records: readonly JournalRecord[]): Uint8Array {
  const instance = `writer-of-${safeId}`;
  const header: JournalHeader = {
    t: "header",
    format: "tracekeeper-journal",
    version: 1,
    incarnation: 1,
    writer: { instance, rawSessionId: safeId },
    trace: { traceId: safeId, sessionId: safeId, metadata: { title: "T" } },
  };
  return Buffer.concat(
    [header, ...records].map((record, seq) =>
      encodeRecord(record, { seq, wallMs: nowMs - 10_000 + seq, monoMs: seq, tag: instance.slice(0, 4) }),
    ),
  );
}

describe("the list and the reader", () => {
  it.each([
    ["long after", nowMs, "unknown"],
    ["at the time of the last write", 1_795_178_006_181, "running"],
  ])("agree on the state of every sample, %s", async (_, atMs, live) => {
    await using folder = await makeTempDir();
    for (const name of (await readdir(samples)).filter((name) => name.endsWith(".json"))) {
      await copyFile(join(samples, name), folder.join(name));
      await utimes(folder.join(name), atMs / 1000, atMs / 1000);
    }
    expect(await compare(folder, atMs)).toEqual([
      "ses_completed_tax_rounding completed",
      "ses_crashed_migration crashed",
      "ses_damaged_empty unknown",
      "ses_damaged_nul_tail unknown",
      "ses_damaged_truncated unknown",
      "ses_failed_dbt_build failed",
      `ses_live_refactor ${live}`,
      "ses_loop_same_call failed",
      "ses_two_bursts_7h completed",
    ]);
  });

  it("agree on files that can't be read and on times that can't be", async () => {
    await using folder = await makeTempDir();
    for (const id of ["crash", "journal", "far"]) await folder.write(`${id}.json`, JSON.stringify(makeTrace(id)));
    await mkdir(folder.join("crash.crash"));
    await mkdir(folder.join("journal.1.journal.ndjson"));
    const far = JSON.stringify(makeTrace("far")).replace(/"endTime":\d+/, '"endTime":1e300');
    expect(far).toContain("1e300");
    await folder.write("far.json", far);
    expect(await compare(folder, nowMs)).toEqual(["crash crashed", "far completed", "journal unknown"]);
  });

  it("agree on every small file, however it was cut", async () => {
    await using folder = await makeTempDir();
    const bytes = await readFile(join(samples, "ses_loop_same_call.json"));
    for (let part = 0; part <= 60; part++) {
      await folder.write(`s${part}.json`, bytes.subarray(0, Math.round((bytes.length * part) / 60)));
    }
    const lines = await compare(folder, nowMs);
    expect(lines.filter((line) => line.endsWith(" failed"))).toEqual(["s60 failed"]);
  });

  it("do not agree for long on a live run whose prompt hides that its root is open", async () => {
    await using folder = await makeTempDir();
    const open = makeTrace("s", {
      prompt: "Mend this:\n".repeat(1000),
      padding: largeBytes,
      open: true,
      startMs: nowMs,
    });
    await folder.write("s.json", JSON.stringify(open));
    await utimes(folder.join("s.json"), nowMs / 1000, nowMs / 1000);
    const statusAt = async (atMs: number) => {
      const store = new TraceStore({ directories: [folder.path], logger: silentLogger, now: () => atMs });
      store.start();
      await store.ready;
      const status = store.entry(folder.join("s.json"))?.state.status;
      store.dispose();
      return status;
    };
    expect(await statusAt(nowMs + 1000)).toBe("running");
    expect(await statusAt(nowMs + 3_600_000)).toBe("completed");
  });

  it("agree on sessions with journals and markers, small and large", async () => {
    await using folder = await makeTempDir();
    const begin: JournalRecord = {
      t: "begin",
      span: { spanId: "r", parentSpanId: null, name: "s", kind: "session", startTime: nowMs, status: "ok" },
    };
    const ends: Record<string, JournalRecord[]> = {
      open: [],
      done: [
        { t: "end", id: "r" },
        { t: "finish", status: "completed" },
      ],
      failed: [
        { t: "end", id: "r" },
        { t: "finish", status: "error", error: "No luck" },
      ],
      crashed: [{ t: "crash", reason: "SIGKILL" }],
      waiting: [{ t: "waiting", reason: "an answer" }],
      resumed: [{ t: "waiting", reason: "an answer" }, { t: "resumed" }],
      late: [
        { t: "crash", reason: "SIGTERM" },
        { t: "finish", status: "completed" },
      ],
    };
    const middle: JournalRecord[] = Array.from({ length: 200 }, (_, index) => ({
      t: "text",
      id: "r",
      text: `Line ${index} of a long output, ${"x".repeat(100)}`,
    }));
    for (const [name, last] of Object.entries(ends)) {
      for (const [size, records] of [
        ["small", []],
        ["large", middle],
      ] as const) {
        const id = `${name}-${size}`;
        await folder.write(`${id}.1.journal.ndjson`, journal(id, [begin, ...records, ...last]));
        if (name === "open")
          await folder.write(`${id}.live`, encodeLiveMarker({ instance: `writer-of-${id}`, incarnation: 1 }));
      }
    }
    await folder.write("marked.json", JSON.stringify(makeTrace("marked", { padding: largeBytes })));
    await folder.write(
      "marked.crash",
      Buffer.concat([encodeLiveMarker({ instance: "x" }), encodeCrashNote({ timeMs: nowMs, reason: "SIGBUS" })]),
    );
    for (const name of await readdir(folder.path)) await utimes(folder.join(name), nowMs / 1000, nowMs / 1000);
    const expected = {
      crashed: "crashed",
      done: "completed",
      failed: "failed",
      late: "crashed",
      open: "running",
      resumed: "running",
      waiting: "waiting",
    };
    expect(await compare(folder, nowMs)).toEqual(
      [
        ...Object.entries(expected).flatMap(([name, status]) => [`${name}-large ${status}`, `${name}-small ${status}`]),
        "marked crashed",
      ].sort(),
    );
  });
});
