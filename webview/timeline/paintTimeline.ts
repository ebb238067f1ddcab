// Paints the three canvases of the timeline from what the panel shows: everything between the frame's numbers and pixels.

import type { DurabilityResult } from "../../src/protocol/durabilityMessages";
import { barState } from "../layout/bars";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { formatInteger, text } from "../text";
import type { DensityModel, DensityProfile } from "./densityModel";
import { drawDurability } from "./drawDurability";
import { type DensityPicture, drawHead } from "./drawHead";
import { drawLanes } from "./drawLanes";
import { recoveredText } from "./durabilityWords";
import type { BarList } from "./laneBars";
import { LaneStore } from "./laneStore";
import { barsInView, type TimelineFrame, xAt } from "./timelineFrame";
import type { TimelineData } from "./timelineModel";
import type { TimelinePalette } from "./timelinePalette";
import { timelineSettings } from "./timelineSettings";
import { burstTextIn, crashLabel, groupText, shortRowText } from "./timelineWords";

export interface TimelineCanvases {
  readonly head: HTMLCanvasElement | null;
  readonly lanes: HTMLCanvasElement | null;
  readonly durability: HTMLCanvasElement | null;
}

export interface Painting {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly data: TimelineData | undefined;
  readonly frame: TimelineFrame;
  readonly lanesPx: number;
  readonly scrollTop: number;
  readonly density: DensityModel;
  readonly durability: DurabilityResult | undefined;
  /** Changes with everything that comes from the panel. */
  readonly panelChanges: number;
}

/** What each canvas was painted from: a pointer that moves, or a density that arrives, paints no lanes. */
export class PaintMemory {
  readonly #known = new Map<string, readonly unknown[]>();

  /** True where the canvas is to be painted. */
  isNew(name: string, from: readonly unknown[]): boolean {
    const known = this.#known.get(name);
    if (known?.length === from.length && known.every((value, index) => Object.is(value, from[index]))) return false;
    this.#known.set(name, from);
    return true;
  }
}

const noLanes = new LaneStore();

export function paintTimeline(
  canvases: TimelineCanvases,
  bars: BarList,
  painting: Painting,
  palette: TimelinePalette,
  memory: PaintMemory,
): void {
  const { panelChanges, data, frame, lanesPx, scrollTop, density, durability } = painting;
  const shared = [panelChanges, data, frame.widthPx, palette, globalThis.devicePixelRatio];
  const { head, lanes } = canvases;
  if (memory.isNew("head", [...shared, head, density.profile, frame.headPx, durability]))
    paintHead(head, painting, palette);
  if (memory.isNew("lanes", [...shared, lanes, lanesPx, scrollTop])) paintLanes(lanes, bars, painting, palette);
  const foot = canvases.durability;
  if (memory.isNew("foot", [...shared, foot, density.profile, durability])) paintDurability(foot, painting, palette);
}

function paintHead(canvas: HTMLCanvasElement | null, painting: Painting, palette: TimelinePalette): void {
  if (canvas === null) return;
  const { frame, data, density } = painting;
  const bursts = data?.result.bursts;
  drawHead(
    canvas,
    {
      width: frame.widthPx,
      height: frame.headPx,
      ticks: frame.ticks,
      gaps: frame.gaps,
      crashes: (painting.durability?.crashes ?? []).map(({ atMs, reason }) => ({
        x: xAt(frame, atMs),
        label: crashLabel(reason),
      })),
      density: density.profile && densityPicture(density.profile, frame),
      path: frame.path?.map(({ x, width, row }) => ({ x, width, step: pathStep(painting, row) })),
      marks: frame.marks,
      burstTop: frame.burstTop,
      burstText: (index, mostPx, widthOf) => (bursts === undefined ? "" : burstTextIn(bursts, index, mostPx, widthOf)),
      nowX: frame.nowX,
    },
    palette,
  );
}

function pathStep({ picture }: Painting, row: number) {
  if (row < 0) return undefined;
  const { columns } = picture.model;
  return {
    state: barState(columns.flags[row] ?? 0, columns.status[row] === 1),
    kind: columns.kind[row] ?? 0,
    words: (mostLetters: number) => shortRowText(picture, row, mostLetters),
  };
}

function paintLanes(
  canvas: HTMLCanvasElement | null,
  bars: BarList,
  { panel, picture, data, frame, lanesPx, scrollTop }: Painting,
  palette: TimelinePalette,
): void {
  if (canvas === null) return;
  if (data === undefined) bars.clear();
  else barsInView(bars, picture, data, frame, scrollTop, lanesPx);
  const path = timelineSettings(panel).path === true ? data?.path : undefined;
  drawLanes(
    canvas,
    {
      width: frame.widthPx,
      height: lanesPx,
      scrollTop,
      stack: frame.stack,
      store: data?.store ?? noLanes,
      bars,
      columns: picture.model.columns,
      times: picture.times,
      gridX: frame.ticks.map(({ x }) => x),
      gaps: frame.gaps,
      nowX: frame.nowX,
      selectedRow: panel.selectedRow,
      emphasis: path === undefined ? undefined : (row) => path.has(row),
      textOf: (row, letters) => shortRowText(picture, row, letters),
      groupText: (index) => {
        const group = data?.result.groups[index];
        return group === undefined ? "" : groupText(group);
      },
    },
    palette,
  );
}

function paintDurability(canvas: HTMLCanvasElement | null, painting: Painting, palette: TimelinePalette): void {
  const { durability, frame, density, picture } = painting;
  if (canvas === null || durability === undefined) return;
  const xOf = (ms: number) => xAt(frame, ms);
  const { profile } = density;
  const unsynced = profile?.unsynced;
  let peak = 0;
  for (const value of unsynced ?? []) peak = Math.max(peak, value);
  const since = durability.onlyInJournalSinceMs;
  const crashMs = durability.crashes.at(-1)?.atMs ?? picture.times.lastMs;
  drawDurability(
    canvas,
    {
      width: frame.widthPx,
      x: profile && Float64Array.from(profile.edgesMs, xOf),
      unsynced,
      peakLabel: peak === 0 ? "" : text("mostAtRisk", formatInteger(peak)),
      syncX: durability.syncedMs.map(xOf),
      snapshotX: durability.snapshotMs.map(xOf),
      crashX: durability.crashes.map(({ atMs }) => xOf(atMs)),
      degraded: durability.degraded.map(({ fromMs, toMs }) => {
        const x = xOf(fromMs);
        return { x, width: xOf(toMs ?? picture.times.lastMs) - x };
      }),
      droppedX: durability.dropped.map(({ atMs }) => xOf(atMs)),
      recovered:
        since === undefined || durability.onlyInJournal === 0
          ? undefined
          : { x: xOf(since), width: xOf(crashMs) - xOf(since), label: recoveredText(durability) },
      labels: [text("laneRisk"), text("laneSynced"), text("laneSaved")],
    },
    palette,
  );
}

function densityPicture({ edgesMs, atWork, begun }: DensityProfile, frame: TimelineFrame): DensityPicture {
  let peak = 0;
  for (const value of atWork) peak = Math.max(peak, value);
  return {
    x: Float64Array.from(edgesMs, (ms) => xAt(frame, ms)),
    atWork,
    begun,
    peak,
    peakLabel: text("atWorkMost", peak < 9.95 ? tenth(peak) : formatInteger(Math.round(peak))),
  };
}

export function tenth(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  return Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(1);
}
