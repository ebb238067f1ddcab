// Reads one line of a journal of ours byte by byte, without making texts of what is only compared.

export class LineReader {
  at: number;
  readonly end: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Digits; NaN where there are none. */
  number(): number {
    let value = 0;
    const from = this.at;
    for (
      let byte = this.#bytes[this.at];
      byte !== undefined && byte >= 0x30 && byte <= 0x39;
      byte = this.#bytes[this.at]
    ) {
      value = value * 10 + byte - 0x30;
      this.at++;
    }
    return this.at > from ? value : Number.NaN;
  }

  /** Lower-case letters and hyphens. */
  word(): string {
    const from = this.at;
    for (let byte = this.#bytes[this.at]; byte !== undefined; byte = this.#bytes[this.at]) {
      if (byte !== 0x2d && (byte < 0x61 || byte > 0x7a)) break;
      this.at++;
    }
    return this.#bytes.toString("latin1", from, this.at);
  }

  skip(text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.#bytes[this.at + index] !== text.charCodeAt(index)) return false;
    }
    this.at += text.length;
    return this.at <= this.end;
  }

  /** Goes behind the closing quote of a string whose opening one was passed. */
  passString(): boolean {
    for (; this.at < this.end; this.at++) {
      const byte = this.#bytes[this.at];
      if (byte === 0x5c) this.at++;
      else if (byte === 0x22) {
        this.at++;
        return true;
      }
    }
    return false;
  }

  text(from: number, to: number): string {
    return this.#bytes.toString("latin1", from, to);
  }

  isObject(): boolean {
    return this.#bytes[this.at] === 0x7b && this.#bytes[this.end - 1] === 0x7d;
  }
}
