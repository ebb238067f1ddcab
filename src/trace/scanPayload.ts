// Passes over one JSON value of any size and depth and says where it stops being sound. It keeps its place between two
// windows, and one byte for each level that is open. Of some fields of a span it looks at the first level.

import { BYTE } from "./jsonTokens";
import { aimOfValue, cutAim, fieldsOfAim } from "./scanAim";
import { ScanNames } from "./scanNames";
import { bytesOfText } from "./scanTexts";
import { numberIn, type ScanWindow } from "./scanWindow";

/** What a pass over bytes ended with: all is read, the window is, or a byte is wrong (`faultAt`). */
export const DONE = 0;
export const MORE = 1;
export const FAULT = 2;
export type ScanStop = typeof DONE | typeof MORE | typeof FAULT;

const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const COLON = 4;
const COMMA_OR_END = 5;
const IN_KEY = 6;
const IN_STRING = 7;

const isSpace = new Uint8Array(256);
for (const byte of [BYTE.space, BYTE.tab, BYTE.lineFeed, BYTE.carriageReturn]) isSpace[byte] = 1;

/** `mark`: it is enough to know that the field is there; `odd`: its value has to be looked at; `aim`: see `scanAim`. */
type FieldType = "text" | "number" | "mark" | "odd" | "aim";

/** The fields of an object that a pass looks at, and what their values must be. */
export class WatchedFields {
  readonly names: ScanNames;
  readonly types: readonly FieldType[];
  readonly hasNumbers: boolean;

  constructor(fields: Readonly<Record<string, FieldType>>) {
    this.names = new ScanNames(Object.keys(fields));
    this.types = Object.values(fields);
    this.hasNumbers = this.types.includes("number");
  }
}

export class ScanPayload {
  /** After `FAULT`: place in the window of the byte that is wrong. */
  faultAt = 0;
  /** A watched field is not plainly what it must be, or is one that has to be looked at. */
  isOdd = false;
  /** Bits of the watched fields that are marks or aims and are there: 1 shifted by a field's place. */
  marks = 0;
  /** Of the watched fields that are numbers, by place; NaN where they are not there. */
  readonly values = new Float64Array(8);
  /** Of the watched fields that may be aims and are there, by place. */
  readonly aims = new Int32Array(fieldsOfAim.length);
  #state = VALUE;
  #depth = 0;
  /** For each open container whether it is an object. */
  #isObject = new Uint8Array(64);
  #watched: WatchedFields | undefined;
  /** Place of the watched field whose value comes next; -1 for none. */
  #expected = -1;

  /** The next `run` begins at the first byte of a value. */
  begin(watched?: WatchedFields): void {
    this.#state = VALUE;
    this.#depth = 0;
    this.#watched = watched;
    this.#expected = -1;
    this.isOdd = false;
    this.marks = 0;
    if (watched?.hasNumbers === true) this.values.fill(Number.NaN);
  }

  /** Goes on from `window.at` and leaves it behind what was read. */
  run(window: ScanWindow): ScanStop {
    const { bytes, end } = window;
    const watched = this.#watched;
    let isObject = this.#isObject;
    let state = this.#state;
    let depth = this.#depth;
    let at = window.at;
    for (;;) {
      let byte = bytes[at] ?? 0;
      if (state < IN_KEY) {
        while (isSpace[byte] === 1) byte = bytes[++at] ?? 0;
        if (at >= end) break;
      }
      switch (state) {
        case VALUE_OR_END:
        case VALUE: {
          if (watched !== undefined && depth === 1 && this.#expected >= 0 && !this.#look(window, at, watched)) break;
          if (byte === BYTE.quote) {
            at++;
            state = IN_STRING;
            continue;
          }
          if (byte === BYTE.openBrace || byte === BYTE.openBracket) {
            if (depth === isObject.length) isObject = this.#grow();
            const opensObject = byte === BYTE.openBrace;
            isObject[depth++] = opensObject ? 1 : 0;
            state = opensObject ? KEY_OR_END : VALUE_OR_END;
            at++;
            continue;
          }
          if (byte === BYTE.closeBracket && state === VALUE_OR_END) {
            at++;
            depth--;
            if (depth === 0) return this.#done(window, at);
            state = COMMA_OR_END;
            continue;
          }
          const isNumber = byte === BYTE.minus || (byte >= BYTE.zero && byte <= BYTE.nine);
          const past = isNumber ? window.skipNumber(at) : window.skipLiteral(at);
          if (past < 0) {
            if (~past < end) return this.#fault(window, ~past);
            break;
          }
          at = past;
          if (depth === 0) return this.#done(window, at);
          state = COMMA_OR_END;
          continue;
        }
        case COMMA_OR_END:
          if (byte === BYTE.comma) {
            at++;
            state = isObject[depth - 1] === 1 ? KEY : VALUE;
            continue;
          }
          if (byte !== (isObject[depth - 1] === 1 ? BYTE.closeBrace : BYTE.closeBracket))
            return this.#fault(window, at);
          at++;
          depth--;
          if (depth === 0) return this.#done(window, at);
          continue;
        case KEY_OR_END:
        case KEY: {
          if (byte !== BYTE.quote) {
            if (byte !== BYTE.closeBrace || state === KEY) return this.#fault(window, at);
            at++;
            depth--;
            if (depth === 0) return this.#done(window, at);
            state = COMMA_OR_END;
            continue;
          }
          if (watched === undefined || depth !== 1) {
            at++;
            state = IN_KEY;
            continue;
          }
          // A watched key is read as a whole.
          const escapes = window.escapes;
          const close = window.skipString(at + 1);
          if (close < 0) {
            const fault = window.faultIn(~close);
            if (fault >= 0) return this.#fault(window, fault);
            break;
          }
          this.#expected = placeOf(watched, bytes, at, close, window.escapes > escapes);
          at = close + 1;
          state = COLON;
          if (bytes[at] === BYTE.colon) {
            at++;
            state = VALUE;
          }
          continue;
        }
        case COLON:
          if (byte !== BYTE.colon) return this.#fault(window, at);
          at++;
          state = VALUE;
          continue;
        default: {
          const close = window.skipString(at);
          if (close < 0) {
            at = ~close;
            const fault = window.faultIn(at);
            if (fault >= 0) return this.#fault(window, fault);
            break;
          }
          at = close + 1;
          if (depth === 0) return this.#done(window, at);
          if (state === IN_STRING) state = COMMA_OR_END;
          else if (bytes[at] !== BYTE.colon) state = COLON;
          else {
            at++;
            state = VALUE;
          }
          continue;
        }
      }
      // Every way that does not go on needs more bytes.
      break;
    }
    this.#state = state;
    this.#depth = depth;
    window.at = at;
    return MORE;
  }

  #grow(): Uint8Array<ArrayBuffer> {
    const grown = new Uint8Array(this.#isObject.length * 2);
    grown.set(this.#isObject);
    this.#isObject = grown;
    return grown;
  }

  /** Looks whether the value that begins at `at` is plainly of the expected type. False where that takes more bytes. */
  #look(window: ScanWindow, at: number, watched: WatchedFields): boolean {
    const place = this.#expected;
    const byte = window.bytes[at] ?? 0;
    switch (watched.types[place]) {
      case "odd":
        this.isOdd = true;
        break;
      case "mark":
        this.marks |= 1 << place;
        break;
      case "aim":
        this.aims[place] = aimOfValue(window, at, place);
        if (this.aims[place] === cutAim) return false;
        this.marks |= 1 << place;
        break;
      case "text":
        this.isOdd ||= byte !== BYTE.quote;
        break;
      default: {
        const past = window.skipNumber(at);
        if (past < 0) {
          if (~past >= window.end) return false;
          this.isOdd = true;
          break;
        }
        // One with an exponent, or of hundreds of digits, may be infinite.
        if (past - at > 300) this.isOdd = true;
        for (let index = at; index < past; index++) if (((window.bytes[index] ?? 0) | 0x20) === 0x65) this.isOdd = true;
        this.values[place] = numberIn(window.bytes, at, past);
      }
    }
    this.#expected = -1;
    return true;
  }

  #done(window: ScanWindow, at: number): ScanStop {
    window.at = at;
    return DONE;
  }

  #fault(window: ScanWindow, at: number): ScanStop {
    window.at = at;
    this.faultAt = at;
    return FAULT;
  }
}

function placeOf(watched: WatchedFields, bytes: Uint8Array, quote: number, close: number, hasEscapes: boolean): number {
  if (!hasEscapes) return watched.names.find(bytes, quote + 1, close);
  return watched.names.findText(textOfToken(bytes.subarray(quote, close + 1)));
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text that a sound string writes, its quotes included in the bytes. */
export function textOfToken(token: Uint8Array): string {
  return JSON.parse(decoder.decode(token)) as string;
}

/** UTF-8 of the text that a sound string with escapes writes. */
export function bytesOfToken(token: Uint8Array): Uint8Array {
  return bytesOfText(textOfToken(token));
}
