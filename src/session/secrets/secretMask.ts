// The values that nobody may read in a trace, on a terminal or in a log. Whatever leaves a run passes here once; a value is
// found as it is, in the forms in which it is written into something else, and line by line where it has several lines.

import { formsOf } from "./secretForms";

/** Stands for a secret, however long it is. */
export const maskText = "•••";

export class SecretMask {
  /** Longest first. */
  #patterns: readonly string[] = [];
  #bytes: readonly Buffer[] = [];

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** From now on the value is masked. What is too short is not. */
  add(secret: string): void {
    const found = new Set(this.#patterns);
    for (const form of formsOf(secret)) found.add(form);
    this.#patterns = [...found].sort((one, other) => other.length - one.length);
    this.#bytes = this.#patterns.map((pattern) => Buffer.from(pattern));
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** The same as bytes of UTF-8, for whoever masks a stream. */
  get bytePatterns(): readonly Uint8Array[] {
    return this.#bytes;
  }

  hides(text: string): boolean {
    return this.#patterns.some((pattern) => text.includes(pattern));
  }

  /** What overlaps or is a part of something longer is masked as one. */
  text(text: string): string {
    if (!this.hides(text)) return text;
    const found: { readonly from: number; readonly to: number }[] = [];
    for (const pattern of this.#patterns) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
        found.push({ from: at, to: at + pattern.length });
      }
    }
    found.sort((one, other) => one.from - other.from || other.to - one.to);
    let masked = "";
    let end = 0;
    let isWithin = false;
    for (const { from, to } of found) {
      if (isWithin && from < end) {
        end = Math.max(end, to);
        continue;
      }
      masked += text.slice(end, from) + maskText;
      end = to;
      isWithin = true;
    }
    return masked + text.slice(end);
  }

  /**
   * A copy of plain data with every text in it masked, names too.
   * @param options `numbers`: also a number that reads like a secret; not for data whose numbers are ours
   */
  value(value: unknown, options: { readonly numbers?: boolean } = {}): unknown {
    if (this.isEmpty) return value;
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") {
      return options.numbers === true && this.#patterns.includes(String(value)) ? maskText : value;
    }
    if (Array.isArray(value)) return value.map((item) => this.value(item, options));
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value).map(([name, field]) => [this.text(name), this.value(field, options)]);
    return Object.fromEntries(fields);
  }
}
