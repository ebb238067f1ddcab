// Writes messages of Protocol Buffers into one growing buffer. A message within another one is written in place, and moved
// only where its length takes more than one byte to say.

const initialBytes = 16 * 1024;

export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(initialBytes);
  #length = 0;

  get lengthBytes(): number {
    return this.#length;
  }

  /** The receiver's own. */
  take(): Buffer<ArrayBuffer> {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    const at = this.#length;
    this.#reserve(1);
    this.#length++;
    write();
    const size = this.#length - at - 1;
    const more = varintBytes(size) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(at + 1 + more, at + 1, this.#length);
    }
    this.#length = at;
    this.#varint(size);
    this.#length += size;
  }

  text(field: number, text: string): void {
    const size = Buffer.byteLength(text);
    this.#tag(field, 2);
    this.#varint(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** @param hex two digits a byte */
  hex(field: number, hex: string): void {
    const size = hex.length / 2;
    this.#tag(field, 2);
    this.#varint(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(hex, this.#length, "hex");
  }

  /** A number of at most 32 bits without a sign. */
  count(field: number, value: number): void {
    this.#tag(field, 0);
    this.#varint(value);
  }

  /** With a sign; a negative one takes ten bytes. */
  int64(field: number, value: bigint): void {
    this.#tag(field, 0);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#length++] = Number(rest);
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, 5);
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, 1);
    this.#reserve(8);
    this.#length = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#length);
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#reserve(5);
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes++;
  return bytes;
}
