// A live trace beside what reading all bytes at once makes of them, and whether the two say the same.

import { expect } from "vitest";
import { finish } from "../../src/base/steps";
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { Liveness } from "../../src/trace/evidence";
import { type LiveFile, LiveTrace } from "../../src/trace/liveTrace";
import { type OutputIndex, outputIndex } from "../../src/trace/outputIndex";
import { readSession } from "../../src/trace/readSession";
import { readSnapshot } from "../../src/trace/readSnapshot";
import type { TraceFile } from "../../src/trace/schema";
import type { SnapshotHead } from "../../src/trace/sessionEvidence";
import type { FileBytes, SessionFiles } from "../../src/trace/sessionFiles";
import { actionKeysOf } from "../../src/trace/spanActions";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { spansInMemory, type TraceHeader } from "../../src/trace/spanSource";
import { deriveState } from "../../src/trace/state";
import { summariseSpans } from "../../src/trace/traceSummary";
import { baseMs } from "./journalLines";

/** Grows in the hands of the test. */
export class GrowingFile implements LiveFile {
  readonly fileName: string;
  bytes: Uint8Array;

  constructor(fileName: string, bytes: Uint8Array) {
    this.fileName = fileName;
    this.bytes = bytes;
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    expect(offsetBytes + lengthBytes).toBeLessThanOrEqual(this.bytes.length);
    return this.bytes.slice(offsetBytes, offsetBytes + lengthBytes);
  }
}

export type Around = Omit<SessionFiles, "journals" | "safeId">;

export interface Moment {
  readonly nowMs?: number;
  readonly liveness?: Liveness;
}

/** A session that is followed: bytes are appended to its journals, and the live trace is asked to follow. */
export class FollowedSession {
  readonly #around: Around;
  readonly #journals: readonly GrowingFile[];
  live: LiveTrace;
  /** How often all had to be read again. */
  rereads = 0;
  /** What a panel would have that is sent only what changed. */
  #mirror: SpanColumns | undefined;

  constructor(around: Around, journals: readonly { readonly name: string; readonly bytes: Uint8Array }[]) {
    this.#around = around;
    this.#journals = journals.map(({ name, bytes }) => new GrowingFile(name, bytes));
    this.live = this.#open();
  }

  append(journal: number, bytes: Uint8Array): void {
    const file = this.#journals[journal];
    if (file === undefined) throw new Error(`No journal ${journal}`);
    const whole = new Uint8Array(file.bytes.length + bytes.length);
    whole.set(file.bytes);
    whole.set(bytes, file.bytes.length);
    file.bytes = whole;
    this.live.applyBytes(journal, bytes);
    if (this.live.staleBecause === undefined) return;
    this.rereads++;
    this.live = this.#open();
  }

  get files(): SessionFiles {
    const file = ({ fileName, bytes }: GrowingFile): FileBytes => ({ name: fileName, bytes, mtimeMs: baseMs + 100 });
    return { safeId: "S", ...this.#around, journals: this.#journals.map(file) };
  }

  /** Fails unless the live trace says what reading everything says. */
  expectAsReadWhole({ nowMs = baseMs + 60_000, liveness = "alive" }: Moment = {}): void {
    const session = readSession(this.files, () => liveness);
    const whole = readingInMemory(session);
    const state = deriveState(session.evidence, nowMs);
    const { failures } = finish(whole.findFailures(state));
    const { rows } = this.live;
    const facts = this.live.facts(this.files, () => liveness);
    expect(deriveState(facts.session.evidence, nowMs)).toEqual(state);
    const live = { ...facts.session, problems: facts.problems };
    const { summary, ...header } = live.header;
    const { summary: wholeSummary, ...wholeHeader } = whole.session.header;
    expect(live.evidence).toEqual(whole.session.evidence);
    expect(header).toEqual(wholeHeader);
    expect(sortedTools(summary)).toEqual(sortedTools(wholeSummary));
    expect(live.sessionId).toBe(whole.session.sessionId);
    expect(live.problems).toEqual(whole.problems);
    expect(rows.findFailures(state)).toEqual({ failingStep: undefined, ...failures });
    expect(plain(rows.columns)).toEqual(plain(whole.columns));
    expect(this.#followed()).toEqual(plain(whole.columns));
    expect({ ...rows.usage }).toEqual({ ...whole.usage });
    const { preorder, subtreeSize, ...tree } = rows.tree;
    expect({ ...tree, preorder, subtreeSize }).toEqual(whole.tree);
    const wholeIndex = outputIndex(whole.spans, whole.columns);
    expect(rows.output && plainIndex(rows.output.index)).toEqual(wholeIndex && plainIndex(wholeIndex));
    for (let row = 0; row < whole.spans.count; row++) {
      expect(rows.spans.spanAt(row)).toEqual(whole.spans.spanAt(row));
      expect(rows.spans.shortSpanAt(row)).toEqual(whole.spans.spanAt(row));
      expect(rows.spans.idOf(row)).toBe(whole.spans.idOf(row));
      expect(rows.spans.rowOf(whole.spans.idOf(row))).toBe(whole.spans.rowOf(whole.spans.idOf(row)));
    }
    expect(rows.count).toBe(whole.spans.count);
    expect(rows.spans.spanAt(rows.count)).toBeUndefined();
  }

  #followed() {
    const { rows } = this.live;
    const changed = rows.takeChangedRows();
    const { columns } = rows;
    const before = this.#mirror;
    if (before === undefined || columns.count < before.count) this.#mirror = copyOf(columns);
    else {
      const merged = copyOf(columns);
      for (const name of columnNames) {
        for (let row = 0; row < before.count; row++) merged[name][row] = before[name][row] ?? 0;
        for (const row of changed) merged[name][row] = columns[name][row] ?? 0;
      }
      this.#mirror = merged;
    }
    return plain(this.#mirror);
  }

  #open(): LiveTrace {
    this.#mirror = undefined;
    const { snapshot } = this.#around;
    const read = snapshot && readSnapshot(snapshot.bytes, snapshot.name);
    const head: SnapshotHead | undefined = read && {
      problems: read.problems,
      truncated: read.truncated,
      header: read.trace && headOf(read.trace),
    };
    const spans = read?.trace?.spans ?? [];
    const live = new LiveTrace({
      snapshot: head,
      journals: this.#journals,
      keysOf: actionKeysOf,
      // A few records at a time.
      chunkBytes: 500,
      *firstRows() {
        yield;
        const reading = readingInMemory({
          safeId: "S",
          sessionId: "S",
          trace: { version: 2, traceId: "", sessionId: "", startedAt: "", metadata: {}, summary: {}, spans },
          problems: [],
          evidence: { hasSnapshot: true, openSpans: 0, liveness: "unknown", truncated: false },
        });
        return {
          spans: spansInMemory(spans),
          columns: reading.columns,
          usage: reading.usage,
          latestEventMs: Math.max(
            Number.NEGATIVE_INFINITY,
            ...spans.flatMap(({ events }) => (events ?? []).map(({ timeMs }) => timeMs)),
          ),
          summary: summariseSpans(spans),
          metadata: read?.trace?.metadata ?? {},
          hasTexts: true,
        };
      },
    });
    for (const _ of live.load(
      this.files,
      this.#journals.map(({ bytes }) => bytes.length),
    )) {
      // Piece by piece.
    }
    return live;
  }
}

function headOf({ spans: _spans, ...header }: TraceFile): TraceHeader {
  return header;
}

const columnNames = ["startMs", "endMs", "parent", "kind", "status", "flags", "name", "label", "outcome"] as const;

type MutableColumns = { -readonly [K in keyof SpanColumns]: SpanColumns[K] };

function copyOf(columns: SpanColumns): MutableColumns {
  const { count } = columns;
  const copy: MutableColumns = { ...columns };
  for (const name of columnNames) Object.assign(copy, { [name]: columns[name].slice(0, count) });
  return copy;
}

/** With texts in place of their numbers, and numbers that name no row left out. */
function plain(columns: SpanColumns) {
  const texts = (indexes: Uint32Array) => [...indexes].map((index) => columns.strings[index]);
  const { count, startMs, endMs, parent, kind, status, flags } = columns;
  return {
    count,
    startMs: [...startMs],
    endMs: [...endMs],
    parent: [...parent],
    kind: [...kind],
    status: [...status],
    flags: [...flags],
    name: texts(columns.name),
    label: texts(columns.label),
    outcome: texts(columns.outcome),
  };
}

function plainIndex({ roots, bursts, lineCount, bytes, streams }: OutputIndex) {
  return { roots, bursts, lineCount, bytes, streams };
}

/** The order of tools that were called equally often is nobody's concern, nor the last bit of a sum. */
function sortedTools({ topTools, totalCost, duration, ...summary }: Summary) {
  const tools = topTools?.map(({ name, count, totalDuration }) => ({
    name,
    count,
    totalDuration: round(totalDuration),
  }));
  return {
    ...summary,
    totalCost: round(totalCost),
    duration: round(duration),
    topTools: tools?.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)),
  };
}

type Summary = ReturnType<typeof summariseSpans>;

function round(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1e6) / 1e6;
}
