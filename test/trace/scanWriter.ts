// Writes JSON as no program does and every parser must read it: keys in any order and twice, white space anywhere, and
// characters as they are or escaped. What it writes depends on the seed alone.

/** An object whose keys may be there twice, in the order in which they are written. */
export class Entries {
  readonly list: readonly (readonly [string, unknown])[];

  constructor(list: readonly (readonly [string, unknown])[]) {
    this.list = list;
  }
}

export interface WriterOptions {
  readonly seed: number;
  /** In a thousand, how often there is white space, and how often a character is escaped that need not be. */
  readonly whiteSpace: number;
  readonly escapes: number;
  /** In a thousand, how often a number is written with an exponent. */
  readonly exponents?: number;
}

/** A random number from 0 up to, and not with, 1; xorshift, so that it is the same everywhere. */
export function randomSource(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function writeJson(value: unknown, options: WriterOptions): string {
  const random = randomSource(options.seed);
  const space = () => {
    let text = "";
    while (random() * 1000 < options.whiteSpace) text += " \n\r\t"[Math.floor(random() * 4)] ?? "";
    return text;
  };
  const unit = (text: string, index: number) => {
    const code = text.charCodeAt(index);
    const hex = () => {
      const digits = code.toString(16).padStart(4, "0");
      return `\\u${random() < 0.5 ? digits : digits.toUpperCase()}`;
    };
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (isSurrogate) {
      const isPair =
        code < 0xdc00 &&
        index + 1 < text.length &&
        text.charCodeAt(index + 1) >= 0xdc00 &&
        text.charCodeAt(index + 1) < 0xe000;
      if (!isPair) return hex();
    }
    const must = code < 0x20 || code === 0x22 || code === 0x5c;
    if (!must && random() * 1000 >= options.escapes) return undefined;
    if (isSurrogate) return hex();
    const short = {
      '"': '\\"',
      "\\": "\\\\",
      "/": "\\/",
      "\b": "\\b",
      "\f": "\\f",
      "\n": "\\n",
      "\r": "\\r",
      "\t": "\\t",
    }[text[index] ?? ""];
    return short !== undefined && random() < 0.7 ? short : hex();
  };
  const string = (text: string) => {
    let written = "";
    for (let index = 0; index < text.length; index++) {
      const escaped = unit(text, index);
      if (escaped !== undefined) written += escaped;
      else {
        const code = text.charCodeAt(index);
        written += text[index];
        // The second half of a pair stays with the first, unless both are escaped.
        if (code >= 0xd800 && code < 0xdc00) written += text[++index];
      }
    }
    return `"${written}"`;
  };
  const number = (it: number) => {
    const usual = JSON.stringify(it);
    if (random() * 1000 >= (options.exponents ?? 0)) return usual;
    const ways = [it.toExponential(), it.toExponential().replace("e", "E"), `${usual}e0`, `${usual}E+0`];
    const way = ways[Math.floor(random() * ways.length)] ?? usual;
    return Number.isFinite(it) && !/e.*e/i.test(way) ? way : usual;
  };
  const write = (it: unknown): string => {
    if (typeof it === "string") return string(it);
    if (typeof it === "number") return Object.is(it, -0) ? "-0" : number(it);
    if (Array.isArray(it))
      return `[${it.map((item) => space() + write(item) + space()).join(",")}${it.length === 0 ? space() : ""}]`;
    if (typeof it === "object" && it !== null) {
      const list = it instanceof Entries ? it.list : Object.entries(it);
      const fields = list.map(
        ([key, field]) => `${space()}${string(key)}${space()}:${space()}${write(field)}${space()}`,
      );
      return `{${fields.join(",")}${list.length === 0 ? space() : ""}}`;
    }
    return JSON.stringify(it) ?? "null";
  };
  return space() + write(value) + space();
}
