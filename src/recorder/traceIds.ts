// Ids of traces and spans: unique across processes and machines, and cheap, because every span needs one.

import { randomBytes } from "node:crypto";

/** Span ids of one trace: 16 lower-case hex digits, the first eight random, the rest counted. */
export class SpanIds {
  #prefix = randomBytes(4).toString("hex");
  #count = 0;

  next(): string {
    if (++this.#count > 0xffffffff) {
      this.#prefix = randomBytes(4).toString("hex");
      this.#count = 1;
    }
    return this.#prefix + this.#count.toString(16).padStart(8, "0");
  }

  /** True for an id that was made here. */
  isOurs(spanId: string): boolean {
    if (!/^[0-9a-f]{16}$/.test(spanId) || !spanId.startsWith(this.#prefix)) return false;
    const count = Number.parseInt(spanId.slice(8), 16);
    return count > 0 && count <= this.#count;
  }
}

/** A UUID of version 7: 48 bits of time, so that ids sort by it, and 74 random ones. */
export function makeTraceId(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.min(Math.max(0, Math.trunc(nowMs)), 2 ** 48 - 1), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
