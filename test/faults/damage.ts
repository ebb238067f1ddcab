// Damage to files as random data: each damage is a small function of bytes, so that fast-check shrinks to the one that
// matters. What the damaged bytes still hold is found out here by plain search, not by the code under test.

import fc from "fast-check";
import { concat } from "../trace/journalLines";

/** Places are taken modulo the length of the bytes. */
export type Damage =
  | { readonly type: "truncate"; readonly at: number }
  | { readonly type: "nul"; readonly at: number; readonly length: number }
  | { readonly type: "flip"; readonly at: number; readonly bit: number }
  | { readonly type: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: "append"; readonly bytes: Uint8Array }
  | { readonly type: "remove"; readonly at: number; readonly length: number }
  /** Takes away the line feed after this place. */
  | { readonly type: "join"; readonly at: number }
  | { readonly type: "repeatTail"; readonly length: number }
  /** Puts a copy of some bytes somewhere else. */
  | { readonly type: "copy"; readonly at: number; readonly length: number; readonly to: number };

const place = fc.nat(100_000);
const length = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 600 }));
const garbage = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  fc
    .constantFrom("\n", "\n\n", "\0\0\n\0", '{ "s":', '{ "s":3,"w":1\n', ',"c": "00000000"}', "{}\n")
    .map((text) => concat([text])),
);

export const flip: fc.Arbitrary<Damage> = fc.record({ type: fc.constant("flip"), at: place, bit: fc.nat(7) });
export const truncation: fc.Arbitrary<Damage> = fc.record({ type: fc.constant("truncate"), at: place });
/** Anything but the loss of the end. */
export const innerDamage: fc.Arbitrary<Damage> = fc.oneof(
  flip,
  fc.record({ type: fc.constant("nul" as const), at: place, length }),
  fc.record({ type: fc.constant("insert" as const), at: place, bytes: garbage }),
  fc.record({ type: fc.constant("append" as const), bytes: garbage }),
  fc.record({ type: fc.constant("remove" as const), at: place, length }),
  fc.record({ type: fc.constant("join" as const), at: place }),
  fc.record({ type: fc.constant("repeatTail" as const), length }),
  fc.record({ type: fc.constant("copy" as const), at: place, length, to: place }),
);
export const anyDamage: fc.Arbitrary<Damage> = fc.oneof({ weight: 6, arbitrary: innerDamage }, truncation);

export function damage(bytes: Uint8Array, damages: readonly Damage[]): Uint8Array {
  return damages.reduce(damageOnce, bytes);
}

function damageOnce(bytes: Uint8Array, damage: Damage): Uint8Array {
  const at = "at" in damage && bytes.length > 0 ? damage.at % bytes.length : 0;
  const splice = (from: number, to: number, between: Uint8Array = new Uint8Array()) =>
    concat([bytes.subarray(0, from), between, bytes.subarray(to)]);
  switch (damage.type) {
    case "truncate":
      return bytes.slice(0, at);
    case "nul":
      return bytes.slice().fill(0, at, at + damage.length);
    case "flip":
      return bytes.map((byte, index) => (index === at ? byte ^ (1 << damage.bit) : byte));
    case "insert":
      return splice(at, at, damage.bytes);
    case "append":
      return concat([bytes, damage.bytes]);
    case "remove":
      return splice(at, at + damage.length);
    case "join": {
      const end = bytes.indexOf(0x0a, at);
      return end < 0 ? bytes : splice(end, end + 1);
    }
    case "repeatTail":
      return concat([bytes, bytes.subarray(-damage.length)]);
    case "copy":
      return splice(
        damage.to % (bytes.length + 1),
        damage.to % (bytes.length + 1),
        bytes.slice(at, at + damage.length),
      );
  }
}

export interface Survivor {
  /** Index of the line in the undamaged file. */
  readonly line: number;
  readonly offsetBytes: number;
  readonly endBytes: number;
}

/** Where the bytes hold a whole line of the undamaged file, its line feed aside; in the order of the file. */
export function survivors(bytes: Uint8Array, lines: readonly Uint8Array[]): Survivor[] {
  const buffer = Buffer.from(bytes);
  const found: Survivor[] = [];
  for (const [line, whole] of lines.entries()) {
    const wanted = whole.subarray(0, -1);
    for (let at = buffer.indexOf(wanted); at >= 0; at = buffer.indexOf(wanted, at + 1)) {
      found.push({ line, offsetBytes: at, endBytes: at + wanted.length });
    }
  }
  return found.sort((one, other) => one.offsetBytes - other.offsetBytes);
}

export interface DamagedRegion {
  readonly offsetBytes: number;
  readonly endBytes: number;
  /** Its lines, or parts of lines. */
  readonly pieces: readonly Uint8Array[];
  /** It is the end of the file, and has no line feed. */
  readonly isOpen: boolean;
}

/** What lies between the survivors, but for the line feeds that end lines. */
export function damagedRegions(bytes: Uint8Array, sound: readonly Survivor[]): DamagedRegion[] {
  const regions: DamagedRegion[] = [];
  let from = 0;
  for (const next of [...sound, { offsetBytes: bytes.length, endBytes: bytes.length }]) {
    const start = from > 0 && bytes[from] === 0x0a ? from + 1 : from;
    const to = next.offsetBytes;
    from = next.endBytes;
    if (to <= start) continue;
    const isClosed = bytes[to - 1] === 0x0a;
    const end = isClosed ? to - 1 : to;
    const pieces = splitLines(bytes.subarray(start, end));
    regions.push({ offsetBytes: start, endBytes: end, pieces, isOpen: to === bytes.length && !isClosed });
  }
  return regions;
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
    pieces.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...pieces, bytes.subarray(from)];
}
