// The range of time that the person has marked, and what the reader says of it. One question at a time while it is drawn.

import { type RangeTotalsResult, rangeTotalsResultSchema } from "../../src/protocol/timelineMessages";
import type { Panel } from "../model/panel";

export class RangeModel {
  readonly #panel: Panel;
  readonly #onChange: () => void;
  #totals: { readonly key: string; readonly result: RangeTotalsResult } | undefined;
  #askedKey = "";
  #isBusy = false;

  constructor(panel: Panel, onChange: () => void) {
    this.#panel = panel;
    this.#onChange = onChange;
  }

  /** The newest that is known, which may be of the range as it was a moment ago. */
  get totals(): RangeTotalsResult | undefined {
    return this.#totals?.result;
  }

  get isCurrent(): boolean {
    return this.#totals?.key === this.#askedKey && !this.#isBusy;
  }

  /** @param layout changes with what is in the range */
  refresh(range: readonly [number, number] | undefined, layout: number, openEndMs: number): void {
    const epoch = this.#panel.picture?.epoch;
    if (range === undefined || epoch === undefined) {
      this.#totals = undefined;
      this.#askedKey = "";
      return;
    }
    const [fromMs, toMs] = range;
    const key = `${epoch} ${layout} ${fromMs} ${toMs}`;
    if (key === this.#askedKey || this.#isBusy) return;
    this.#askedKey = key;
    this.#isBusy = true;
    const params = { epoch, fromMs, toMs, ...(Number.isNaN(openEndMs) ? {} : { openEndMs }) };
    this.#panel.connection
      .request("rangeTotals", params, rangeTotalsResultSchema)
      .then((result) => {
        this.#totals = { key, result };
      })
      .catch(() => {
        this.#totals = undefined;
      })
      .finally(() => {
        this.#isBusy = false;
        this.#onChange();
      });
  }
}
