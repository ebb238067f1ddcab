// Bytes that a text holds as base64, in its own alphabet or that of URLs, line breaks within it passed over. Any range of
// the bytes can be had without decoding what stands before it.

const invalid = 255;
const lineBreak = 254;

const sextets = new Uint8Array(128).fill(invalid);
for (const [index, letter] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  sextets[letter.charCodeAt(0)] = index;
}
sextets["-".charCodeAt(0)] = 62;
sextets["_".charCodeAt(0)] = 63;
for (const space of "\r\n") sextets[space.charCodeAt(0)] = lineBreak;

export interface Base64Text {
  readonly text: string;
  /** UTF-16 units: where the first letter stands, and behind the last one, padding excluded. */
  readonly start: number;
  readonly end: number;
  /** Bytes that it stands for. */
  readonly byteLength: number;
  readonly hasLineBreaks: boolean;
}

export function isBase64Unit(unit: number): boolean {
  return unit < 128 && (sextets[unit] ?? invalid) < 64;
}

/** A part of a text as base64; undefined where another character is in it, or letters that stand for no whole bytes. */
export function base64Text(text: string, from: number, to: number): Base64Text | undefined {
  let start = from;
  let end = to;
  while (start < end && isLineBreak(text.charCodeAt(start))) start++;
  for (let padding = 0; end > start; end--) {
    const unit = text.charCodeAt(end - 1);
    if (!isLineBreak(unit) && (unit !== 0x3d || ++padding > 2)) break;
  }
  let letters = 0;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (isBase64Unit(unit)) letters++;
    else if (!isLineBreak(unit)) return undefined;
  }
  if (letters === 0 || letters % 4 === 1) return undefined;
  const byteLength = Math.floor((letters * 3) / 4);
  return { text, start, end, byteLength, hasLineBreaks: letters < end - start };
}

/** At most `length` bytes from `from` on, in an array of exactly their size. */
export function decodeBase64(source: Base64Text, from: number, length: number): Uint8Array<ArrayBuffer> {
  const first = Math.min(Math.max(0, from), source.byteLength);
  const bytes = new Uint8Array(Math.max(0, Math.min(length, source.byteLength - first)));
  let at = letterAt(source, Math.floor(first / 3) * 4);
  let skipped = first % 3;
  let written = 0;
  let bits = 0;
  let held = 0;
  for (; at < source.end && written < bytes.length; at++) {
    const sextet = sextets[source.text.charCodeAt(at)] ?? invalid;
    if (sextet >= 64) continue;
    held = ((held << 6) | sextet) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    if (skipped > 0) skipped--;
    else bytes[written++] = (held >> bits) & 0xff;
  }
  return bytes;
}

/** Where the letter of this number stands. */
function letterAt({ text, start, end, hasLineBreaks }: Base64Text, index: number): number {
  if (!hasLineBreaks) return start + index;
  let left = index;
  for (let at = start; at < end; at++) {
    if (isLineBreak(text.charCodeAt(at))) continue;
    if (left === 0) return at;
    left--;
  }
  return end;
}

function isLineBreak(unit: number): boolean {
  return unit === 0x0a || unit === 0x0d;
}
