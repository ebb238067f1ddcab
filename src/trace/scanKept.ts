// Bytes that the window has passed and that are still needed as text: a value of the trace's head, or a span without its
// large fields, in whose place something small of the same type stands. Bounded by `mostKeptBytes` for each field.

import { BYTE } from "./jsonTokens";
import type { ScanWindow } from "./scanWindow";

/** A longer value is not held. */
export const mostKeptBytes = 1024 * 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class ScanKept {
  #bytes = new Uint8Array(4096);
  #length = 0;
  /** Offset in the file up to which the bytes are here; -1 while nothing is kept. */
  #upTo = -1;

  begin(offsetBytes: number): void {
    this.#length = 0;
    this.#upTo = offsetBytes;
  }

  /** Takes over what the window has up to the offset. */
  keepUpTo(window: ScanWindow, offsetBytes: number): void {
    if (this.#upTo < 0 || this.#upTo >= offsetBytes) return;
    this.#append(window.bytes.subarray(this.#upTo - window.baseBytes, offsetBytes - window.baseBytes));
    this.#upTo = offsetBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes back what was kept beyond a length; nothing more is kept until `replace`. */
  cutBack(length: number): void {
    this.#length = length;
    this.#upTo = -1;
  }

  /** Puts a small value where the large one ended. */
  replace(firstByte: number, endBytes: number): void {
    const text =
      firstByte === BYTE.quote
        ? '""'
        : firstByte === BYTE.openBrace
          ? "{}"
          : firstByte === BYTE.openBracket
            ? "[]"
            : "0";
    this.#append(Uint8Array.of(text.charCodeAt(0), ...(text.length > 1 ? [text.charCodeAt(1)] : [])));
    this.#upTo = endBytes;
  }

  /** The text from the start of what is kept to the offset. */
  text(window: ScanWindow, endBytes: number): string {
    if (this.#length === 0) {
      return decoder.decode(window.bytes.subarray(this.#upTo - window.baseBytes, endBytes - window.baseBytes));
    }
    this.keepUpTo(window, endBytes);
    return decoder.decode(this.#bytes.subarray(0, this.#length));
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}
