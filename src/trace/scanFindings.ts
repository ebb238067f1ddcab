// All that a scan finds in one list of spans.

import { ProblemList } from "./problemList";
import { ScanRows } from "./scanRows";
import { ScanTexts } from "./scanTexts";
import { ScanUsage } from "./scanUsage";

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
}
