// Counts kills by the phase in which they landed, and what was found wrong after them.

import type { Fault } from "./killLedger";
import { type Phase, phases } from "./killPlan";

export interface PhaseCounts {
  kills: number;
  sessions: number;
  acknowledged: number;
  torn: number;
  blank: number;
  lost: number;
  invented: number;
  unopenable: number;
  falseCrashes: number;
  otherFaults: number;
}

const mostDescribed = 40;

export class KillTally {
  readonly byPhase: Readonly<Record<Phase, PhaseCounts>> = Object.fromEntries(
    phases.map((phase) => [phase, noCounts()]),
  ) as Record<Phase, PhaseCounts>;
  /** Children that were killed before they began or when they were done: they count in no phase. */
  missed = 0;
  /** What was found wrong, in words. */
  readonly faults: string[] = [];

  /** @param phase undefined where the child had not begun or was done already */
  killed(phase: Phase | undefined): void {
    if (phase === undefined) this.missed++;
    else this.byPhase[phase].kills++;
  }

  recorded(phase: Phase, sessions: number, acknowledged: number): void {
    this.byPhase[phase].sessions += sessions;
    this.byPhase[phase].acknowledged += acknowledged;
  }

  /** Sessions with a journal that was created and not written to, and with one that ends within a record. */
  left(phase: Phase, blank: number, torn: number): void {
    this.byPhase[phase].blank += blank;
    this.byPhase[phase].torn += torn;
  }

  fault(phase: Phase, where: string, { type, what }: Fault): void {
    const counts = this.byPhase[phase];
    if (type === "lost") counts.lost++;
    else if (type === "invented") counts.invented++;
    else if (type === "unopenable") counts.unopenable++;
    else if (type === "falseCrash") counts.falseCrashes++;
    else counts.otherFaults++;
    if (this.faults.length < mostDescribed) this.faults.push(`${phase}: ${where}: ${type}: ${what}`);
  }

  /** A table as text, a line for each phase. */
  toString(): string {
    const names = Object.keys(noCounts()) as (keyof PhaseCounts)[];
    const rows = Object.entries({ ...this.byPhase, total: this.total });
    const lines = rows.map(([phase, counts]) => [phase, ...names.map((name) => String(counts[name]))]);
    return [["", ...names], ...lines].map((cells) => cells.map((cell) => cell.padEnd(13)).join("")).join("\n");
  }

  get total(): PhaseCounts {
    const total = noCounts();
    for (const counts of Object.values(this.byPhase)) {
      for (const name of Object.keys(total) as (keyof PhaseCounts)[]) total[name] += counts[name];
    }
    return total;
  }
}

function noCounts(): PhaseCounts {
  return {
    kills: 0,
    sessions: 0,
    acknowledged: 0,
    torn: 0,
    blank: 0,
    lost: 0,
    invented: 0,
    unopenable: 0,
    falseCrashes: 0,
    otherFaults: 0,
  };
}
