// What following a running session costs: the work for an event that comes, in a trace of so many spans. The records are
// those of a recorder: turns of ten tool calls under generations, begun and ended one by one, some of which fail and are done
// again.

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { noSnapshot } from "../../src/reader/tailedSnapshot";
import { encodeRecord, writerTag } from "../../src/trace/journalFrame";
import type { JournalHeader, JournalRecord } from "../../src/trace/journalRecord";
import { LiveTrace } from "../../src/trace/liveTrace";
import type { FilesAround } from "../../src/trace/sessionEvidence";
import { actionKeysOf } from "../../src/trace/spanActions";
import { deriveState } from "../../src/trace/state";
import { makeTempDir } from "../support/tempDir";
import { randomFrom } from "../support/traceGenerator";

export interface TailMeasure {
  /** Microseconds of CPU for one event, its share of what is told after each piece included. */
  readonly eventUs: number;
  /** Milliseconds until the slowest of the pieces was applied, but for one in a hundred. */
  readonly slowPieceMs: number;
  /** Milliseconds of CPU for reading all that was there before. */
  readonly openMs: number;
  /** Bytes held for each span after that. */
  readonly heldBytes: number;
}

/** 300 events a second, looked at twenty times a second. */
const pieceEvents = 15;
const startMs = 1_795_170_000_000;
const turnLength = 11;
const fileName = "S.1.journal.ndjson";

/** @param spans that are there when it begins; @param events that are measured */
export async function measureLiveTail(spans: number, events: number, seed = 20_261_121): Promise<TailMeasure> {
  await using folder = await makeTempDir();
  const path = folder.join(fileName);
  const writer = new SessionWriter(seed);
  const fd = openSync(path, "w+");
  try {
    let length = 0;
    const append = (bytes: Uint8Array) => {
      writeSync(fd, bytes);
      length += bytes.length;
    };
    append(writer.header());
    while (writer.spans < spans) append(writer.records(10_000));
    const read = (offset: number, count: number) => {
      const bytes = new Uint8Array(count);
      readSync(fd, bytes, 0, count, offset);
      return bytes;
    };
    const files = { safeId: "S", journals: [{ name: fileName, mtimeMs: writer.nowMs }] };
    globalThis.gc?.();
    const before = memoryBytes();
    const live = new LiveTrace({
      snapshot: undefined,
      journals: [{ fileName, read }],
      firstRows: noSnapshot.firstRows,
      keysOf: actionKeysOf,
      crc32: (bytes, start, end) => crc32(bytes.subarray(start, end)),
    });
    const openStart = process.cpuUsage();
    for (const _ of live.load(files, [length])) {
      // Piece by piece.
    }
    look(live, files);
    const openMs = cpuMs(openStart);
    globalThis.gc?.();
    const heldBytes = (memoryBytes() - before) / live.rows.count;
    const pieceMs: number[] = [];
    // The first pieces only warm the engine up.
    let measuredMs = 0;
    for (let done = -events / 4; done < events; done += pieceEvents) {
      const piece = writer.records(pieceEvents);
      const files = { safeId: "S", journals: [{ name: fileName, mtimeMs: writer.nowMs }] };
      writeSync(fd, piece);
      const pieceStart = performance.now();
      const cpuStart = process.cpuUsage();
      live.applyBytes(0, piece);
      look(live, files);
      if (done < 0) continue;
      measuredMs += cpuMs(cpuStart);
      pieceMs.push(performance.now() - pieceStart);
    }
    if (live.staleBecause !== undefined) throw new Error(live.staleBecause);
    const slowPieceMs = pieceMs.sort((a, b) => a - b)[Math.floor(pieceMs.length * 0.99)] ?? Number.NaN;
    return { eventUs: (measuredMs / events) * 1000, slowPieceMs, openMs, heldBytes };
  } finally {
    closeSync(fd);
  }
}

/** What is told after each piece. */
function look(live: LiveTrace, files: FilesAround): void {
  const { session } = live.facts(files, () => "alive");
  const state = deriveState(session.evidence, files.journals[0]?.mtimeMs ?? startMs);
  if (state.status !== "running" || state.reasons.length > 0) throw new Error("The session does not run");
  live.rows.findFailures(state);
  live.rows.takeChangedRows();
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const words = "All tests passed in src/billing/tax.test.ts (12 ms) and nothing else was said of “them”".split(" ");

/** Writes records as a recorder does: two for a step, one step after the other. */
export class SessionWriter {
  spans = 0;
  readonly #random: () => number;
  readonly #header: JournalHeader;
  #seq = 0;
  #open: string | undefined;
  #generation = "root";

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    this.#header = {
      t: "header",
      format: "tracekeeper-journal",
      version: 1,
      incarnation: 1,
      writer: { instance: "bench-1", host: "box", pid: 42, rawSessionId: "ses/1" },
      trace: { traceId: "trace-1", sessionId: "ses/1" },
    };
  }

  get nowMs(): number {
    return startMs + this.#seq * 3;
  }

  header(): Uint8Array {
    return this.#encode(this.#header);
  }

  records(count: number): Uint8Array {
    const lines: Uint8Array[] = [];
    for (let index = 0; index < count; index++) lines.push(this.#encode(this.#next()));
    return Buffer.concat(lines);
  }

  #encode(record: JournalRecord | JournalHeader): Uint8Array {
    const seq = this.#seq++;
    const stamp = { seq, wallMs: startMs + seq * 3, monoMs: seq * 3, tag: writerTag("bench-1") };
    return encodeRecord(record, stamp, (bytes, start, end) => crc32(bytes.subarray(start, end)));
  }

  #next(): JournalRecord {
    const open = this.#open;
    if (open !== undefined) {
      this.#open = undefined;
      return { t: "end", id: open, set: this.#end() };
    }
    const index = this.spans++;
    const spanId = index === 0 ? "root" : `${index.toString(16).padStart(8, "0")}f00dfeed`;
    if (index === 0) {
      return { t: "begin", span: { spanId, parentSpanId: null, name: "ses/1", kind: "session", status: "ok" } };
    }
    this.#open = spanId;
    const isGeneration = (index - 1) % turnLength === 0;
    if (isGeneration) this.#generation = spanId;
    return {
      t: "begin",
      span: {
        spanId,
        parentSpanId: isGeneration ? "root" : this.#generation,
        name: isGeneration ? `generation-${index}` : this.#random() < 0.5 ? "bash" : "read",
        kind: isGeneration ? "generation" : "tool",
        status: "ok",
        input: { command: `npm test -- --run part-${index % 500}`, cwd: "/repo" },
      },
    };
  }

  #end() {
    let output = "";
    while (output.length < 280) output += `${words[Math.floor(this.#random() * words.length)]} `;
    const isFailed = this.#random() < 0.02;
    return {
      output,
      tokens: { input: 1200, output: 90 },
      attributes: { "code.file.path": "/repo/src/a.ts", "code.line.number": 7 },
      ...(isFailed ? ({ status: "error", statusMessage: "exit 1" } as const) : {}),
    };
  }
}
