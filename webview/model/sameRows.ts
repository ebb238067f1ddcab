// Which rows of one picture are which of another one of the same trace, whose rows may have other numbers. The panel has
// no ids of spans: a step is the same where it has the same start and name, and no other label as far as that is known.

import { knownLabel, type PanelColumns, stringAt } from "./traceModel";

/** Whether every row of `then` is still at its place in `now`. */
export function keepsNumbers(then: PanelColumns, now: PanelColumns): boolean {
  if (now.count < then.count) return false;
  /** By number of a name in `then` that in `now`. */
  const names: number[] = [];
  for (let row = 0; row < then.count; row++) {
    if (!Object.is(then.startMs[row], now.startMs[row])) return false;
    const [name, other] = [then.name[row] ?? 0, now.name[row] ?? 0];
    if (names[name] === other) continue;
    if (stringAt(then, "name", row) !== stringAt(now, "name", row)) return false;
    names[name] = other;
  }
  return true;
}

/** Where the rows of `then` are in `now`, the nearest in number where there are several; those that are gone are left out. */
export function newNumbers(then: PanelColumns, rows: readonly number[], now: PanelColumns): Map<number, number> {
  const byStart = new Map<number, number[]>();
  for (const row of rows) {
    const start = then.startMs[row] ?? Number.NaN;
    const known = byStart.get(start);
    if (known === undefined) byStart.set(start, [row]);
    else known.push(row);
  }
  const found = new Map<number, number>();
  for (let candidate = 0; candidate < now.count && byStart.size > 0; candidate++) {
    for (const row of byStart.get(now.startMs[candidate] ?? Number.NaN) ?? []) {
      if (stringAt(then, "name", row) !== stringAt(now, "name", candidate)) continue;
      const [label, other] = [knownLabel(then, row), knownLabel(now, candidate)];
      if (label !== undefined && other !== undefined && label !== other) continue;
      const best = found.get(row);
      if (best === undefined || Math.abs(candidate - row) < Math.abs(best - row)) found.set(row, candidate);
    }
  }
  return found;
}
