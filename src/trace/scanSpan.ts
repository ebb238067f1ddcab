// Reads one span of a trace, token by token: what its columns need, and where its large fields stand.

import { BYTE } from "./jsonTokens";
import { isPossibleTime } from "./possibleTime";
import { cutMessageLength, cutOutputLength } from "./producerMarks";
import { aimOfFields, noAim, unknownAim } from "./scanAim";
import { ScanDraft } from "./scanDraft";
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
  SPAN_ID,
  START,
  STATUS,
  STATUS_MESSAGE,
  statusNames,
  TOKENS,
  TOOL,
  UNKNOWN,
  watchedAttributes,
  watchedInput,
  watchedModel,
  watchedTokens,
  watchedTool,
} from "./scanFields";
import type { ScanFindings } from "./scanFindings";
import { mostKeptBytes, type ScanKept } from "./scanKept";
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
import { otherField, type ReadBytes } from "./scanRows";
import { unreadModel } from "./scanUsage";
import { numberIn, type ScanWindow } from "./scanWindow";
import { FLAG } from "./spanColumns";

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

/** What a span says of its model is remembered as it is written, up to this length. */
const longestModelBytes = 512;

/** Fields that no column needs. */
const payloads = (1 << INPUT) | (1 << OUTPUT) | (1 << UNKNOWN);

/** Of no place in a window the complement. */
const notRead = -0x40000000;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const isSpace = new Uint8Array(256);
for (const byte of [BYTE.space, BYTE.tab, BYTE.lineFeed, BYTE.carriageReturn]) isSpace[byte] = 1;

export class ScanSpan {
  /** After `FAULT`: place in the window of the byte that is wrong. */
  faultAt = 0;
  readonly #findings: ScanFindings;
  readonly #draft: ScanDraft;
  readonly #kept: ScanKept;
  readonly #readBack: ReadBytes | undefined;
  readonly #payload = new ScanPayload();
  #state = KEY_OR_END;
  #field = UNKNOWN;
  #valueBytes = 0;
  #valueFirst = 0;
  /** Length of what was kept when the value began. */
  #keptBefore = 0;
  #isCondensed = false;
  /** For each field the one that came after it the last time; for `UNKNOWN` the first one. */
  readonly #nextField = new Uint8Array(UNKNOWN + 1).fill(UNKNOWN);

  /** @param readBack gives bytes that the window has passed, where somebody can */
  constructor(findings: ScanFindings, kept: ScanKept, readBack: ReadBytes | undefined) {
    this.#findings = findings;
    this.#draft = new ScanDraft(findings);
    this.#kept = kept;
    this.#readBack = readBack;
  }

  /** The window stands at the opening brace. */
  begin(window: ScanWindow): void {
    const startBytes = window.baseBytes + window.at;
    this.#draft.begin(startBytes);
    this.#kept.begin(startBytes);
    window.at++;
    this.#state = KEY_OR_END;
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
    const draft = this.#draft;
    const row = draft.row;
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
      draft.has |= 1 << field;
      return close + 1;
    }
    if (first === BYTE.minus || isDigit(first)) {
      if (field !== START && field !== END && field !== COST) return notRead;
      const past = window.skipNumber(at);
      if (past < 0) return past;
      const value = numberIn(window.bytes, at, past);
      if (field === COST) {
        draft.cost = value;
        if (!Number.isFinite(value)) draft.isOdd = true;
      } else if (!isPossibleTime(value)) draft.isOdd = true;
      else if (field === START) row.startMs = value;
      else row.endMs = value;
      draft.has |= 1 << field;
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
      this.#addOverwritten(field);
      draft.forget(field);
      return past;
    } else return notRead;
    draft.has |= 1 << field;
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
        return first === BYTE.openBrace ? watchedInput : undefined;
      case OUTPUT:
      case UNKNOWN:
        return undefined;
      case STATUS_MESSAGE:
      case FINISH_REASON:
        this.#draft.isOdd ||= first !== BYTE.quote;
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
    this.#draft.isOdd = true;
    return undefined;
  }

  #readText(field: number, bytes: Uint8Array, from: number, to: number): void {
    const { row } = this.#draft;
    const { ids, names } = this.#findings;
    switch (field) {
      case SPAN_ID:
        if (from === to) this.#draft.isOdd = true;
        row.id = ids.add(bytes, from, to);
        return;
      case PARENT_ID:
        if (from === to) this.#draft.isOdd = true;
        // Children of one parent often stand together.
        row.parentId = ids.isText(row.parentId, bytes, from, to) ? row.parentId : ids.add(bytes, from, to);
        return;
      case NAME:
        row.name = names.add(bytes, from, to);
        return;
      case KIND: {
        const kind = kindNames.find(bytes, from, to);
        if (kind < 0) this.#draft.isOdd = true;
        row.kind = kind;
        return;
      }
      default: {
        const status = statusNames.find(bytes, from, to);
        if (status < 0) this.#draft.isOdd = true;
        row.status = status;
      }
    }
  }

  #endPayload(window: ScanWindow): void {
    const field = this.#field;
    const draft = this.#draft;
    const startBytes = this.#valueBytes;
    const endBytes = window.baseBytes + window.at;
    if (this.#isCondensed) {
      this.#kept.replace(this.#valueFirst, endBytes);
      this.#isCondensed = false;
      draft.wasCondensed |= 1 << field;
    }
    draft.isOdd ||= this.#payload.isOdd;
    this.#addOverwritten(field);
    if (field === UNKNOWN) {
      if (endBytes - startBytes >= longBytes) {
        this.#findings.rows.addField(otherField, startBytes - draft.startBytes, endBytes - startBytes);
      }
      return;
    }
    draft.has |= 1 << field;
    draft.fieldStart[field] = startBytes;
    draft.fieldEnd[field] = endBytes;
    switch (field) {
      case OUTPUT:
        draft.outputIsCut = this.#textUnits(window, endBytes) === cutOutputLength;
        return;
      case INPUT:
        draft.inputIsCut = this.#textUnits(window, endBytes) === cutMessageLength;
        draft.row.aim = this.#aimOfInput();
        return;
      case ATTRIBUTES:
        draft.setAttributeMarks(this.#payload.marks);
        return;
      case TOKENS:
        for (let part = 0; part < draft.tokens.length; part++) draft.tokens[part] = this.#payload.values[part] ?? 0;
        return;
      case MODEL: {
        const from = startBytes - window.baseBytes;
        const isHere = from >= 0 && endBytes - startBytes <= longestModelBytes;
        draft.model = isHere ? this.#findings.models.add(window.bytes, from, window.at) : unreadModel;
        return;
      }
      default:
    }
  }

  #aimOfInput(): number {
    if (this.#valueFirst === BYTE.openBrace) return aimOfFields(this.#payload.aims, this.#payload.marks);
    // A text may be arguments as JSON, or be what the call is about.
    return this.#valueFirst === BYTE.quote ? unknownAim : noAim;
  }

  /** UTF-16 units of the value that has just ended; -1 where it is no text. */
  #textUnits(window: ScanWindow, endBytes: number): number {
    return this.#valueFirst === BYTE.quote ? endBytes - this.#valueBytes - 2 - window.surplus : -1;
  }

  #addOverwritten(field: number): void {
    const draft = this.#draft;
    if (field === UNKNOWN || (draft.has & (1 << field)) === 0 || (rangeOf[field] ?? -1) < 0) return;
    const start = draft.fieldStart[field] ?? 0;
    const length = (draft.fieldEnd[field] ?? 0) - start;
    if (length >= longBytes) this.#findings.rows.addField(otherField, start - draft.startBytes, length);
  }

  /** The closing brace is read. */
  #finish(window: ScanWindow): ScanStop {
    const draft = this.#draft;
    const { startBytes } = draft;
    const endBytes = window.baseBytes + window.at;
    if (endBytes - startBytes > mostSpanBytes) return this.#fault(window.at - 1);
    if (draft.isPlain) {
      draft.finish(endBytes);
      return DONE;
    }
    // What the span is made of was too long to be held.
    if ((draft.wasCondensed & ~payloads) !== 0 && this.#readBack !== undefined) {
      draft.finishOdd(JSON.parse(decoder.decode(this.#readBack({ startBytes, endBytes }))) as unknown, endBytes);
      return DONE;
    }
    // The attributes say what the flags are.
    if ((draft.wasCondensed & (1 << ATTRIBUTES)) !== 0) return this.#fault(window.at - 1);
    draft.finishOdd(JSON.parse(this.#kept.text(window, endBytes)) as unknown, endBytes);
    return DONE;
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
