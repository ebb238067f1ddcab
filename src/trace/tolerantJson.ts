// JSON from bytes that may be damaged. Sound bytes take the engine's own parser; others are read byte by byte, without
// recursion, and what is sound of them is returned with a list of what is not. Never throws for bad bytes.

import { finish, type Steps } from "../base/steps";
import { readDamagedInSteps } from "./damagedJson";
import { describeFileType } from "./fileType";
import { BYTE, skipWhiteSpace } from "./jsonTokens";
import { parseInPieces } from "./parseInPieces";
import type { Problem } from "./problem";
import { findUtf8Faults } from "./utf8";

export interface TolerantJson {
  /** What could be read; undefined where that is nothing. */
  readonly value: unknown;
  /** Offsets count bytes from the start of the file; in a file in UTF-16 those of its text in UTF-8. */
  readonly problems: Problem[];
  /** The bytes end, or can't be read any more, before the document ends. */
  readonly truncated: boolean;
  /** Something is missing that the document once held. */
  readonly damaged: boolean;
}

/** The engine's parser knows no pause, so longer files are handed to it piece by piece, and read byte by byte if damaged. */
const mostAtOnceBytes = 1_000_000;
const decodedPerStep = 1024 * 1024;

export function parseTolerant(bytes: Uint8Array): TolerantJson {
  return finish(parseAll(bytes, true));
}

/** The same, with pauses. @param mostAtOnce bytes that are parsed without one */
export function parseInSteps(bytes: Uint8Array, mostAtOnce = mostAtOnceBytes): Steps<TolerantJson> {
  return parseAll(bytes, bytes.length <= mostAtOnce);
}

/** @param mayParse sound bytes are handed to the engine's parser as a whole */
function* parseAll(bytes: Uint8Array, mayParse: boolean): Steps<TolerantJson> {
  if (bytes.length === 0) return nothing({ code: "empty-file", severity: "error", message: "The file is empty" });
  const utf16 = utf16Label(bytes);
  if (utf16 !== undefined) return yield* parseUtf16(bytes, utf16, mayParse);
  if (!mayParse) {
    const value = yield* parseInPieces(bytes);
    if (value !== undefined) return { value, problems: [], truncated: false, damaged: false };
    const encoding = (yield* isUtf8InSteps(bytes)) ? [] : encodingProblems(bytes);
    return yield* readDamaged(bytes, encoding);
  }
  const text = decodeStrictly(bytes);
  const fast = text === undefined ? undefined : parseFast(text);
  if (fast !== undefined) return fast;
  const encoding = text === undefined ? encodingProblems(bytes) : [];
  const replaced = encoding.length > 0 ? parseFast(decodeLoosely(bytes)) : undefined;
  if (replaced !== undefined) return { ...replaced, problems: encoding };
  return yield* readDamaged(bytes, encoding);
}

function* readDamaged(bytes: Uint8Array, encoding: readonly Problem[]): Steps<TolerantJson> {
  const startBytes = hasUtf8Mark(bytes) ? 3 : 0;
  const first = skipWhiteSpace(bytes, startBytes);
  if (first === bytes.length) {
    return nothing({ code: "empty-file", severity: "error", message: "The file holds nothing but white space" });
  }
  const { value, problems, truncated, damaged } = yield* readDamagedInSteps(bytes, startBytes);
  const isForeign = value === undefined && bytes[first] !== BYTE.openBrace && bytes[first] !== BYTE.nul;
  if (isForeign) {
    return nothing({
      code: "not-a-trace",
      severity: "error",
      message: `The file is not JSON but ${describeFileType(bytes)}`,
      offsetBytes: first,
    });
  }
  return { value, problems: [...problems, ...encoding], truncated, damaged };
}

function nothing(problem: Problem): TolerantJson {
  return { value: undefined, problems: [{ offsetBytes: 0, ...problem }], truncated: true, damaged: true };
}

function parseFast(text: string): TolerantJson | undefined {
  try {
    return { value: JSON.parse(text) as unknown, problems: [], truncated: false, damaged: false };
  } catch {
    return undefined;
  }
}

/** Undefined for bytes that are not UTF-8, and for more text than a string can hold. */
function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function* isUtf8InSteps(bytes: Uint8Array): Steps<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (let from = 0; from < bytes.length; from += decodedPerStep) {
      decoder.decode(bytes.subarray(from, from + decodedPerStep), { stream: true });
      yield;
    }
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

function decodeLoosely(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8").decode(bytes);
  } catch {
    return "";
  }
}

function encodingProblems(bytes: Uint8Array): Problem[] {
  const { firstBytes, count } = findUtf8Faults(bytes);
  if (firstBytes < 0) return [];
  return [
    {
      code: "encoding",
      severity: "warning",
      message: "Bytes that are not UTF-8 are shown as the replacement character",
      offsetBytes: firstBytes,
      ...(count > 1 ? { count } : {}),
    },
  ];
}

function hasUtf8Mark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Editors and shells of Windows write UTF-16 with a mark at its start. */
function utf16Label(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}

function* parseUtf16(bytes: Uint8Array, label: string, mayParse: boolean): Steps<TolerantJson> {
  const result = yield* parseAll(new TextEncoder().encode(new TextDecoder(label).decode(bytes)), mayParse);
  const note: Problem = {
    code: "encoding",
    severity: "info",
    message: "The file is in UTF-16 instead of UTF-8; it was converted, and byte offsets count its text in UTF-8",
    offsetBytes: 0,
  };
  return { ...result, problems: [note, ...result.problems] };
}
