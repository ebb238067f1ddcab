// What the model wants of the page, where that is not a state but something to be done.

import type { FocusTarget } from "./navigation";

/** What the page is asked to do once; `serial` tells a new wish from one that was served. */
export interface Wish<T> {
  readonly serial: number;
  readonly what: T;
}

export interface FocusWish extends Wish<FocusTarget> {
  /** Only where the page has the focus already: it is not taken from another part of the workbench. */
  readonly isWithin: boolean;
}
