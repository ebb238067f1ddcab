// Guesses where spans begin in the middle of a trace's file, from how its first span does. A guess may be wrong.

import type { ReadBytes } from "../trace/scanRows";

const headBytes = 64 * 1024;
const lookBytes = 256 * 1024;
/** A span that is longer than this hides where the next one begins. */
const mostLooks = 16;
/** The first part is longer by this share of the file: whoever scans it begins at once, and nobody has to be told what it is. */
const headStart = 0.04;
/** So much before the end of a piece may be the beginning of a match that ends in the next one. */
const overlapBytes = 1024;

/**
 * @param parts how many parts of about the same length are wanted, at least two
 * @returns where the second and each later part may begin, in order; fewer where no place is found
 */
export function partStarts(read: ReadBytes, sizeBytes: number, parts: number): number[] {
  const head = textOf(read({ startBytes: 0, endBytes: Math.min(headBytes, sizeBytes) }));
  const firstKey = /"spans"\s*:\s*\[\s*\{\s*("(?:[^"\\]|\\.){1,100}"\s*:)/.exec(head)?.[1];
  if (firstKey === undefined) return [];
  // A value ends, a comma, and an object that begins as the first span does.
  const start = new RegExp(String.raw`\}\s{0,100},\s{0,100}(?=\{\s{0,100}${firstKey.replace(/\W/g, "\\$&")})`);
  const first = 1 / parts + headStart;
  const starts: number[] = [];
  for (let part = 1; part < parts; part++) {
    const share = first + ((1 - first) / (parts - 1)) * (part - 1);
    const found = firstMatch(read, start, Math.floor(sizeBytes * share), sizeBytes);
    if (found !== undefined && found > (starts.at(-1) ?? 0)) starts.push(found);
  }
  return starts;
}

function firstMatch(read: ReadBytes, pattern: RegExp, fromBytes: number, sizeBytes: number): number | undefined {
  for (let look = 0; look < mostLooks; look++) {
    const startBytes = fromBytes + look * (lookBytes - overlapBytes);
    if (startBytes >= sizeBytes) return undefined;
    const match = pattern.exec(textOf(read({ startBytes, endBytes: Math.min(startBytes + lookBytes, sizeBytes) })));
    if (match !== null) return startBytes + match.index + match[0].length;
  }
  return undefined;
}

/** A character for each byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
