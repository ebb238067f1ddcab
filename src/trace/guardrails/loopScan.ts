// Finds the loops of an opened trace by the patterns that watch live sessions. Takes actions in the order in which they ended,
// some at a time, so that a trace that grows costs what is new. Work for a row and memory do not depend on the trace.

import { readsPerStep, rowsPerStep, type Steps } from "../../base/steps";
import { sortInSteps } from "../sortInSteps";
import type { SpanColumns } from "../spanColumns";
import type { SpanSource } from "../spanSource";
import { FoundLoops, type LoopRows } from "./foundLoops";
import type { GuardrailSettings } from "./guardrail";
import { LaneWatch } from "./laneWatch";
import { LoopLanes } from "./loopLanes";
import { ReadActions } from "./readActions";

/** Agents that are watched at a time; of more the one that was silent longest is forgotten. */
const mostLanes = 200;

interface Lane {
  readonly number: number;
  readonly watch: LaneWatch;
  lastEndMs: number;
  /** Failures since the last success, and which of such runs they are. */
  failed: number[];
  failedRun: number;
  failedCount: number;
}

export class LoopScan {
  readonly #settings: GuardrailSettings;
  readonly #actions: ReadActions;
  readonly #agents = new LoopLanes();
  readonly #lanes = new Map<number, Lane>();
  readonly #found = new FoundLoops();
  #nextLane = 0;
  /** By row: its end as it was taken, less than 0 where it had failed; NaN where it was not taken. */
  #taken = new Float64Array(0);
  /** Rows below were looked at. */
  #count = 0;

  constructor(spans: SpanSource, columns: SpanColumns, settings: GuardrailSettings) {
    this.#settings = settings;
    this.#actions = new ReadActions(spans, columns);
  }

  /** Those so far, in no order. */
  get loops(): readonly LoopRows[] {
    return this.#found.loops;
  }

  /**
   * Takes the rows that have come, and those that have changed and were not taken before. False where they do not go on
   * from what was taken: then a new scan has to take all.
   */
  *take(spans: SpanSource, columns: SpanColumns, changedRows: Iterable<number>): Steps<boolean> {
    this.#actions.spans = spans;
    this.#actions.columns = columns;
    // Those of a session that is written grow while this pauses.
    const end = Math.min(spans.count, columns.count);
    this.#reserve(end);
    const rows: number[] = [];
    for (const row of changedRows) {
      if (row >= this.#count) continue;
      const taken = this.#taken[row] ?? Number.NaN;
      if (Number.isNaN(taken)) {
        if (this.#actions.isAction(row)) rows.push(row);
      } else if (taken !== this.#mark(row) || !this.#actions.isAction(row)) return false;
    }
    for (; this.#count < end; this.#count++) {
      if (this.#count % rowsPerStep === 0) yield;
      if (this.#actions.isAction(this.#count)) rows.push(this.#count);
    }
    const sorted = Int32Array.from(rows);
    yield* sortInSteps(sorted, (a, b) => this.#endOf(a) - this.#endOf(b) || a - b);
    for (const [index, row] of sorted.entries()) {
      if (index % readsPerStep === 0) yield;
      if (!this.#add(row, columns)) return false;
    }
    return true;
  }

  /** False where an action that was taken ended after it. */
  #add(row: number, columns: SpanColumns): boolean {
    const lane = this.#laneOf(this.#agents.of(row, columns));
    const endMs = this.#endOf(row);
    if (endMs < lane.lastEndMs) return false;
    lane.lastEndMs = endMs;
    this.#taken[row] = this.#mark(row);
    for (const sign of lane.watch.add(row, this.#actions)) if (sign.isLoop) this.#found.add(lane.number, sign);
    if (this.#actions.isFailed(row)) this.#addFailure(lane, row);
    else {
      lane.failed = [];
      lane.failedCount = 0;
    }
    return true;
  }

  #addFailure(lane: Lane, row: number): void {
    const { consecutiveErrors } = this.#settings;
    lane.failedCount++;
    if (lane.failedCount === 1) lane.failedRun++;
    // Beyond the bound only the newest one has to be told of.
    if (lane.failed.length >= consecutiveErrors) lane.failed = [];
    lane.failed.push(row);
    if (lane.failedCount < consecutiveErrors) return;
    const run = { pattern: "consecutive-errors", episode: lane.failedRun, count: lane.failedCount, length: 1 } as const;
    this.#found.add(lane.number, { ...run, actions: lane.failed });
  }

  #laneOf(agent: number): Lane {
    const lane = this.#lanes.get(agent) ?? {
      number: this.#nextLane++,
      watch: new LaneWatch(this.#settings),
      lastEndMs: Number.NEGATIVE_INFINITY,
      failed: [],
      failedRun: 0,
      failedCount: 0,
    };
    this.#lanes.delete(agent);
    this.#lanes.set(agent, lane);
    const [oldest] = this.#lanes.keys();
    if (this.#lanes.size > mostLanes && oldest !== undefined) this.#lanes.delete(oldest);
    return lane;
  }

  #reserve(count: number): void {
    if (count <= this.#taken.length) return;
    const larger = new Float64Array(Math.max(count, 2 * this.#taken.length)).fill(Number.NaN);
    larger.set(this.#taken);
    this.#taken = larger;
  }

  #endOf(row: number): number {
    const { startMs, endMs } = this.#actions.columns;
    const end = endMs[row] ?? Number.NaN;
    if (!Number.isNaN(end)) return end;
    const start = startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? 0 : start;
  }

  #mark(row: number): number {
    return this.#actions.isFailed(row) ? -1 - this.#endOf(row) : this.#endOf(row);
  }
}
