// Where bytes of UTF-8 may be cut so that no character is cut in two, and so that decoding the parts gives what decoding
// the whole gives, also where bytes are broken.

/** The last offset at or before `offset` where a character may begin. */
export function characterStart(bytes: Uint8Array, offset: number): number {
  for (let back = 0; back < 4 && back <= offset; back++) {
    if (!isFollower(bytes[offset - back])) return offset - back;
  }
  // So many of these in a row begin no character: each stands for itself.
  return offset;
}

/** How many bytes at the end may be the beginning of a character that goes on: 0 to 3. */
export function incompleteEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if (isFollower(byte)) continue;
    return lengthOf(byte ?? 0) > back ? back : 0;
  }
  return 0;
}

function isFollower(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Of the character that begins with this byte; 1 for one that begins none. */
function lengthOf(lead: number): number {
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xc2 && lead <= 0xdf ? 2 : 1;
}
