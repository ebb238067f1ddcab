// All that a scan finds in one list of spans. What another thread found in later spans of the list can be added to it.

import { ProblemList, type ProblemPart } from "./problemList";
import { type RowsPart, ScanRows } from "./scanRows";
import { ScanTexts, type TextsPart } from "./scanTexts";
import { ScanUsage, type UsagePart } from "./scanUsage";

/** Findings of a part of the list, as another thread can be given them: rows count from its first span. */
export interface FindingsPart {
  readonly rows: RowsPart;
  readonly ids: TextsPart;
  readonly names: TextsPart;
  readonly models: TextsPart;
  readonly usage: UsagePart;
  readonly problems: ProblemPart;
  readonly timeProblems: ProblemPart;
  readonly cutMarks: ProblemPart;
  readonly cutTexts: ProblemPart;
  readonly reversedEnds: ReadonlyMap<number, number>;
  readonly latestEventMs: number;
}

export class ScanFindings {
  readonly rows = new ScanRows();
  readonly ids = new ScanTexts();
  readonly names = new ScanTexts();
  /** What spans say of their models, as it is written. */
  readonly models = new ScanTexts();
  readonly usage = new ScanUsage();
  /** Of spans that were mended. */
  readonly problems = new ProblemList();
  /** Of spans that end before they start, as `buildColumns` says it. */
  readonly timeProblems = new ProblemList();
  /** Texts that our own recorder has cut, and says so. */
  readonly cutMarks = new ProblemList();
  /** Texts that are as long as those which another recorder cuts. */
  readonly cutTexts = new ProblemList();
  /** By row, where a span ends before it starts: its end as it is written. */
  readonly reversedEnds = new Map<number, number>();
  /** The latest time of an event; -Infinity for none. */
  latestEventMs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.names.addText("");
  }

  /** Not a copy: nothing is to be added afterwards. Undefined where there are more problems than are listed. */
  toPart(): FindingsPart | undefined {
    const problems = this.problems.toPart();
    const timeProblems = this.timeProblems.toPart();
    const cutMarks = this.cutMarks.toPart();
    const cutTexts = this.cutTexts.toPart();
    if (!problems || !timeProblems || !cutMarks || !cutTexts) return undefined;
    return {
      rows: this.rows.toPart(),
      ids: this.ids.toPart(),
      names: this.names.toPart(),
      models: this.models.toPart(),
      usage: this.usage.toPart(),
      ...{ problems, timeProblems, cutMarks, cutTexts },
      reversedEnds: this.reversedEnds,
      latestEventMs: this.latestEventMs,
    };
  }

  /** Adds what was found in the spans that follow; the result is as if all had been scanned here. */
  append(part: FindingsPart): void {
    const firstRow = this.rows.count;
    this.rows.append(part.rows, this.ids.append(part.ids), this.names.append(part.names));
    this.usage.append(part.usage, firstRow, this.models.append(part.models));
    this.problems.append(part.problems, firstRow);
    this.timeProblems.append(part.timeProblems, firstRow);
    this.cutMarks.append(part.cutMarks, firstRow);
    this.cutTexts.append(part.cutTexts, firstRow);
    for (const [row, endMs] of part.reversedEnds) this.reversedEnds.set(row + firstRow, endMs);
    this.latestEventMs = Math.max(this.latestEventMs, part.latestEventMs);
  }
}
