// How much was at work in what is shown: asked of the reader for the columns of the picture, one question at a time. Until
// the answer to the newest one is here the last is drawn where its times are now.

import { timelineProfileResultSchema } from "../../src/protocol/timelineMessages";
import type { Panel } from "../model/panel";

export interface DensityProfile {
  readonly edgesMs: readonly number[];
  readonly atWork: Float32Array;
  readonly begun: Uint32Array;
  /** The most that was not on the disk in each column; undefined where nobody asked. */
  readonly unsynced: Uint32Array | undefined;
}

export class DensityModel {
  readonly #panel: Panel;
  readonly #onChange: () => void;
  #profile: DensityProfile | undefined;
  #epoch = -1;
  #askedKey = "";
  #isBusy = false;

  constructor(panel: Panel, onChange: () => void) {
    this.#panel = panel;
    this.#onChange = onChange;
  }

  get profile(): DensityProfile | undefined {
    return this.#epoch === this.#panel.picture?.epoch ? this.#profile : undefined;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** @param layout changes with what is at work */
  refresh(edgesMs: readonly number[], layout: number, openEndMs: number, wantsLoss: boolean): void {
    const epoch = this.#panel.picture?.epoch;
    if (epoch === undefined || edgesMs.length < 2) return;
    const key = `${epoch} ${layout} ${wantsLoss} ${edgesMs.length} ${edgesMs[0]} ${edgesMs.at(-1)} ${edgesMs[edgesMs.length >> 1]}`;
    if (key === this.#askedKey || this.#isBusy) return;
    this.#askedKey = key;
    this.#isBusy = true;
    const params = { epoch, wantsLoss, edgesMs: [...edgesMs], ...(Number.isNaN(openEndMs) ? {} : { openEndMs }) };
    this.#panel.connection
      .request("timelineProfile", params, timelineProfileResultSchema)
      .then(({ atWork, begun, unsynced }) => {
        this.#epoch = epoch;
        this.#profile = { edgesMs, atWork, begun, unsynced };
      })
      // Without a profile the lanes are there all the same; the next change asks again.
      .catch(() => undefined)
      .finally(() => {
        this.#isBusy = false;
        this.#onChange();
      });
  }
}
