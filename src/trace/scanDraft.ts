// The span that is being scanned, until it has ended: then it becomes a row. One that is not plainly sound is read once
// more as a value and goes through `repairSpan`, so that odd spans show as they always did.

import { flagsOf } from "./buildColumns";
import { reportCutMarks, reportCutMessage, reportCutOutput, reportElided } from "./producerProblems";
import { isNothing, nullableFields, repairSpan } from "./repairSpan";
import { noAim, unknownAim } from "./scanAim";
import {
  ATTRIBUTES,
  COST,
  END,
  flaggedMarks,
  INPUT,
  INTERRUPTED,
  MODEL,
  rangeOf,
  required,
  TOKENS,
  UNKNOWN,
} from "./scanFields";
import type { ScanFindings } from "./scanFindings";
import { MARK, otherField, type SpanRow } from "./scanRows";
import { noModel, unreadModel } from "./scanUsage";
import type { TraceSpan } from "./schema";
import { isFields, isPlainlySound, tokenFields } from "./soundSpan";
import { FLAG, kindCodes } from "./spanColumns";
import { addReversed } from "./spanForest";

const toolKind = kindCodes.indexOf("tool");
const messageKind = kindCodes.indexOf("user-message");
const spanKind = kindCodes.indexOf("span");
const attributeFlags = flaggedMarks.reduce((bits, [, flag]) => bits | flag, 0);
const elidedStart = "elided-";
const noTokens = new Float64Array(tokenFields.length).fill(Number.NaN);

export class ScanDraft {
  readonly row: SpanRow = {
    startMs: 0,
    endMs: 0,
    id: -1,
    parentId: -1,
    name: 0,
    kind: 0,
    status: 0,
    flags: 0,
    marks: 0,
    aim: unknownAim,
  };
  startBytes = 0;
  /** Bits of the fields that are there. */
  has = 0;
  isOdd = false;
  /** Bits of the fields in whose place something small is kept. */
  wasCondensed = 0;
  outputIsCut = false;
  inputIsCut = false;
  cost = Number.NaN;
  model = noModel;
  readonly tokens = new Float64Array(tokenFields.length);
  readonly fieldStart = new Float64Array(UNKNOWN + 1);
  readonly fieldEnd = new Float64Array(UNKNOWN + 1);
  readonly #findings: ScanFindings;
  /** For each name that was met whether it may be that of elided spans: 0 unknown, 1 no, 2 yes. */
  #elidedNames = new Uint8Array(1024);

  constructor(findings: ScanFindings) {
    this.#findings = findings;
  }

  begin(startBytes: number): void {
    this.startBytes = startBytes;
    this.has = 0;
    this.isOdd = false;
    this.wasCondensed = 0;
    this.outputIsCut = false;
    this.inputIsCut = false;
    this.row.flags = 0;
    this.row.marks = 0;
    this.row.aim = unknownAim;
    this.row.endMs = Number.NaN;
  }

  /** A field that is null is as good as missing, also where it was there before. */
  forget(field: number): void {
    this.has &= ~(1 << field);
    if (field === END) this.row.endMs = Number.NaN;
    else if (field === INTERRUPTED) this.row.flags &= ~FLAG.interrupted;
    else if (field === ATTRIBUTES) {
      this.row.flags &= ~attributeFlags;
      this.row.marks &= ~MARK.namesTool;
    }
  }

  /** @param marks bits of `watchedAttributes` */
  setAttributeMarks(marks: number): void {
    const { row } = this;
    let others = marks;
    row.flags &= ~attributeFlags;
    for (const [mark, flag] of flaggedMarks) {
      if ((marks & mark) === 0) continue;
      row.flags |= flag;
      others &= ~mark;
    }
    row.marks = others === 0 ? row.marks & ~MARK.namesTool : row.marks | MARK.namesTool;
  }

  get isPlain(): boolean {
    return !this.isOdd && (this.has & required) === required && !this.#mayBeElided(this.row.name);
  }

  /** Makes a row of a span that is plainly sound. */
  finish(endBytes: number): void {
    const { row, has } = this;
    const { rows, usage, cutTexts } = this.#findings;
    if ((has & (1 << END)) === 0) row.flags |= FLAG.open;
    if (this.outputIsCut && row.kind === toolKind) {
      row.flags |= FLAG.cutOutput;
      reportCutOutput(rows.count, cutTexts);
    } else if (this.inputIsCut && row.kind === messageKind) reportCutMessage(rows.count, cutTexts);
    if ((has & ((1 << COST) | (1 << TOKENS) | (1 << MODEL))) !== 0) {
      const model = (has & (1 << MODEL)) === 0 ? noModel : this.model;
      const cost = (has & (1 << COST)) === 0 ? Number.NaN : this.cost;
      usage.add(rows.count, model, cost, (has & (1 << TOKENS)) === 0 ? noTokens : this.tokens);
    }
    this.#add(endBytes);
  }

  /** Makes a row of what stands where a span should be; where there is nothing in it, it is left out. */
  finishOdd(value: unknown, endBytes: number): void {
    const { problems } = this.#findings;
    if (isNothing(value)) {
      problems.add(
        { code: "invalid-span", severity: "warning", message: "An empty entry in the list of spans was left out" },
        "empty entry",
      );
      return;
    }
    dropNulls(value);
    if (isPlainlySound(value)) this.#finishMarked(value, endBytes);
    else this.#finishMended(value, endBytes);
  }

  /** Of a sound span, in which something had to be looked at. */
  #finishMarked(span: TraceSpan, endBytes: number): void {
    this.row.flags |= flagsOf(span) & (FLAG.cutOutput | FLAG.elided);
    this.#report(span);
    this.finish(endBytes);
  }

  #report(span: TraceSpan): void {
    const { rows, problems, cutMarks } = this.#findings;
    reportElided(span, rows.count, problems);
    reportCutMarks(span, rows.count, cutMarks);
    for (const { timeMs } of span.events ?? []) {
      if (timeMs > this.#findings.latestEventMs) this.#findings.latestEventMs = timeMs;
    }
  }

  #finishMended(value: unknown, endBytes: number): void {
    const { rows, ids, names, problems, cutTexts, usage } = this.#findings;
    // Which ids are free is not known yet.
    let hasId = true;
    const makeSpanId = () => {
      hasId = false;
      return "";
    };
    const index = rows.count;
    const span = repairSpan(value, index, { problems, makeSpanId });
    const { row } = this;
    row.marks = MARK.mended;
    row.id = hasId ? ids.addText(span.spanId) : -1;
    row.parentId = span.parentSpanId === null ? -1 : ids.addText(span.parentSpanId);
    row.name = names.addText(span.name);
    const kind = kindCodes.indexOf(span.kind);
    row.kind = kind < 0 ? spanKind : kind;
    row.status = span.status === "error" ? 1 : 0;
    row.startMs = span.startTime;
    row.endMs = span.endTime ?? Number.NaN;
    row.flags = flagsOf(span);
    if (Number.isNaN(span.startTime)) row.flags |= FLAG.noStart;
    if (this.outputIsCut && span.kind === "tool") {
      row.flags |= FLAG.cutOutput;
      reportCutOutput(index, cutTexts);
    } else if (this.inputIsCut && span.kind === "user-message") reportCutMessage(index, cutTexts);
    this.#report(span);
    if (span.cost !== undefined || span.tokens !== undefined || span.model !== undefined) {
      const tokens = Float64Array.from(tokenFields, (field) => span.tokens?.[field] ?? Number.NaN);
      usage.add(index, span.model === undefined ? noModel : unreadModel, span.cost ?? Number.NaN, tokens);
    }
    this.#add(endBytes);
  }

  #add(endBytes: number): void {
    const { row, has } = this;
    const { rows, names, timeProblems, reversedEnds } = this.#findings;
    // Attributes may hold the arguments.
    if ((has & ((1 << INPUT) | (1 << ATTRIBUTES))) === 0) row.aim = noAim;
    if (row.endMs < row.startMs) {
      addReversed(timeProblems, names.text(row.name), row.startMs - row.endMs, rows.count);
      reversedEnds.set(rows.count, row.endMs);
      row.flags |= FLAG.negativeDuration;
      row.endMs = row.startMs;
    }
    for (let field = ATTRIBUTES; field < UNKNOWN; field++) {
      if ((has & (1 << field)) === 0) continue;
      const start = this.fieldStart[field] ?? 0;
      rows.addField(rangeOf[field] ?? otherField, start - this.startBytes, (this.fieldEnd[field] ?? 0) - start);
    }
    rows.add(row, this.startBytes, endBytes);
  }

  #mayBeElided(name: number): boolean {
    while (name >= this.#elidedNames.length) {
      const grown = new Uint8Array(this.#elidedNames.length * 2);
      grown.set(this.#elidedNames);
      this.#elidedNames = grown;
    }
    if (this.#elidedNames[name] === 0) {
      this.#elidedNames[name] = this.#findings.names.text(name).startsWith(elidedStart) ? 2 : 1;
    }
    return this.#elidedNames[name] === 2;
  }
}

/** For an optional field null is the same as nothing. */
function dropNulls(value: unknown): void {
  if (!isFields(value)) return;
  const fields = value as Record<string, unknown>;
  for (const name of nullableFields) if (fields[name] === null) delete fields[name];
}
