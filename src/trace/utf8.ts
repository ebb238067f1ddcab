// Finds bytes that are not UTF-8, by the same rules by which `TextDecoder` replaces them.

export interface Utf8Faults {
  /** Offset of the first bad byte; -1 where all is sound. */
  readonly firstBytes: number;
  /** How many bad sequences there are. */
  readonly count: number;
}

/** A character that the end of the bytes cuts is not counted: there the bytes are torn, not wrong. */
export function findUtf8Faults(bytes: Uint8Array): Utf8Faults {
  let firstBytes = -1;
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const needed = followers(lead);
    let taken = 0;
    while (taken < needed && isFollower(lead, taken, bytes[at + 1 + taken])) taken++;
    const isCut = needed > 0 && taken < needed && at + 1 + taken >= bytes.length;
    if ((needed === 0 || taken < needed) && !isCut) {
      if (firstBytes < 0) firstBytes = at;
      count++;
    }
    at += 1 + taken;
  }
  return { firstBytes, count };
}

/** How many bytes follow a leading byte; 0 for a byte that leads nothing. */
function followers(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/** The first follower of some leading bytes is limited: no overlong forms, no surrogates, nothing above U+10FFFF. */
function isFollower(lead: number, index: number, byte: number | undefined): boolean {
  if (byte === undefined) return false;
  let lowest = 0x80;
  let highest = 0xbf;
  if (index === 0) {
    if (lead === 0xe0) lowest = 0xa0;
    else if (lead === 0xed) highest = 0x9f;
    else if (lead === 0xf0) lowest = 0x90;
    else if (lead === 0xf4) highest = 0x8f;
  }
  return byte >= lowest && byte <= highest;
}
