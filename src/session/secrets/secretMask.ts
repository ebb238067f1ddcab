// The values that nobody may read in a trace, on a terminal or in a log. Whatever leaves a run passes here once; a value is
// found as it is, in the ways in which it is written into something else, and line by line where it has several lines.

import { maskText } from "../../trace/maskedText";
import { Base64Pattern, base64Places } from "./base64Pattern";
import { type Letter, mostWrittenBytes } from "./letter";
import { formsOf } from "./secretForms";
import { LetterPattern } from "./secretPattern";
import { SecretSearch } from "./secretSearch";

/** Half-open, in bytes. */
interface SecretRange {
  readonly from: number;
  readonly to: number;
}

export class SecretMask {
  readonly #search = new SecretSearch();
  readonly #letters = new Map<string, Letter>();
  readonly #forms = new Set<string>();
  /** In letters. */
  #longest = 0;

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** From now on the value is masked. What is too short is not. */
  add(secret: string): void {
    for (const form of formsOf(secret)) {
      if (this.#forms.has(form)) continue;
      this.#forms.add(form);
      this.#longest = Math.max(this.#longest, form.length);
      this.#search.add(new LetterPattern(form, this.#letters));
      for (const place of base64Places) this.#search.add(new Base64Pattern(Buffer.from(form), place));
    }
  }

  get isEmpty(): boolean {
    return this.#forms.size === 0;
  }

  /** For whoever masks a stream. */
  get search(): SecretSearch {
    return this.#search;
  }

  hides(text: string): boolean {
    if (this.isEmpty) return false;
    const bytes = Buffer.from(text);
    return this.#search.next(bytes, 0, true).at < bytes.length;
  }

  /** What overlaps or is a part of something longer is masked as one. */
  text(text: string): string {
    if (this.isEmpty) return text;
    const bytes = Buffer.from(text);
    const found = this.#ranges(bytes);
    if (found.length === 0) return text;
    let masked = "";
    let end = 0;
    for (const { from, to } of found) {
      masked += bytes.toString("utf8", end, from) + maskText;
      end = to;
    }
    return masked + bytes.toString("utf8", end);
  }

  /**
   * Where bytes may be cut without leaving a part of a secret behind the cut.
   * @returns the same place, or the first one behind the secret that stands there
   */
  outside(bytes: Uint8Array, at: number): number {
    const reach = this.#longest * mostWrittenBytes;
    const from = Math.max(0, at - reach);
    const near = this.#ranges(bytes.subarray(from, at + reach));
    return near.reduce((cut, range) => (range.from + from < cut && cut < range.to + from ? range.to + from : cut), at);
  }

  /** In their order, none overlapping another one. */
  #ranges(bytes: Uint8Array): readonly SecretRange[] {
    const ranges: { readonly from: number; to: number }[] = [];
    for (let at = 0; ; at++) {
      const found = this.#search.next(bytes, at, true);
      if (found.at >= bytes.length) return ranges;
      at = found.at;
      const last = ranges.at(-1);
      if (last !== undefined && at < last.to) last.to = Math.max(last.to, found.end);
      else ranges.push({ from: at, to: found.end });
    }
  }

  /**
   * A copy of plain data with every text in it masked, names too.
   * @param options `numbers`: also a number that reads like a secret; not for data whose numbers are ours
   */
  value(value: unknown, options: { readonly numbers?: boolean } = {}): unknown {
    if (this.isEmpty) return value;
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") {
      return options.numbers === true && this.#forms.has(String(value)) ? maskText : value;
    }
    if (Array.isArray(value)) return value.map((item) => this.value(item, options));
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value).map(([name, field]) => [this.text(name), this.value(field, options)]);
    return Object.fromEntries(fields);
  }
}
