// Tells a double click on a row from two clicks: a tree view runs a row's command at each click and says no more.

/** As long as desktops commonly allow between the two. */
const doubleClickMs = 500;

export class DoubleClick {
  #key = "";
  #atMs = Number.NEGATIVE_INFINITY;

  /** Whether this click on `key` is the second of two; a third begins anew. */
  isSecond(key: string, nowMs: number): boolean {
    const isSecond = key === this.#key && nowMs - this.#atMs <= doubleClickMs;
    this.#key = key;
    this.#atMs = isSecond ? Number.NEGATIVE_INFINITY : nowMs;
    return isSecond;
  }
}
