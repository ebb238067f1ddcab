// What a child reports, a line of JSON each, and what it comes to when the child is dead: how far each of its runs is
// known to have come at least and at most.

import type { Phase } from "./killPlan";

export type Report =
  | { readonly type: "phase"; readonly phase: Phase }
  /** The run will have made so many calls when the next report comes. */
  | { readonly type: "attempt"; readonly run: number; readonly count: number }
  | { readonly type: "acknowledged" | "flushed"; readonly run: number; readonly count: number }
  /** A session could not be resumed, or its end was not recorded. */
  | { readonly type: "refused"; readonly run: number }
  /** What the recorder itself could not do. */
  | { readonly type: "problem"; readonly run: number; readonly what: string }
  | { readonly type: "done" };

export interface Progress {
  attempted: number;
  acknowledged: number;
  /** Calls that `S.json` alone must hold. */
  flushed: number;
  isRefused: boolean;
  readonly problems: string[];
}

export function noProgress(): Progress {
  return { attempted: 0, acknowledged: 0, flushed: 0, isRefused: false, problems: [] };
}

export function encodeReport(report: Report): string {
  return `${JSON.stringify(report)}\n`;
}

/** Takes the bytes of the pipe in whatever pieces they come. */
export class Reports {
  readonly runs = new Map<number, Progress>();
  /** What the child did last; undefined before its first phase and when it was done. */
  phase: Phase | undefined;
  count = 0;
  readonly #onReport: (report: Report) => void;
  #rest = "";

  constructor(onReport: (report: Report) => void = () => {}) {
    this.#onReport = onReport;
  }

  add(text: string): void {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(JSON.parse(line) as Report);
  }

  #take(report: Report): void {
    this.count++;
    switch (report.type) {
      case "phase":
        this.phase = report.phase;
        break;
      case "attempt":
        this.#progressOf(report.run).attempted = report.count;
        break;
      case "acknowledged":
      case "flushed": {
        const progress = this.#progressOf(report.run);
        progress[report.type] = Math.max(progress[report.type], report.count);
        break;
      }
      case "refused":
        this.#progressOf(report.run).isRefused = true;
        break;
      case "problem":
        this.#progressOf(report.run).problems.push(report.what);
        break;
      case "done":
        this.phase = undefined;
    }
    this.#onReport(report);
  }

  #progressOf(run: number): Progress {
    const known = this.runs.get(run);
    if (known) return known;
    const progress = noProgress();
    this.runs.set(run, progress);
    return progress;
  }
}
