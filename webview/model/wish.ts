// What the model wants of the page, where that is not a state but something to be done.

/** What the page is asked to do once; `serial` tells a new wish from one that was served. */
export interface Wish<T> {
  readonly serial: number;
  readonly what: T;
}
