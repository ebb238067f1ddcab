// Where reading goes on after damage: the next bytes that look like the start of a span, or like a key of the trace
// itself. Quotes within texts are escaped, so a trace within a text never looks like that; one within a payload is told
// apart by the layout that the sound spans before the damage have shown.

import { BYTE, isScalarByte, isWhiteSpace, skipWhiteSpace } from "./jsonTokens";

/** What the second field of a span may be. A link has an id first as well, but none of these next. */
const secondFields: ReadonlySet<string> = new Set([
  "parentSpanId",
  "name",
  "kind",
  "startTime",
  "endTime",
  "status",
  "statusMessage",
  "input",
  "output",
  "model",
  "tokens",
  "cost",
  "tool",
]);

interface KeyRule {
  readonly opensWith: (byte: number) => boolean;
  /** What the first field of the value may be, where the name of the key alone is too common. */
  readonly firstFields?: ReadonlySet<string>;
}

const isDigit = (byte: number) => byte >= BYTE.zero && byte <= BYTE.nine;
const isQuote = (byte: number) => byte === BYTE.quote;
const isBrace = (byte: number) => byte === BYTE.openBrace;

const keyRules = {
  version: { opensWith: isDigit },
  traceId: { opensWith: isQuote },
  sessionId: { opensWith: isQuote },
  startedAt: { opensWith: isQuote },
  metadata: { opensWith: isBrace },
  spans: { opensWith: (byte) => byte === BYTE.openBracket },
  summary: {
    opensWith: isBrace,
    firstFields: new Set(["totalTokens", "totalCost", "totalToolCalls", "totalGenerations", "duration", "status"]),
  },
  writer: { opensWith: isBrace, firstFields: new Set(["instance", "incarnation", "seq"]) },
} satisfies Readonly<Record<string, KeyRule>>;

type TraceKey = keyof typeof keyRules;

/** Keys that a trace has before its spans. */
const headerKeys: readonly TraceKey[] = ["version", "traceId", "sessionId", "startedAt", "metadata", "spans"];

export interface ResumePoint {
  /** A span stands there, or a key of the trace. */
  readonly type: "span" | "key";
  readonly atBytes: number;
}

export interface ResumeOptions {
  readonly withSpans: boolean;
  /** The spans were not reached yet, so that keys before them may come. */
  readonly isHeader: boolean;
  /** Within so many bytes the white space before a span does not matter. */
  readonly nearBytes: number;
}

interface SpanLayout {
  readonly firstField: string;
  readonly secondField: string | undefined;
  /** White space before the opening brace. */
  readonly indent: string;
}

export class ResumeSearch {
  readonly #bytes: Uint8Array;
  #layout: SpanLayout | undefined;
  #keyIndent: string | undefined;
  /** Between these two offsets no span starts: keeps repeated searches linear. */
  #scannedFrom = Number.POSITIVE_INFINITY;
  #nextFound = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Notes what the first sound span looks like. */
  learnSpan(openBytes: number, span: object): void {
    if (this.#layout !== undefined) return;
    const [firstField, secondField] = Object.keys(span);
    if (firstField !== undefined) {
      this.#layout = { firstField, secondField, indent: this.#indentBefore(openBytes) };
    }
  }

  /** Notes what stands before the first key of the trace. */
  learnKey(quoteBytes: number): void {
    this.#keyIndent ??= this.#indentBefore(quoteBytes);
  }

  /** The next place at or after `fromBytes`; undefined where there is none. */
  find(fromBytes: number, options: ResumeOptions): ResumePoint | undefined {
    const span = options.withSpans ? this.#nextSpan(fromBytes, options.nearBytes) : undefined;
    const key = options.isHeader ? this.#nextKey(fromBytes, span ?? this.#bytes.length) : undefined;
    if (key !== undefined) return { type: "key", atBytes: key };
    if (span !== undefined) return { type: "span", atBytes: span };
    // What a trace has after its spans comes later than anything within them, so the last one counts.
    const late = this.#lastKey(fromBytes, "summary") ?? this.#lastKey(fromBytes, "writer");
    return late === undefined ? undefined : { type: "key", atBytes: late };
  }

  /** The offset of the opening brace of the next span. */
  #nextSpan(fromBytes: number, nearBytes: number): number | undefined {
    const near = nearBytes === 0 ? undefined : this.#scanForSpan(fromBytes, fromBytes + nearBytes, true);
    if (near !== undefined) return near;
    // Everything up to a place that was found before was looked at then.
    if (fromBytes < this.#scannedFrom || fromBytes > this.#nextFound) {
      this.#scannedFrom = fromBytes;
      this.#nextFound = this.#scanForSpan(fromBytes, this.#bytes.length, false) ?? Number.POSITIVE_INFINITY;
    }
    return this.#nextFound === Number.POSITIVE_INFINITY ? undefined : this.#nextFound;
  }

  #scanForSpan(fromBytes: number, toBytes: number, isNear: boolean): number | undefined {
    const bytes = this.#bytes;
    let quote = bytes.indexOf(BYTE.quote, fromBytes);
    for (; quote >= 0; quote = bytes.indexOf(BYTE.quote, quote + 1)) {
      const open = this.#lastBefore(quote);
      if (open > toBytes) return undefined;
      if (open >= fromBytes && bytes[open] === BYTE.openBrace && this.#isSpanAt(open, quote, isNear)) return open;
    }
    return undefined;
  }

  /** The offset of the quote of the first header key before `toBytes`. */
  #nextKey(fromBytes: number, toBytes: number): number | undefined {
    const bytes = this.#bytes;
    let quote = bytes.indexOf(BYTE.quote, fromBytes);
    for (; quote >= 0 && quote < toBytes; quote = bytes.indexOf(BYTE.quote, quote + 1)) {
      if (headerKeys.some((name) => this.#isKeyAt(name, quote))) return quote;
    }
    return undefined;
  }

  #lastKey(fromBytes: number, name: TraceKey): number | undefined {
    const bytes = this.#bytes;
    let quote = bytes.lastIndexOf(BYTE.quote);
    while (quote >= fromBytes) {
      if (this.#isKeyAt(name, quote)) return quote;
      // A negative start would count from the end.
      quote = quote === 0 ? -1 : bytes.lastIndexOf(BYTE.quote, quote - 1);
    }
    return undefined;
  }

  /** The offset after `"name":` where that stands at `quote`. */
  #keyEnd(quote: number, name: string): number | undefined {
    const bytes = this.#bytes;
    for (let index = 0; index < name.length; index++) {
      if (bytes[quote + 1 + index] !== name.charCodeAt(index)) return undefined;
    }
    const end = quote + 1 + name.length;
    if (bytes[end] !== BYTE.quote) return undefined;
    const colon = skipWhiteSpace(bytes, end + 1);
    return bytes[colon] === BYTE.colon ? colon + 1 : undefined;
  }

  #isKeyAt(name: TraceKey, quote: number): boolean {
    const bytes = this.#bytes;
    const rule: KeyRule = keyRules[name];
    const end = this.#keyEnd(quote, name);
    if (end === undefined) return false;
    const open = skipWhiteSpace(bytes, end);
    if (!rule.opensWith(bytes[open] ?? 0)) return false;
    const indent = this.#indentBefore(quote);
    if (this.#keyIndent !== undefined && indent.length !== this.#keyIndent.length) return false;
    if (rule.firstFields === undefined) return true;
    const field = this.#keyAt(skipWhiteSpace(bytes, open + 1));
    return field === undefined || rule.firstFields.has(field);
  }

  #isSpanAt(open: number, quote: number, isNear: boolean): boolean {
    const layout = this.#layout;
    if (layout !== undefined && !isNear && this.#indentBefore(open) !== layout.indent && !this.#followsDamage(open)) {
      return false;
    }
    const afterId = this.#keyEnd(quote, "spanId");
    if (afterId !== undefined) {
      const second = this.#fieldAfterValue(afterId);
      return second === "unknown" || (second !== undefined && this.#isSecondField(second.name));
    }
    if (layout === undefined) return false;
    const afterFirst = this.#keyEnd(quote, layout.firstField);
    if (afterFirst === undefined) return false;
    const second = this.#fieldAfterValue(afterFirst);
    return second === "unknown" || (second !== undefined && second.name === layout.secondField);
  }

  /** No object begins behind anything but these three, so what is before it has been overwritten. */
  #followsDamage(open: number): boolean {
    const before = this.#bytes[this.#lastBefore(open)];
    return before !== BYTE.comma && before !== BYTE.openBracket && before !== BYTE.colon;
  }

  #isSecondField(name: string): boolean {
    return secondFields.has(name) || name === this.#layout?.secondField;
  }

  /**
   * The field that follows a value at `offset`; undefined where the object ends, "unknown" where the bytes end, are
   * damaged, or hold a value that is more than one token.
   */
  #fieldAfterValue(offset: number): { readonly name: string } | "unknown" | undefined {
    const bytes = this.#bytes;
    let at = skipWhiteSpace(bytes, offset);
    if (bytes[at] === BYTE.quote) {
      at++;
      while (at < bytes.length && bytes[at] !== BYTE.quote) at += bytes[at] === BYTE.backslash ? 2 : 1;
      at++;
    } else while (at < bytes.length && isScalarByte(bytes[at] ?? 0)) at++;
    at = skipWhiteSpace(bytes, at);
    if (bytes[at] === BYTE.closeBrace) return undefined;
    if (bytes[at] !== BYTE.comma) return "unknown";
    const name = this.#keyAt(skipWhiteSpace(bytes, at + 1));
    return name === undefined ? "unknown" : { name };
  }

  /** A short key without escapes whose quote is at `quote`. */
  #keyAt(quote: number): string | undefined {
    const bytes = this.#bytes;
    if (bytes[quote] !== BYTE.quote) return undefined;
    let name = "";
    for (let at = quote + 1; at < quote + 64; at++) {
      const byte = bytes[at];
      if (byte === BYTE.quote) return name;
      if (byte === undefined || byte === BYTE.backslash || byte >= 0x80) return undefined;
      name += String.fromCharCode(byte);
    }
    return undefined;
  }

  /** The offset of the last byte before `offset` that is not white space, -1 if there is none. */
  #lastBefore(offset: number): number {
    let at = offset - 1;
    while (at >= 0 && isWhiteSpace(this.#bytes[at])) at--;
    return at;
  }

  #indentBefore(offset: number): string {
    let text = "";
    for (let at = this.#lastBefore(offset) + 1; at < offset; at++) text += String.fromCharCode(this.#bytes[at] ?? 0);
    return text;
  }
}
