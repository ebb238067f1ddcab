// What the beginning of an item's line tells of it, where the line is too long to be read: its index and its task, as far
// as they stand whole at the first level of the object.

export interface ItemHead {
  readonly index: number | undefined;
  readonly task: string | undefined;
}

const quote = 0x22;
const backslash = 0x5c;
const decoder = new TextDecoder();

export function readItemHead(bytes: Uint8Array): ItemHead {
  let depth = 0;
  let key: string | undefined;
  /** After a colon at the first level. */
  let isValue = false;
  let index: number | undefined;
  let task: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) {
      const end = endOfString(bytes, at);
      if (end < 0) break;
      if (depth === 1) {
        const text = parseString(bytes.subarray(at, end));
        if (!isValue) key = text;
        else if (key === "task" && text !== "") task = text;
      }
      at = end;
      continue;
    }
    if (depth === 1 && isValue && key === "index" && isNumberPart(byte)) {
      let end = at;
      while (end < bytes.length && isNumberPart(bytes[end] ?? 0)) end++;
      // One that goes on where the bytes end may be a longer one.
      const value = end < bytes.length ? Number(decoder.decode(bytes.subarray(at, end))) : Number.NaN;
      index = Number.isSafeInteger(value) && value >= 0 ? value : undefined;
      at = end;
      continue;
    }
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (depth === 1 && byte === 0x3a) isValue = true;
    else if (depth === 1 && byte === 0x2c) isValue = false;
    at++;
  }
  return { index, task };
}

/** Offset after the closing quote; -1 where it is missing. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === backslash) at++;
    else if (bytes[at] === quote) return at + 1;
  }
  return -1;
}

function parseString(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Digits, and what else a number in JSON may hold: then it is no index. */
function isNumberPart(byte: number): boolean {
  return isDigit(byte) || byte === 0x2e || byte === 0x2b || byte === 0x2d || byte === 0x65 || byte === 0x45;
}
