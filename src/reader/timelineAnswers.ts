// Answers to a panel's questions about its timeline. A layout that was sent has a number, and is remembered for a while, so
// that a panel which has one is sent only what came behind what is still the same.

import type { PanelRequest } from "../protocol/panelMessages";
import {
  type BurstColumns,
  type LaneGroupView,
  type RangeTotalsResult,
  type TimelinePathResult,
  type TimelineProfileResult,
  type TimelineResult,
  type TimelineRowsResult,
  timelinePartLength,
} from "../protocol/timelineMessages";
import type { Bursts } from "../trace/timeline/bursts";
import type { CriticalPath } from "../trace/timeline/criticalPath";
import { begunBetween, meanAtWork } from "../trace/timeline/density";
import type { LaneLayout } from "../trace/timeline/laneLayout";
import { rangeTotals } from "../trace/timeline/rangeTotals";
import { durabilityAt, durabilityOf, lossProfile } from "./durabilityAnswers";
import type { TracePicture } from "./picture";
import { analysisOf } from "./timelineAnalysis";

/** Questions that are answered here. */
export type TimelineRequest = Extract<
  PanelRequest,
  {
    method:
      | "timeline"
      | "timelineRows"
      | "timelinePath"
      | "timelineProfile"
      | "rangeTotals"
      | "durability"
      | "durabilityAt";
  }
>;

type ParamsOf<Method extends PanelRequest["method"]> = Extract<PanelRequest, { method: Method }>["params"];

interface SentLayout {
  readonly epoch: number;
  readonly layout: LaneLayout;
  readonly path: CriticalPath;
}

const noPath: CriticalPath = { row: new Int32Array(0), fromMs: new Float64Array(0), toMs: new Float64Array(0) };
const mostRemembered = 4;
const mostBursts = 5_000;
const mostGroups = 2_000;
/** A panel asks again after so many times what it took to answer. */
const restFactor = 5;
const leastRestMs = 250;
const mostRestMs = 5_000;

export class TimelineAnswers {
  readonly #clock: () => number;
  readonly #sent = new Map<number, SentLayout>();
  #lastNumber: number;

  /**
   * @param clock monotonic, in ms
   * @param firstNumber of a layout: no panel may have one that another reader gave the same number
   */
  constructor(clock: () => number, firstNumber: number) {
    this.#clock = clock;
    this.#lastNumber = firstNumber;
  }

  answer(request: TimelineRequest, picture: TracePicture): unknown {
    switch (request.method) {
      case "timeline":
        return this.timeline(picture, request.params);
      case "timelineRows":
        return this.rows(picture.epoch, request.params);
      case "timelinePath":
        return this.path(picture.epoch, request.params);
      case "timelineProfile":
        return timelineProfile(picture, request.params);
      case "rangeTotals":
        return totalsOfRange(picture, request.params);
      case "durability": {
        const { result } = durabilityOf(picture);
        // What is sent is no longer here.
        return { ...result, syncedMs: result.syncedMs.slice(), snapshotMs: result.snapshotMs.slice() };
      }
      case "durabilityAt":
        return durabilityAt(picture, request.params.atMs);
    }
  }

  timeline(picture: TracePicture, params: ParamsOf<"timeline">): TimelineResult {
    const startMs = this.#clock();
    const analysis = analysisOf(picture, params.openEndMs);
    const layout = analysis.lanes(params.mode);
    const { bursts } = analysis;
    const path = params.wantsPath ? analysis.path : noPath;
    const known = this.#sent.get(params.layout);
    const keptCount = known?.epoch === picture.epoch ? sharedEntries(known.layout, layout) : 0;
    const number = this.#remember({ epoch: picture.epoch, layout, path });
    const tookMs = this.#clock() - startMs;
    return {
      revision: picture.revision,
      layout: number,
      keptCount,
      rowCount: layout.rows.length,
      laneCount: layout.laneCount,
      groups: groupsOf(picture, layout),
      groupCount: layout.groups.length,
      bursts: mostImportant(bursts),
      burstCount: bursts.row.length,
      pathCount: path.row.length,
      pathMs: timeOf(path),
      restMs: Math.round(Math.min(mostRestMs, Math.max(leastRestMs, tookMs * restFactor))),
    };
  }

  rows(epoch: number, { layout, from }: ParamsOf<"timelineRows">): TimelineRowsResult {
    const sent = this.#known(epoch, layout);
    if (sent === undefined) return { gone: true, from, rows: new Int32Array(0), lanes: new Int32Array(0) };
    const to = from + timelinePartLength;
    return { gone: false, from, rows: sent.layout.rows.slice(from, to), lanes: sent.layout.lanes.slice(from, to) };
  }

  path(epoch: number, { layout, from }: ParamsOf<"timelinePath">): TimelinePathResult {
    const path = this.#known(epoch, layout)?.path;
    const to = from + timelinePartLength;
    return {
      gone: path === undefined,
      from,
      row: path?.row.slice(from, to) ?? new Int32Array(0),
      fromMs: path?.fromMs.slice(from, to) ?? new Float64Array(0),
      toMs: path?.toMs.slice(from, to) ?? new Float64Array(0),
    };
  }

  #known(epoch: number, number: number): SentLayout | undefined {
    const sent = this.#sent.get(number);
    return sent?.epoch === epoch ? sent : undefined;
  }

  #remember(sent: SentLayout): number {
    this.#sent.set(++this.#lastNumber, sent);
    for (const number of this.#sent.keys()) {
      if (this.#sent.size <= mostRemembered) break;
      this.#sent.delete(number);
    }
    return this.#lastNumber;
  }
}

export function timelineProfile(picture: TracePicture, params: ParamsOf<"timelineProfile">): TimelineProfileResult {
  const { density } = analysisOf(picture, params.openEndMs);
  const edgesMs = Float64Array.from(params.edgesMs);
  const loss = params.wantsLoss === true ? lossProfile(picture, edgesMs) : {};
  return { atWork: meanAtWork(density, edgesMs), begun: begunBetween(density, edgesMs), ...loss };
}

export function totalsOfRange(picture: TracePicture, params: ParamsOf<"rangeTotals">): RangeTotalsResult {
  const { work } = analysisOf(picture, params.openEndMs);
  const totals = rangeTotals(picture.columns, work, picture.usage, params.fromMs, params.toMs);
  return { ...totals, byKind: [...totals.byKind] };
}

/** Entries at the start of both. */
function sharedEntries(a: LaneLayout, b: LaneLayout): number {
  const most = Math.min(a.rows.length, b.rows.length);
  let count = 0;
  while (count < most && a.rows[count] === b.rows[count] && a.lanes[count] === b.lanes[count]) count++;
  return count;
}

function groupsOf({ columns }: TracePicture, { groups }: LaneLayout): LaneGroupView[] {
  return groups.slice(0, mostGroups).map(({ name, ...group }) => ({ ...group, name: columns.strings[name] ?? "" }));
}

/** A copy, by start; of very many those with the most calls. */
function mostImportant(bursts: Bursts): BurstColumns {
  const all = Int32Array.from(bursts.row, (_, index) => index);
  const kept =
    all.length <= mostBursts
      ? all
      : all
          .sort((a, b) => (bursts.calls[b] ?? 0) - (bursts.calls[a] ?? 0) || a - b)
          .slice(0, mostBursts)
          .sort();
  const { gapMs, overallGapMs } = bursts;
  return {
    parent: Int32Array.from(kept, (index) => bursts.parent[index] ?? -1),
    row: Int32Array.from(kept, (index) => bursts.row[index] ?? 0),
    fromMs: Float64Array.from(kept, (index) => bursts.fromMs[index] ?? 0),
    toMs: Float64Array.from(kept, (index) => bursts.toMs[index] ?? 0),
    endMs: Float64Array.from(kept, (index) => bursts.endMs[index] ?? 0),
    calls: Uint32Array.from(kept, (index) => bursts.calls[index] ?? 0),
    peak: Uint32Array.from(kept, (index) => bursts.peak[index] ?? 0),
    failed: Uint32Array.from(kept, (index) => bursts.failed[index] ?? 0),
    gapMs,
    overallGapMs,
  };
}

/** Of the path, in which a step was at work. */
function timeOf({ row, fromMs, toMs }: CriticalPath): number {
  let sum = 0;
  for (let index = 0; index < row.length; index++) {
    if ((row[index] ?? -1) >= 0) sum += (toMs[index] ?? 0) - (fromMs[index] ?? 0);
  }
  return sum;
}
