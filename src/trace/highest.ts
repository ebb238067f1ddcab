// The highest of the values that rows have, kept while they change. A value that comes down makes it unknown until somebody
// goes through all rows; one that goes up costs nothing.

export class Highest {
  value = Number.NEGATIVE_INFINITY;
  /** The last row that has it; -1 where no row has a value. */
  row = -1;
  #isUnknown = false;

  /** @param value -Infinity for a row that has none any more */
  update(row: number, value: number): void {
    if (value > this.value || (value === this.value && row >= this.row)) {
      this.value = value;
      this.row = value === Number.NEGATIVE_INFINITY ? -1 : row;
      this.#isUnknown = false;
    } else if (row === this.row) this.#isUnknown = true;
  }

  get isUnknown(): boolean {
    return this.#isUnknown;
  }

  /** Finds it again. @param ofRow the value of each, -Infinity for one without a value */
  findAgain(rows: number, ofRow: (row: number) => number): void {
    this.value = Number.NEGATIVE_INFINITY;
    this.row = -1;
    this.#isUnknown = false;
    for (let row = 0; row < rows; row++) this.update(row, ofRow(row));
  }
}

/** The value, or -Infinity where it is no number. */
export function orLowest(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
}
