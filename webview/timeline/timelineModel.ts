// What the timeline knows beside the columns: the reader's lanes, bursts and critical path, asked for when it is open and
// again when the trace has changed, at the pace that the reader asks for. The last answer stays until the next is whole.

import {
  type LaneMode,
  type TimelineResult,
  timelinePartLength,
  timelinePathResultSchema,
  timelineResultSchema,
  timelineRowsResultSchema,
} from "../../src/protocol/timelineMessages";
import { StaleReplyError } from "../model/hostConnection";
import type { Panel } from "../model/panel";
import { LaneStore } from "./laneStore";
import { PathStore } from "./pathStore";

/** Put in at once: about a millisecond of work. */
const stepRows = 10_000;

export interface TimelineData {
  readonly epoch: number;
  readonly mode: LaneMode;
  readonly result: TimelineResult;
  readonly store: LaneStore;
  /** Undefined while nobody has asked for it. */
  readonly path: PathStore | undefined;
}

export class TimelineModel {
  readonly #panel: Panel;
  readonly #onChange: () => void;
  #data: TimelineData | undefined;
  #error: string | undefined;
  #isBusy = false;
  /** What was asked for last, or will be as soon as the reader may be asked. */
  #askedFor: { readonly columns: unknown; readonly mode: LaneMode; readonly wantsPath: boolean } | undefined;
  #restUntilMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange something that only the timeline shows has changed */
  constructor(panel: Panel, onChange: () => void) {
    this.#panel = panel;
    this.#onChange = onChange;
  }

  /** Undefined before the first answer. */
  get data(): TimelineData | undefined {
    return this.#data?.epoch === this.#panel.picture?.epoch ? this.#data : undefined;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Why there is no answer, in words. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Sees to it that what is here is about the trace as it is now. */
  refresh(mode: LaneMode, wantsPath: boolean): void {
    const { picture } = this.#panel;
    if (picture === undefined) return;
    const { columns } = picture.model;
    const asked = this.#askedFor;
    if (asked?.columns === columns && asked.mode === mode && (asked.wantsPath || !wantsPath)) return;
    if (this.#isBusy || this.#timer !== undefined) return;
    // A switch is answered at once; only what follows by itself has to wait.
    const restMs = asked?.mode === mode && asked.wantsPath === wantsPath ? this.#restUntilMs - performance.now() : 0;
    if (restMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.refresh(mode, wantsPath);
      }, restMs);
      return;
    }
    this.#askedFor = { columns, mode, wantsPath };
    this.#isBusy = true;
    this.#load(picture.epoch, mode, wantsPath, picture.times.lastMs)
      .then(() => {
        this.#error = undefined;
      })
      .catch((thrown: unknown) => {
        // The next picture is on its way and asks again.
        if (thrown instanceof StaleReplyError) this.#askedFor = undefined;
        else this.#error = thrown instanceof Error ? thrown.message : String(thrown);
      })
      .finally(() => {
        this.#isBusy = false;
        this.#onChange();
      });
  }

  tryAgain(): void {
    this.#askedFor = undefined;
    this.#error = undefined;
    this.#onChange();
  }

  async #load(epoch: number, mode: LaneMode, wantsPath: boolean, openEndMs: number): Promise<void> {
    const before = this.#data?.epoch === epoch && this.#data.mode === mode ? this.#data : undefined;
    const { connection } = this.#panel;
    const ask = {
      epoch,
      mode,
      wantsPath,
      layout: before?.result.layout ?? 0,
      ...(Number.isNaN(openEndMs) ? {} : { openEndMs }),
    };
    const result = await connection.request("timeline", ask, timelineResultSchema);
    this.#restUntilMs = performance.now() + result.restMs;
    const path = wantsPath ? await this.#loadPath(epoch, result) : before?.path;
    // What is shown goes on in its store where little is to be put in, else in another one, part by part: no half of a
    // layout is ever drawn, and no frame puts in all of it.
    const isShort = result.rowCount - result.keptCount <= timelinePartLength;
    const kept = before !== undefined && isShort ? before.store : undefined;
    const store = kept ?? new LaneStore();
    for (let from = kept === undefined ? 0 : result.keptCount; from < result.rowCount; ) {
      const params = { epoch, layout: result.layout, from };
      const part = await connection.request("timelineRows", params, timelineRowsResultSchema);
      if (part.gone || part.rows.length === 0) throw new StaleReplyError("The layout is no longer known");
      // Only now, because until the one part is here the lanes are drawn as they are.
      if (store === kept) store.cutTo(result.keptCount);
      for (let done = 0; done < part.rows.length; done += stepRows) {
        store.append(part.rows.subarray(done, done + stepRows), part.lanes.subarray(done, done + stepRows));
        if (store !== kept) await nextTask();
      }
      from += part.rows.length;
    }
    if (store === kept && result.rowCount === result.keptCount) store.cutTo(result.keptCount);
    if (this.#panel.picture?.epoch !== epoch) return;
    this.#data = { epoch, mode, result, store, path };
  }

  async #loadPath(epoch: number, { layout, pathCount }: TimelineResult): Promise<PathStore> {
    const path = new PathStore();
    while (path.count < pathCount) {
      const params = { epoch, layout, from: path.count };
      const part = await this.#panel.connection.request("timelinePath", params, timelinePathResultSchema);
      if (part.gone || part.row.length === 0) throw new StaleReplyError("The path is no longer known");
      path.append(part.row, part.fromMs, part.toMs);
    }
    return path;
  }
}

/** Lets the page draw and answer in between. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
