// The actions of an opened trace: what the columns tell of a row, and its input and result, which are read where needed.

import { aimOfKey, unknownAim } from "../scanAim";
import { FLAG, kindCodes, type SpanColumns, statusCodes } from "../spanColumns";
import { type SpanSource, TraceReplacedError } from "../spanSource";
import { argumentsIn, asFields } from "../toolCall";
import { type ComparedAction, compareAction, compareValue, outcomeOf, outcomeOfValue } from "./comparedAction";
import type { ActionReader } from "./laneWatch";

const tool = kindCodes.indexOf("tool");
const failed = statusCodes.indexOf("error");
const decoder = new TextDecoder();
/** Of a longer field only its length, beginning and end are looked at. */
const longestRead = 1_000_000;
const endLength = 50_000;
/** The scan knows what a call is about from this number on; below it tells that nothing is known. */
const leastAim = 4;
const noAction = FLAG.open | FLAG.interrupted | FLAG.synthetic | FLAG.output | FLAG.elided;
const waiting = /sleep|wait|delay|pause|timeout/i;

export class ReadActions implements ActionReader {
  spans: SpanSource;
  columns: SpanColumns;
  readonly #mayWait: boolean[] = [];

  constructor(spans: SpanSource, columns: SpanColumns) {
    this.spans = spans;
    this.columns = columns;
  }

  /** A tool was called, and has ended. */
  isAction(row: number): boolean {
    if (this.columns.kind[row] !== tool) return false;
    return ((this.columns.flags[row] ?? 0) & noAction) === 0;
  }

  isFailed(row: number): boolean {
    return this.columns.status[row] === failed;
  }

  hintOf(row: number): string | undefined {
    const aim = this.spans.aimAt?.(row) ?? unknownAim;
    if (aim < 0 || aim >= leastAim) return `aim ${aim}`;
    const label = this.columns.label[row] ?? 0;
    // Fields in another order make another label.
    const isOfFields = /^[[{]/.test(this.columns.strings[label] ?? "");
    return label === 0 || isOfFields ? undefined : `label ${label}`;
  }

  mayWait(row: number): boolean {
    const { name, label } = this.columns;
    if (this.#isWaiting(name[row] ?? 0) || this.#isWaiting(label[row] ?? 0)) return true;
    // Of a long trace no row has a label.
    return label[row] === 0 && isWaitingAim(this.spans.aimAt?.(row) ?? unknownAim);
  }

  read(row: number): ComparedAction | undefined {
    const name = this.spans.toolNameAt(row);
    const written = this.#written(row, "input");
    if (written !== undefined && !tellsNothing(written.text)) {
      return written.isWhole ? compareAction(name, written.text) : compareValue(name, written.text);
    }
    const input = this.spans.fieldAt(row, "input") ?? argumentsIn(asFields(this.spans.fieldAt(row, "attributes")));
    const isTold = input !== undefined && input !== null && input !== "";
    const action = compareValue(name, isTold ? input : null);
    return isTold || action.isWait ? action : undefined;
  }

  outcomeOf(row: number): string {
    if (this.isFailed(row)) return outcomeOf(true, undefined);
    const written = this.#written(row, "output");
    if (written === undefined) return outcomeOfValue(false, this.spans.fieldAt(row, "output"));
    return outcomeOfValue(false, written.isWhole ? parsed(written.text) : written.text);
  }

  #isWaiting(text: number): boolean {
    this.#mayWait[text] ??= text !== 0 && waiting.test(this.columns.strings[text] ?? "");
    return this.#mayWait[text] ?? false;
  }

  /** JSON as it stands in the file, or what tells a long one from others; undefined where it is in no file, or missing. */
  #written(row: number, field: "input" | "output"): { readonly text: string; readonly isWhole: boolean } | undefined {
    const { file } = this.spans;
    if (file === undefined || file.isMended(row)) return undefined;
    const range = file.fieldRanges(row).findLast((ranged) => ranged.field === field);
    if (range === undefined) return undefined;
    const { startBytes, endBytes } = range;
    const textOf = (from: number, to: number) => decoder.decode(file.read({ startBytes: from, endBytes: to }));
    if (endBytes - startBytes <= longestRead) return { text: textOf(startBytes, endBytes), isWhole: true };
    const ends = [textOf(startBytes, startBytes + endLength), textOf(endBytes - endLength, endBytes)];
    return { text: `${endBytes - startBytes} ${ends.join(" ")}`, isWhole: false };
  }
}

let waitingAims: ReadonlySet<number> | undefined;

/** The aim of a command that waits, for as long as such commands usually do. */
function isWaitingAim(aim: number): boolean {
  waitingAims ??= new Set(usualWaits().map((command) => aimOfKey(`command:${command}`) ?? unknownAim));
  return aim !== unknownAim && waitingAims.has(aim);
}

function usualWaits(): string[] {
  const seconds = Array.from({ length: 3_601 }, (_, count) => `sleep ${count}`);
  const parts = Array.from({ length: 100 }, (_, tenths) => `sleep ${tenths / 10}`);
  const units = ["s", "m"].flatMap((unit) => Array.from({ length: 121 }, (_, count) => `sleep ${count}${unit}`));
  return [...seconds, ...parts, ...units];
}

/** JSON of no arguments. */
function tellsNothing(json: string): boolean {
  return json === "null" || json === '""';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new TraceReplacedError("The file is not the one that was opened");
    throw error;
  }
}
