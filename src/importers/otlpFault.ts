// What is wrong with OTLP data, and where. Readers throw it at the innermost place, and each level above puts its own
// name in front, so that sound data costs nothing for it.

/** At most so many UTF-16 units of a place are told. */
const mostTold = 400;

export class OtlpFault extends Error {
  /** What is wrong, as the end of a sentence that begins with the place. */
  readonly reason: string;
  /** Nothing more is read of the whole. */
  readonly isFinal: boolean;
  #place: string;
  #isCut = false;

  constructor(reason: string, place = "", isFinal = false) {
    super(reason);
    this.reason = reason;
    this.isFinal = isFinal;
    this.#place = place;
  }

  /** As in `resourceSpans[0].scopeSpans[1].spans[3].startTimeUnixNano`; "" for the whole. */
  get place(): string {
    return this.#isCut ? `${this.#place}…` : this.#place;
  }

  /** One sentence. */
  get sentence(): string {
    return `${this.place === "" ? "The request" : this.place} ${this.reason}`;
  }

  /** The same fault, seen from one level above. */
  within(part: string): this {
    const separator = this.#place === "" || this.#place.startsWith("[") ? "" : ".";
    const place = part + separator + this.#place;
    // The beginning tells more than the end.
    this.#isCut ||= place.length > mostTold;
    this.#place = place.slice(0, mostTold);
    return this;
  }
}

/** What a reader of `part` threw, to be thrown again with the place. */
export function faultWithin(thrown: unknown, part: string): unknown {
  return thrown instanceof OtlpFault ? thrown.within(part) : thrown;
}

/** "is missing", or "must be a text, not a list". */
export function wrongType(value: unknown, wanted: string): string {
  if (value === undefined || value === null) return "is missing";
  return `must be ${wanted}, not ${typeName(value)}`;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return value.length <= 40 ? `the text ${JSON.stringify(value)}` : "a text";
    case "number":
      return `the number ${value}`;
    case "boolean":
      return String(value);
    default:
      return "an object";
  }
}
