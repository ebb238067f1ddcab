// Whether certain bytes stand at a place. Each function gives the offset behind them, or one of two words that are no offset.

/** They don't stand there. */
export const no = -2;
/** What is there fits, and the rest has not come. */
export const more = -1;

export function sameBytes(bytes: Uint8Array, at: number, wanted: Uint8Array): number {
  for (let index = 0; index < wanted.length; index++) {
    if (at + index >= bytes.length) return more;
    if (bytes[at + index] !== wanted[index]) return no;
  }
  return at + wanted.length;
}

/** @param digits of hex, small; they may stand there as capitals */
export function sameHex(bytes: Uint8Array, at: number, digits: string): number {
  for (let index = 0; index < digits.length; index++) {
    if (at + index >= bytes.length) return more;
    const digit = digits.charCodeAt(index);
    const byte = bytes[at + index] ?? 0;
    if (byte !== digit && (digit < 0x61 || byte !== digit - 0x20)) return no;
  }
  return at + digits.length;
}

export function hexPair(bytes: Uint8Array, at: number, byte: number): number {
  return sameHex(bytes, at, hexOf(byte));
}

export function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
