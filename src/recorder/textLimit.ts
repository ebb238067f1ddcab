// How much of a text goes into a span: all of it up to a limit in bytes of UTF-8. What is cut is marked with its full
// length, in the span's attribute `tracekeeper.cut`: UTF-16 units for each field that was cut.

import { cutAttribute } from "../trace/producerMarks";
import { quoted } from "./safeJson";

const encoder = new TextEncoder();

/** The longest start of `text` that takes at most `maxBytes`; no character is cut in two. */
export function cutToBytes(text: string, maxBytes: number): string {
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(maxBytes)).read);
}

/** The limit of one span's fields, and which of them were cut. */
export class SpanTexts {
  readonly #maxBytes: number;
  #cuts: Map<string, number> | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** JSON of a text, which is cut where it is too long. */
  text(field: string, text: string): string {
    const kept = cutToBytes(text, this.#maxBytes);
    if (kept.length < text.length) this.cut(field, text.length);
    return quoted(kept);
  }

  /** A JSON text as it is; one that is too long becomes a string with its start. */
  json(field: string, json: string): string {
    const kept = cutToBytes(json, this.#maxBytes);
    if (kept.length === json.length) return json;
    this.cut(field, json.length);
    return quoted(kept);
  }

  cut(field: string, fullLength: number): void {
    this.#cuts ??= new Map();
    this.#cuts.set(field, fullLength);
  }

  /** `{"tracekeeper.cut":{...}}`; undefined where nothing was cut. */
  get attributes(): string | undefined {
    return this.#cuts && `{${quoted(cutAttribute)}:${JSON.stringify(Object.fromEntries(this.#cuts))}}`;
  }
}

/** Texts that are put together up to a limit, in constant time for each; beyond it only their length is counted. */
export class GatheredText {
  readonly #separator: string;
  readonly #maxLength: number;
  #text = "";
  #fullLength = 0;

  /** @param maxLength UTF-16 units */
  constructor(separator: string, maxLength: number) {
    this.#separator = separator;
    this.#maxLength = maxLength;
  }

  add(text: string): void {
    const separator = this.#fullLength === 0 ? "" : this.#separator;
    this.#fullLength += separator.length + text.length;
    if (this.#fullLength <= this.#maxLength) this.#text += separator + text;
  }

  /** Nothing more is kept. */
  get isFull(): boolean {
    return this.#fullLength > this.#maxLength;
  }

  /** Counts a text that is not kept any more. */
  count(length: number): void {
    this.#fullLength += this.#separator.length + length;
  }

  get text(): string {
    return this.#text;
  }

  get fullLength(): number {
    return this.#fullLength;
  }

  clear(): void {
    this.#text = "";
    this.#fullLength = 0;
  }
}
