// What the reader knows of the trace's way to the disk, and what it says of the instant under the pointer; one question of
// each sort at a time.

import {
  type DurabilityAtResult,
  type DurabilityResult,
  durabilityAtResultSchema,
  durabilityResultSchema,
} from "../../src/protocol/durabilityMessages";
import type { Panel } from "../model/panel";

/** A trace that grows is asked about so often at most. */
const leastPauseMs = 1_000;

export class DurabilityModel {
  readonly #panel: Panel;
  readonly #onChange: () => void;
  #result: DurabilityResult | undefined;
  #epoch = -1;
  #askedFor: unknown;
  #isBusy = false;
  #notBeforeMs = 0;
  #at: { readonly atMs: number; readonly result: DurabilityAtResult } | undefined;
  #wishMs: number | undefined;
  #isAsking = false;

  constructor(panel: Panel, onChange: () => void) {
    this.#panel = panel;
    this.#onChange = onChange;
  }

  /** Undefined before the first answer. */
  get result(): DurabilityResult | undefined {
    return this.#epoch === this.#panel.picture?.epoch ? this.#result : undefined;
  }

  /** The instant that was asked for last, or shortly before, and what is known of it. */
  get at(): { readonly atMs: number; readonly result: DurabilityAtResult } | undefined {
    return this.#at;
  }

  refresh(): void {
    const { picture, header } = this.#panel;
    if (picture === undefined || this.#isBusy) return;
    const key = `${picture.epoch} ${picture.model.columns.count} ${header?.status} ${header?.savedMs}`;
    if (key === this.#askedFor || performance.now() < this.#notBeforeMs) return;
    this.#askedFor = key;
    this.#isBusy = true;
    const { epoch } = picture;
    this.#panel.connection
      .request("durability", { epoch }, durabilityResultSchema)
      .then((result) => {
        this.#result = result;
        this.#epoch = epoch;
      })
      // What is here stays; the next change asks again.
      .catch(() => undefined)
      .finally(() => {
        this.#isBusy = false;
        this.#notBeforeMs = performance.now() + leastPauseMs;
        this.#onChange();
      });
  }

  ask(atMs: number): void {
    this.#wishMs = atMs;
    const epoch = this.#panel.picture?.epoch;
    if (this.#isAsking || epoch === undefined || this.#at?.atMs === atMs) return;
    this.#isAsking = true;
    this.#panel.connection
      .request("durabilityAt", { epoch, atMs }, durabilityAtResultSchema)
      .then((result) => {
        this.#at = { atMs, result };
      })
      .catch(() => undefined)
      .finally(() => {
        this.#isAsking = false;
        this.#onChange();
        if (this.#wishMs !== undefined && this.#wishMs !== atMs) this.ask(this.#wishMs);
      });
  }
}
