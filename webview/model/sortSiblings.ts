// Sorts a linked list by merging the runs that are in order already. What a recorder writes is nearly so, which makes it
// nearly linear; it allocates nothing for a row, and it can pause.

/** Rows moved between two pauses. */
const stepRows = 8_192;

/**
 * @param first of the list; `next` leads on, -1 at the end. Rewritten in order.
 * @param isBefore a strict order in which no two rows are equal.
 * @returns the first of the sorted list
 */
export function* sortSiblings(
  first: number,
  next: Int32Array,
  isBefore: (left: number, right: number) => boolean,
): Generator<void, number> {
  let head = first;
  let moved = 0;
  for (;;) {
    let merges = 0;
    let rest = head;
    let tail = -1;
    head = -1;
    while (rest >= 0) {
      merges++;
      let left = rest;
      let right = cutRun(left, next, isBefore);
      rest = right < 0 ? -1 : cutRun(right, next, isBefore);
      while (left >= 0 || right >= 0) {
        if (++moved % stepRows === 0) yield;
        const isLeft = right < 0 || (left >= 0 && isBefore(left, right));
        const row = isLeft ? left : right;
        const following = next[row] ?? -1;
        if (isLeft) left = following;
        else right = following;
        if (tail < 0) head = row;
        else next[tail] = row;
        tail = row;
      }
    }
    if (tail >= 0) next[tail] = -1;
    if (merges <= 1) return head;
  }
}

/** Ends the run of ascending rows that begins here; gives the row after it. */
function cutRun(first: number, next: Int32Array, isBefore: (left: number, right: number) => boolean): number {
  let row = first;
  for (;;) {
    const following = next[row] ?? -1;
    if (following < 0 || !isBefore(row, following)) {
      next[row] = -1;
      return following;
    }
    row = following;
  }
}
