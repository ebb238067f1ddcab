// Reads what the two ends of a JSON document tell while its middle is unknown: the complete members of an object from
// its start on, and the last members of an object up to the end of the document. Positions are indices into the text.

export interface Member {
  readonly key: string;
  /** Start of the value. */
  readonly from: number;
  /** End of the value, exclusive; undefined where the text ends or is no JSON before the value is complete. */
  readonly to: number | undefined;
}

export interface Members {
  readonly members: readonly Member[];
  /** Position after the closing brace; undefined where that was not reached. */
  readonly end: number | undefined;
}

export function skipSpace(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

/** The members of the object whose opening brace is at `at`. */
export function scanObject(text: string, at: number): Members {
  const first = skipSpace(text, at + 1);
  return text[first] === "}" ? { members: [], end: first + 1 } : scanMembers(text, first);
}

/** The members of an object from the key at `at` to its closing brace. */
export function scanMembers(text: string, at: number): Members {
  const members: Member[] = [];
  for (;;) {
    const keyEnd = text[at] === '"' ? skipString(text, at) : -1;
    const key = keyEnd < 0 ? undefined : parseJson(text.slice(at, keyEnd));
    const colon = keyEnd < 0 ? -1 : skipSpace(text, keyEnd);
    if (typeof key !== "string" || text[colon] !== ":") return { members, end: undefined };
    const from = skipSpace(text, colon + 1);
    const end = skipValue(text, from);
    members.push({ key, from, to: end < 0 ? undefined : end });
    if (end < 0) return { members, end: undefined };
    at = skipSpace(text, end);
    if (text[at] === "}") return { members, end: at + 1 };
    if (text[at] !== ",") return { members, end: undefined };
    at = skipSpace(text, at + 1);
  }
}

/** The position of the first element of the array whose opening bracket is at `at`; undefined where there is none. */
export function firstElement(text: string, at: number): number | undefined {
  const first = skipSpace(text, at + 1);
  return text[at] === "[" && first < text.length && text[first] !== "]" ? first : undefined;
}

/** Position after the string whose opening quote is at `at`; -1 where it does not end. */
function skipString(text: string, at: number): number {
  let from = at + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return -1;
    let escapes = quote;
    while (text.charCodeAt(escapes - 1) === 0x5c && escapes - 1 > at) escapes--;
    if ((quote - escapes) % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

const scalar = /-?[0-9][0-9.eE+-]*|true|false|null/y;

/** Position after the value at `at`; -1 where it is cut or no value. Brackets are counted, not matched by kind. */
function skipValue(text: string, at: number): number {
  const opening = text[at];
  if (opening === '"') return skipString(text, at);
  if (opening !== "{" && opening !== "[") {
    scalar.lastIndex = at;
    if (!scalar.test(text)) return -1;
    // A number at the end of the text may have more digits.
    return scalar.lastIndex < text.length ? scalar.lastIndex : -1;
  }
  let depth = 0;
  for (let position = at; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === 0x22) {
      position = skipString(text, position) - 1;
      if (position < 0) return -1;
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
    } else if (code === 0x7d || code === 0x5d) {
      if (--depth === 0) return position + 1;
    }
  }
  return -1;
}

/** The complete values among `members` by key; undefined ones are cut or damaged. */
export function readMembers(text: string, members: readonly Member[]): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { key, from, to } of members) if (to !== undefined) fields[key] = parseJson(text.slice(from, to));
  return fields;
}

/**
 * The last members of the document's top-level object: from the first of `keys` in `text` from which on the text is
 * nothing but members of an object that ends the document.
 */
export function scanDocumentEnd(text: string, keys: readonly string[]): Members | undefined {
  for (const at of keyPositions(text, keys)) {
    const found = scanMembers(text, at);
    if (found.end !== undefined && skipSpace(text, found.end) === text.length) return found;
  }
  return undefined;
}

/** The same one level deeper: the last members of an object whose beginning is not in `text`. */
export function scanNestedEnd(text: string, keys: readonly string[]): Members | undefined {
  for (const at of keyPositions(text, keys)) {
    const found = scanMembers(text, at);
    if (found.end !== undefined && endsDocument(text, skipSpace(text, found.end))) return found;
  }
  return undefined;
}

/** Whether `at` is followed by nothing but further members of the document's object and its end. */
function endsDocument(text: string, at: number): boolean {
  if (text[at] === "}") return skipSpace(text, at + 1) === text.length;
  if (text[at] !== ",") return false;
  const { end } = scanMembers(text, skipSpace(text, at + 1));
  return end !== undefined && skipSpace(text, end) === text.length;
}

/** A quote within a string has a backslash before it, so that what this finds is a key. */
function* keyPositions(text: string, keys: readonly string[]): Generator<number> {
  const pattern = new RegExp(`(?<=^|[{,\\s])"(?:${keys.join("|")})"\\s*:`, "g");
  for (const match of text.matchAll(pattern)) yield match.index;
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What there is of a string that the text cuts, without an escape or a character that is cut itself. */
export function readCutString(text: string, at: number): string | undefined {
  if (text[at] !== '"') return undefined;
  const raw = text.slice(at + 1).replace(/\ufffd+$/, "");
  // An escape is at most six characters, so one of these is its start.
  for (let drop = 0; drop <= 6; drop++) {
    const value = parseJson(`"${raw.slice(0, raw.length - drop)}"`);
    if (typeof value === "string") return value;
  }
  return undefined;
}
