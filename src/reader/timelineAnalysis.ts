// What the timeline of one picture is made of, worked out when it is first asked for. The arrays are ours: answers are
// copies, because what is sent to another thread is no longer here.

import type { LaneMode } from "../protocol/timelineMessages";
import { agentLanes } from "../trace/timeline/agentLanes";
import { type Bursts, findBursts } from "../trace/timeline/bursts";
import { concurrencyLanes } from "../trace/timeline/concurrencyLanes";
import { type CriticalPath, criticalPath } from "../trace/timeline/criticalPath";
import { buildDensity, type Density } from "../trace/timeline/density";
import type { LaneLayout } from "../trace/timeline/laneLayout";
import { type WorkRows, workRows } from "../trace/timeline/workRows";
import type { TracePicture } from "./picture";

/** Open rows of a panel grow by the second; a time that is less off changes nothing that can be seen in a total. */
const openEndSlackMs = 1_000;

export class TimelineAnalysis {
  readonly work: WorkRows;
  readonly #picture: TracePicture;
  readonly #revision: number;
  readonly #openEndMs: number | undefined;
  #density: Density | undefined;
  #bursts: Bursts | undefined;
  #path: CriticalPath | undefined;
  readonly #lanes = new Map<LaneMode, LaneLayout>();

  constructor(picture: TracePicture, openEndMs: number | undefined) {
    this.#picture = picture;
    this.#revision = picture.revision;
    this.#openEndMs = openEndMs;
    this.work = workRows(picture.columns, picture.tree, openEndMs);
  }

  /** Whether it is of the picture as it is, and open rows end where the panel draws their ends. */
  isFor(openEndMs: number | undefined): boolean {
    if (this.#picture.revision !== this.#revision) return false;
    if (openEndMs === undefined || this.#picture.state.endMs !== undefined) return true;
    return Math.abs(openEndMs - (this.#openEndMs ?? openEndMs)) < openEndSlackMs;
  }

  get density(): Density {
    this.#density ??= buildDensity(this.work);
    return this.#density;
  }

  get bursts(): Bursts {
    this.#bursts ??= findBursts(this.#picture.columns, this.work);
    return this.#bursts;
  }

  get path(): CriticalPath {
    this.#path ??= criticalPath(this.#picture.columns, this.#picture.tree, this.work);
    return this.#path;
  }

  lanes(mode: LaneMode): LaneLayout {
    let layout = this.#lanes.get(mode);
    if (layout === undefined) {
      const { columns, tree } = this.#picture;
      layout = mode === "agent" ? agentLanes(columns, tree, this.work) : concurrencyLanes(columns, this.work);
      this.#lanes.set(mode, layout);
    }
    return layout;
  }
}

/** As long as the picture is. */
const analyses = new WeakMap<TracePicture, TimelineAnalysis>();

export function analysisOf(picture: TracePicture, openEndMs?: number): TimelineAnalysis {
  const known = analyses.get(picture);
  if (known?.isFor(openEndMs) === true) return known;
  const made = new TimelineAnalysis(picture, openEndMs);
  analyses.set(picture, made);
  return made;
}
