// Reads one span of a trace, token by token: what its columns need, and where its large fields stand. A span that is not
// plainly sound is read once more as a value and goes through `repairSpan`, so that odd spans show as they always did.

import { BYTE } from "./jsonTokens";
import { isPossibleTime } from "./possibleTime";
import type { ProblemList } from "./problemList";
import { cutOutputLength } from "./producerMarks";
import {
  ATTRIBUTES,
  COST,
  END,
  FINISH_REASON,
  fieldNames,
  INPUT,
  INTERRUPTED,
  KIND,
  kindNames,
  LINKS,
  MODEL,
  NAME,
  OUTPUT,
  PARENT_ID,
  rangeOf,
  required,
  SPAN_ID,
  START,
  STATUS,
  STATUS_MESSAGE,
  statusNames,
  TOKENS,
  TOOL,
  UNKNOWN,
  watchedAttributes,
  watchedModel,
  watchedTokens,
  watchedTool,
} from "./scanFields";
import { mostKeptBytes, type ScanKept } from "./scanKept";
import { readOddSpan, type SpanTexts } from "./scanOddSpan";
import {
  bytesOfToken,
  DONE,
  FAULT,
  MORE,
  ScanPayload,
  type ScanStop,
  textOfToken,
  type WatchedFields,
} from "./scanPayload";
import { otherField, type ScanRows, type SpanRow } from "./scanRows";
import { numberIn, type ScanWindow } from "./scanWindow";
import { FLAG, kindCodes } from "./spanColumns";
import { addReversed } from "./spanForest";

/** From this length on the range of a field is kept although nobody asks for the field by its name. */
const longBytes = 4096;

/** Offsets within a span are kept as 32 bits. */
const mostSpanBytes = 0xffffffff;

const KEY_OR_END = 0;
const KEY_NEXT = 1;
const COLON = 2;
const VALUE = 3;
const PAYLOAD = 4;
const COMMA_OR_END = 5;

/** Of no place in a window the complement. */
const notRead = -0x40000000;

const toolKind = kindCodes.indexOf("tool");
const elidedStart = "elided-";

const isSpace = new Uint8Array(256);
for (const byte of [BYTE.space, BYTE.tab, BYTE.lineFeed, BYTE.carriageReturn]) isSpace[byte] = 1;

export class ScanSpan {
  /** After `FAULT`: place in the window of the byte that is wrong. */
  faultAt = 0;
  readonly #rows: ScanRows;
  readonly #texts: SpanTexts;
  readonly #kept: ScanKept;
  /** Of spans that end before they start, as `buildColumns` says it. */
  readonly #timeProblems: ProblemList;
  readonly #payload = new ScanPayload();
  readonly #row: SpanRow = {
    startMs: 0,
    endMs: 0,
    id: -1,
    parentId: -1,
    name: 0,
    kind: 0,
    status: 0,
    flags: 0,
    isMended: false,
  };
  /** For each name that was met whether it may be that of elided spans: 0 unknown, 1 no, 2 yes. */
  #elidedNames = new Uint8Array(1024);
  #state = KEY_OR_END;
  #startBytes = 0;
  #field = UNKNOWN;
  #has = 0;
  #isOdd = false;
  #valueBytes = 0;
  #valueFirst = 0;
  /** Length of what was kept when the value began. */
  #keptBefore = 0;
  #isCondensed = false;
  #wasCondensed = 0;
  #outputIsCut = false;
  /** For each field the one that came after it the last time; for `UNKNOWN` the first one. */
  readonly #nextField = new Uint8Array(UNKNOWN + 1).fill(UNKNOWN);
  readonly #fieldStart = new Float64Array(UNKNOWN + 1);
  readonly #fieldEnd = new Float64Array(UNKNOWN + 1);

  constructor(rows: ScanRows, texts: SpanTexts, kept: ScanKept, timeProblems: ProblemList) {
    this.#rows = rows;
    this.#texts = texts;
    this.#kept = kept;
    this.#timeProblems = timeProblems;
  }

  /** The window stands at the opening brace. */
  begin(window: ScanWindow): void {
    this.#startBytes = window.baseBytes + window.at;
    this.#kept.begin(this.#startBytes);
    window.at++;
    this.#state = KEY_OR_END;
    this.#has = 0;
    this.#isOdd = false;
    this.#wasCondensed = 0;
    this.#outputIsCut = false;
    this.#row.flags = 0;
    this.#row.endMs = Number.NaN;
  }

  /** Before the window moves on: keeps what a second reading would need. */
  keep(window: ScanWindow): void {
    const atBytes = window.baseBytes + window.at;
    if (this.#state === PAYLOAD && atBytes > this.#valueBytes) {
      if (this.#isCondensed) return;
      this.#kept.keepUpTo(window, this.#valueBytes);
      if (this.#keptBefore < 0) this.#keptBefore = this.#kept.length;
      const isPayload = this.#field === INPUT || this.#field === OUTPUT || this.#field === UNKNOWN;
      if (isPayload || atBytes - this.#valueBytes > mostKeptBytes) {
        this.#kept.cutBack(this.#keptBefore);
        this.#isCondensed = true;
        return;
      }
    }
    this.#kept.keepUpTo(window, atBytes);
  }

  run(window: ScanWindow): ScanStop {
    const { bytes, end } = window;
    let state = this.#state;
    let at = window.at;
    for (;;) {
      if (state !== PAYLOAD) {
        while (isSpace[bytes[at] ?? 0] === 1) at++;
        if (at >= end) return this.#more(window, state, at);
      }
      switch (state) {
        case KEY_OR_END:
        case KEY_NEXT: {
          // Spans of one file have their fields in the same order, mostly.
          const last = state === KEY_OR_END ? UNKNOWN : this.#field;
          const guess = this.#nextField[last] ?? UNKNOWN;
          const behind = fieldNames.skipKey(guess, window, at);
          if (behind >= 0) {
            this.#field = guess;
            at = behind;
            state = VALUE;
            continue;
          }
          if (bytes[at] !== BYTE.quote) {
            if (bytes[at] !== BYTE.closeBrace || state === KEY_NEXT) return this.#fault(at);
            window.at = at + 1;
            return this.#finish(window);
          }
          const escapes = window.escapes;
          const close = window.skipString(at + 1);
          if (close < 0) return this.#stop(window, state, at, window.faultIn(~close));
          let field = fieldNames.find(bytes, at + 1, close);
          if (window.escapes > escapes) field = fieldNames.findText(textOfToken(bytes.subarray(at, close + 1)));
          if (field < 0) field = UNKNOWN;
          this.#nextField[last] = field;
          this.#field = field;
          at = close + 1;
          state = COLON;
          continue;
        }
        case COLON:
          if (bytes[at] !== BYTE.colon) return this.#fault(at);
          at++;
          state = VALUE;
          continue;
        case VALUE: {
          const past = this.#readValue(window, at, bytes[at] ?? 0);
          if (past >= 0) {
            // Without white space the comma follows at once.
            const hasComma = bytes[past] === BYTE.comma;
            at = hasComma ? past + 1 : past;
            state = hasComma ? KEY_NEXT : COMMA_OR_END;
            continue;
          }
          if (past !== notRead) return this.#stop(window, state, at, ~past >= end ? -1 : ~past);
          this.#beginPayload(window, at, bytes[at] ?? 0);
          state = PAYLOAD;
          continue;
        }
        case PAYLOAD: {
          window.at = at;
          const stop = this.#payload.run(window);
          if (stop === FAULT) return this.#fault(this.#payload.faultAt);
          at = window.at;
          if (stop === MORE) return this.#more(window, state, at);
          this.#endPayload(window);
          state = COMMA_OR_END;
          continue;
        }
        default:
          if (bytes[at] === BYTE.comma) {
            at++;
            state = KEY_NEXT;
            continue;
          }
          if (bytes[at] !== BYTE.closeBrace) return this.#fault(at);
          window.at = at + 1;
          return this.#finish(window);
      }
    }
  }

  /**
   * Reads a value that is small and of the type that it must have, and returns the place behind it. Where it is unsound
   * the complement of that place, where the window cuts it the complement of the window's end; else `notRead`.
   */
  #readValue(window: ScanWindow, at: number, first: number): number {
    const field = this.#field;
    const row = this.#row;
    if (first === BYTE.quote) {
      if (field > STATUS || field === START || field === END) return notRead;
      const escapes = window.escapes;
      const close = window.skipString(at + 1);
      if (close < 0) {
        const fault = window.faultIn(~close);
        return fault < 0 ? ~window.end : ~fault;
      }
      if (window.escapes === escapes) this.#readText(field, window.bytes, at + 1, close);
      else {
        const bytes = bytesOfToken(window.bytes.subarray(at, close + 1));
        this.#readText(field, bytes, 0, bytes.length);
      }
      this.#has |= 1 << field;
      return close + 1;
    }
    if (first === BYTE.minus || isDigit(first)) {
      if (field !== START && field !== END && field !== COST) return notRead;
      const past = window.skipNumber(at);
      if (past < 0) return past;
      const value = numberIn(window.bytes, at, past);
      if (field === COST) {
        if (!Number.isFinite(value)) this.#isOdd = true;
      } else if (!isPossibleTime(value)) this.#isOdd = true;
      else if (field === START) row.startMs = value;
      else row.endMs = value;
      this.#has |= 1 << field;
      return past;
    }
    if (first !== 0x6e && first !== 0x74 && first !== 0x66) return notRead;
    const past = window.skipLiteral(at);
    if (past < 0) return past;
    const isNull = first === 0x6e;
    if (field === PARENT_ID && isNull) row.parentId = -1;
    else if (field === INTERRUPTED && !isNull) {
      row.flags = first === 0x74 ? row.flags | FLAG.interrupted : row.flags & ~FLAG.interrupted;
    } else if (isNull && field >= END && field <= LINKS && field !== STATUS) {
      this.#forget(field);
      return past;
    } else return notRead;
    this.#has |= 1 << field;
    return past;
  }

  #beginPayload(window: ScanWindow, at: number, first: number): void {
    this.#valueBytes = window.baseBytes + at;
    this.#valueFirst = first;
    this.#keptBefore = -1;
    this.#isCondensed = false;
    this.#payload.begin(this.#watchedFields(this.#field, first));
    window.surplus = 0;
  }

  /** What has to be looked at within the value; says that the span is odd where it is not of the field's type. */
  #watchedFields(field: number, first: number): WatchedFields | undefined {
    switch (field) {
      case INPUT:
      case OUTPUT:
      case UNKNOWN:
        return undefined;
      case STATUS_MESSAGE:
      case FINISH_REASON:
        this.#isOdd ||= first !== BYTE.quote;
        return undefined;
      case MODEL:
      case TOKENS:
      case TOOL:
      case ATTRIBUTES:
        if (first !== BYTE.openBrace) break;
        if (field === MODEL) return watchedModel;
        return field === TOKENS ? watchedTokens : field === TOOL ? watchedTool : watchedAttributes;
      default:
    }
    this.#isOdd = true;
    return undefined;
  }

  #readText(field: number, bytes: Uint8Array, from: number, to: number): void {
    const row = this.#row;
    switch (field) {
      case SPAN_ID:
        if (from === to) this.#isOdd = true;
        row.id = this.#texts.ids.add(bytes, from, to);
        return;
      case PARENT_ID:
        if (from === to) this.#isOdd = true;
        // Children of one parent often stand together.
        row.parentId = this.#texts.ids.isText(row.parentId, bytes, from, to)
          ? row.parentId
          : this.#texts.ids.add(bytes, from, to);
        return;
      case NAME:
        row.name = this.#texts.names.add(bytes, from, to);
        return;
      case KIND: {
        const kind = kindNames.find(bytes, from, to);
        if (kind < 0) this.#isOdd = true;
        row.kind = kind;
        return;
      }
      default: {
        const status = statusNames.find(bytes, from, to);
        if (status < 0) this.#isOdd = true;
        row.status = status;
      }
    }
  }

  /** A field that is null is as good as missing, also where it was there before. */
  #forget(field: number): void {
    this.#addOverwritten(field);
    this.#has &= ~(1 << field);
    if (field === END) this.#row.endMs = Number.NaN;
    else if (field === INTERRUPTED) this.#row.flags &= ~FLAG.interrupted;
    else if (field === ATTRIBUTES) this.#row.flags &= ~FLAG.output;
  }

  #endPayload(window: ScanWindow): void {
    const field = this.#field;
    const endBytes = window.baseBytes + window.at;
    if (this.#isCondensed) {
      this.#kept.replace(this.#valueFirst, endBytes);
      this.#isCondensed = false;
      this.#wasCondensed |= 1 << field;
    }
    this.#isOdd ||= this.#payload.isOdd;
    this.#addOverwritten(field);
    if (field === OUTPUT) {
      const units = endBytes - this.#valueBytes - 2 - window.surplus;
      this.#outputIsCut = this.#valueFirst === BYTE.quote && units === cutOutputLength;
    } else if (field === ATTRIBUTES) {
      this.#row.flags = this.#payload.isMarked ? this.#row.flags | FLAG.output : this.#row.flags & ~FLAG.output;
    }
    if (field === UNKNOWN) {
      if (endBytes - this.#valueBytes >= longBytes) {
        this.#rows.addField(otherField, this.#valueBytes - this.#startBytes, endBytes - this.#valueBytes);
      }
    } else {
      this.#has |= 1 << field;
      this.#fieldStart[field] = this.#valueBytes;
      this.#fieldEnd[field] = endBytes;
    }
  }

  #addOverwritten(field: number): void {
    if (field === UNKNOWN || (this.#has & (1 << field)) === 0 || (rangeOf[field] ?? -1) < 0) return;
    const start = this.#fieldStart[field] ?? 0;
    const length = (this.#fieldEnd[field] ?? 0) - start;
    if (length >= longBytes) this.#rows.addField(otherField, start - this.#startBytes, length);
  }

  /** The closing brace is read. */
  #finish(window: ScanWindow): ScanStop {
    const row = this.#row;
    const endBytes = window.baseBytes + window.at;
    if (endBytes - this.#startBytes > mostSpanBytes) return this.#fault(window.at - 1);
    const isPlain = !this.#isOdd && (this.#has & required) === required && !this.#mayBeElided(row.name);
    row.isMended = !isPlain;
    if (isPlain) {
      if ((this.#has & (1 << END)) === 0) row.flags |= FLAG.open;
      if (this.#outputIsCut && row.kind === toolKind) row.flags |= FLAG.cutOutput;
    } else {
      // The attributes say what the flags are, and these were too long to be held.
      if ((this.#wasCondensed & (1 << ATTRIBUTES)) !== 0) return this.#fault(window.at - 1);
      const span = readOddSpan(this.#kept.text(window, endBytes), row, this.#rows.count, this.#texts);
      if (span === undefined) return DONE;
      if (this.#outputIsCut && span.kind === "tool") row.flags |= FLAG.cutOutput;
    }
    if (row.endMs < row.startMs) this.#turnRound();
    for (let field = ATTRIBUTES; field < UNKNOWN; field++) {
      if ((this.#has & (1 << field)) === 0) continue;
      const start = this.#fieldStart[field] ?? 0;
      this.#rows.addField(rangeOf[field] ?? otherField, start - this.#startBytes, (this.#fieldEnd[field] ?? 0) - start);
    }
    this.#rows.add(row, this.#startBytes, endBytes);
    return DONE;
  }

  #mayBeElided(name: number): boolean {
    while (name >= this.#elidedNames.length) {
      const grown = new Uint8Array(this.#elidedNames.length * 2);
      grown.set(this.#elidedNames);
      this.#elidedNames = grown;
    }
    if (this.#elidedNames[name] === 0) {
      this.#elidedNames[name] = this.#texts.names.text(name).startsWith(elidedStart) ? 2 : 1;
    }
    return this.#elidedNames[name] === 2;
  }

  #turnRound(): void {
    const row = this.#row;
    addReversed(this.#timeProblems, this.#texts.names.text(row.name), row.startMs - row.endMs, this.#rows.count);
    row.flags |= FLAG.negativeDuration;
    row.endMs = row.startMs;
  }

  #fault(at: number): ScanStop {
    this.faultAt = at;
    return FAULT;
  }

  #more(window: ScanWindow, state: number, at: number): ScanStop {
    this.#state = state;
    window.at = at;
    return MORE;
  }

  #stop(window: ScanWindow, state: number, at: number, fault: number): ScanStop {
    return fault < 0 ? this.#more(window, state, at) : this.#fault(fault);
  }
}

function isDigit(byte: number): boolean {
  return byte >= BYTE.zero && byte <= BYTE.nine;
}
