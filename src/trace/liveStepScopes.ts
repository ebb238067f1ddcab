// What the steps of playbooks and their attempts make of the failures below them in a trace that grows; see `stepScopes`. A
// row costs a step for each of its ancestors. Where a step has failed although something below it was made good, or what was
// below one step is below another now, everything has to be found anew: both are seldom.

import type { LiveColumns } from "./liveColumns";
import type { LiveFailedRows } from "./liveFailedRows";
import { isStep, isStepOrAttempt, mostScopes } from "./stepScopes";

/** Of a step that failed: what came outside of it makes nothing good within it. */
const SCOPES = 1;
/** Of a step or an attempt that was made good: so is what failed below it. */
const COVERS = 2;

export class LiveStepScopes {
  readonly #columns: LiveColumns;
  readonly #failed: LiveFailedRows;
  /** Bits of steps and attempts, as when the rows were last settled. */
  readonly #bits = new Map<number, number>();
  /** Those of which they may be other now. */
  readonly #noted = new Set<number>();
  /** Rows that have got another parent since, with the one that they had. */
  readonly #movedFrom = new Map<number, number>();
  /** Rows below were told of: those that come have no other place than their first. */
  #known = 0;

  constructor(columns: LiveColumns, failed: LiveFailedRows) {
    this.#columns = columns;
    this.#failed = failed;
  }

  /** Of a row it is not known any more whether it failed and was made good. */
  note(row: number): void {
    if (isStepOrAttempt(this.#columns, row) || this.#bits.has(row)) this.#noted.add(row);
  }

  told(row: number): void {
    if (row >= this.#known) this.#known = row + 1;
  }

  moved(row: number, parentBefore: number): void {
    // Of the row of missing parents the number is another one's soon.
    const from = parentBefore < this.#columns.spans ? parentBefore : -1;
    if (row < this.#known && !this.#movedFrom.has(row)) this.#movedFrom.set(row, from);
  }

  /**
   * Takes the changes over.
   * @param hasRecoveredBelow whether something below a row failed and was made good
   * @returns the steps and attempts that were made good; undefined where all has to be found anew
   */
  settle(hasRecoveredBelow: (row: number) => boolean): ReadonlySet<number> | undefined {
    const covers = new Set<number>();
    let isSame = true;
    for (const row of this.#noted) {
      const before = this.#bits.get(row) ?? 0;
      const now = this.#bitsOf(row);
      if ((before & ~now) !== 0) isSame = false;
      if ((now & ~before & SCOPES) !== 0 && hasRecoveredBelow(row)) isSame = false;
      if ((now & ~before & COVERS) !== 0) covers.add(row);
      this.#keep(row, now);
    }
    if (this.#bits.size > 0) {
      for (const [row, from] of this.#movedFrom) {
        if (!this.#isSamePlace(from, this.#columns.parent[row] ?? -1)) isSame = false;
      }
    }
    this.#noted.clear();
    this.#movedFrom.clear();
    return isSame ? covers : undefined;
  }

  /** Everything was found anew. @param failedRows all of them */
  reset(failedRows: readonly number[]): void {
    this.#noted.clear();
    this.#movedFrom.clear();
    this.#bits.clear();
    for (const row of failedRows) this.#keep(row, this.#bitsOf(row));
    this.#known = Math.max(this.#known, this.#columns.spans);
  }

  /** A row below one that was made good was so with it. */
  keep(row: number): void {
    this.#keep(row, this.#bitsOf(row));
    this.#noted.delete(row);
  }

  /** It is below a step or an attempt that was made good. */
  isCovered(row: number): boolean {
    for (const above of this.#above(row)) if ((this.#bitsOf(above) & COVERS) !== 0) return true;
    return false;
  }

  isBelow(row: number, rows: ReadonlySet<number>): boolean {
    for (const above of this.#above(row)) if (rows.has(above)) return true;
    return false;
  }

  /** The success came within the innermost failed step around the failure, or there is none. */
  isInScopeOf(failure: number, success: number): boolean {
    const scope = this.#scopesAbove(failure).next().value;
    if (scope === undefined) return true;
    let depth = 0;
    for (const around of this.#scopesAbove(success)) {
      if (around === scope) return true;
      if (++depth === mostScopes) return false;
    }
    return false;
  }

  *#scopesAbove(row: number): Generator<number, undefined> {
    for (const above of this.#above(row)) if ((this.#bitsOf(above) & SCOPES) !== 0) yield above;
    return undefined;
  }

  *#above(row: number): Generator<number, void> {
    const { parent, spans } = this.#columns;
    for (let above = parent[row] ?? -1; above >= 0 && above < spans; above = parent[above] ?? -1) yield above;
  }

  #bitsOf(row: number): number {
    if (!isStepOrAttempt(this.#columns, row) || !this.#failed.has(row)) return 0;
    return (isStep(this.#columns, row) ? SCOPES : 0) | (this.#failed.isRecovered(row) ? COVERS : 0);
  }

  #keep(row: number, bits: number): void {
    if (bits === 0) this.#bits.delete(row);
    else this.#bits.set(row, bits);
  }

  /**
   * What is below one row is bounded by the same steps as what is below the other. Where that holds for the parents that
   * all moved rows had and have, as they stand now, it holds for all rows.
   */
  #isSamePlace(one: number, other: number): boolean {
    const { scope, isCovered } = this.#placeBelow(one);
    const place = this.#placeBelow(other);
    return place.scope === scope && place.isCovered === isCovered;
  }

  #placeBelow(row: number): { readonly scope: number; readonly isCovered: boolean } {
    const { parent, spans } = this.#columns;
    let scope = -1;
    let isCovered = false;
    for (let at = row; at >= 0 && at < spans; at = parent[at] ?? -1) {
      const bits = this.#bits.get(at) ?? 0;
      if (scope < 0 && (bits & SCOPES) !== 0) scope = at;
      if ((bits & COVERS) !== 0) isCovered = true;
    }
    return { scope, isCovered };
  }
}
