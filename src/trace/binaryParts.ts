// Images, sounds and files that a payload holds as base64: found by what stands around them or by their length, and folded
// to a few words, so that nobody reads a megabyte of letters. The bytes stay where they are, to be decoded when asked for.

import { type Base64Text, base64Text, decodeBase64, isBase64Unit } from "./base64";
import { formatBytes } from "./formatValue";
import { type ImageHeader, imageHeader, imageHeaderBytes, imageSignatureBytes } from "./imageHeader";
import { asFields, type Fields } from "./toolCall";

export interface BinaryPart {
  /** Number of the entry at each level from the value down to the text that holds it. */
  readonly path: readonly number[];
  readonly source: Base64Text;
  /** As its bytes say, else as the trace says. */
  readonly mediaType?: string | undefined;
  /** Of an image that can be drawn. */
  readonly image?: ImageHeader | undefined;
  /** The name that the trace gives it. */
  readonly name?: string | undefined;
}

/** Stands in a folded value for a text that was nothing but base64. */
export class FoldedText {
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }

  toJSON(): string {
    return this.label;
  }
}

/** So many letters in a row are taken for data even where nothing says so. */
const longRun = 1_024;
/** Shorter ones are as well read as folded. */
const shortestFolded = 16;
const mostParts = 2_000;
const mostNamed = 100;

/** The text with each part replaced by its label; the same text where there is none. */
export function foldText(text: string): { readonly text: string; readonly parts: readonly BinaryPart[] } {
  const found = partsOfText(text);
  return { text: withLabels(text, found), parts: found.map(({ part }) => part) };
}

/** The text of a value with those of the value's parts replaced that are too short to be found in the text alone. */
export function foldNamed(text: string, parts: readonly BinaryPart[]): string {
  let folded = text;
  for (const part of parts.slice(0, mostNamed)) {
    const { text: holder, start, end } = part.source;
    if (end - start < longRun) folded = folded.replaceAll(holder.slice(start, end), () => labelOf(part));
  }
  return folded;
}

/**
 * The value with each part replaced by its label: a text that is nothing else by a `FoldedText`. The given value is not
 * changed, and what holds no part is shared with it.
 */
export function foldValue(value: unknown): { readonly value: unknown; readonly parts: readonly BinaryPart[] } {
  if (typeof value === "string") {
    const { text, parts } = foldText(value);
    return { value: text, parts };
  }
  const parts: BinaryPart[] = [];
  const replaced: { readonly path: readonly number[]; readonly value: unknown }[] = [];
  const open: { readonly holder: object; readonly keys: readonly string[] | undefined; at: number }[] = [];
  const enter = (holder: unknown): void => {
    if (typeof holder !== "object" || holder === null) return;
    open.push({ holder, keys: Array.isArray(holder) ? undefined : Object.keys(holder), at: 0 });
  };
  enter(value);
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const { holder, keys } = level;
    const count = keys?.length ?? (holder as unknown[]).length;
    if (level.at >= count || parts.length >= mostParts) {
      open.pop();
      continue;
    }
    const key = keys?.[level.at];
    const entry: unknown = key === undefined ? (holder as unknown[])[level.at] : (holder as Fields)[key];
    level.at++;
    if (typeof entry !== "string") {
      enter(entry);
      continue;
    }
    if (entry.length < shortestFolded) continue;
    const whole = wholePart(entry, asFields(holder), key);
    const found = whole === undefined ? partsOfText(entry) : [];
    if (whole === undefined && found.length === 0) continue;
    const path = open.map(({ at }) => at - 1);
    const own = whole === undefined ? found.map(({ part }) => part) : [whole];
    parts.push(...own.map((part) => ({ ...part, path })));
    replaced.push({ path, value: whole === undefined ? withLabels(entry, found) : new FoldedText(labelOf(whole)) });
  }
  return { value: replaced.length === 0 ? value : withReplaced(value as object, replaced), parts };
}

function labelOf({ mediaType, source }: BinaryPart): string {
  return `⟨${mediaType ?? "base64"}, ${formatBytes(source.byteLength)}⟩`;
}

interface FoundPart {
  /** Of what the label replaces. */
  readonly start: number;
  readonly end: number;
  readonly part: BinaryPart;
}

function withLabels(text: string, found: readonly FoundPart[]): string {
  if (found.length === 0) return text;
  let folded = "";
  let from = 0;
  for (const { start, end, part } of found) {
    folded += text.slice(from, start) + labelOf(part);
    from = end;
  }
  return folded + text.slice(from);
}

function withReplaced(root: object, replaced: readonly { path: readonly number[]; value: unknown }[]): unknown {
  const copies = new Map<object, object>();
  const copyOf = (holder: object): object => {
    const known = copies.get(holder);
    if (known !== undefined) return known;
    const copy = Array.isArray(holder) ? [...(holder as unknown[])] : { ...holder };
    copies.set(holder, copy);
    return copy;
  };
  const result = copyOf(root);
  for (const { path, value } of replaced) {
    let original = root;
    let copy = result;
    for (const [depth, index] of path.entries()) {
      const key = Array.isArray(original) ? index : (Object.keys(original)[index] ?? "");
      if (depth === path.length - 1) {
        Object.defineProperty(copy, key, { value, enumerable: true, writable: true, configurable: true });
        break;
      }
      original = (original as Record<string | number, object>)[key] as object;
      const next = copyOf(original);
      Object.defineProperty(copy, key, { value: next, enumerable: true, writable: true, configurable: true });
      copy = next;
    }
  }
  return result;
}

const typeName = /^[\w.+-]{1,60}\/[\w.+-]{1,80}$/;
const typeFields = ["media_type", "mediaType", "mimeType", "mime_type", "contentType", "content_type"];
const nameFields = ["filename", "fileName", "file_name", "title", "name"];
const knownBeginning = /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|AAAA|Qk)/;

/** A text that is nothing but base64 and says so: by its name, by the fields beside it, or by its first bytes. */
function wholePart(text: string, holder: Fields | undefined, key: string | undefined): BinaryPart | undefined {
  const declared = key === undefined ? undefined : declaredType(holder, key);
  if (declared === undefined && key !== "b64_json" && !knownBeginning.test(text)) return undefined;
  const source = base64Text(text, 0, text.length);
  if (source === undefined) return undefined;
  const part = partOf(source, declared, holder);
  return declared === undefined && part.image === undefined ? undefined : part;
}

function declaredType(holder: Fields | undefined, key: string): string | undefined {
  if (holder === undefined) return undefined;
  if (/^(?:image|audio|video|application|font)\//.test(key) && typeName.test(key)) return key;
  if (!/^(?:data|base64|blob|bytes|content|body|file_data|fileData|image|image_data|audio)$/.test(key))
    return undefined;
  for (const name of typeFields) {
    const type = holder[name];
    if (typeof type === "string" && typeName.test(type) && !type.startsWith("text/")) return type;
  }
  const { format } = holder;
  return key === "data" && typeof format === "string" && /^(?:wav|mp3|flac|opus|aac|pcm16)$/.test(format)
    ? `audio/${format}`
    : undefined;
}

/** Whoever knows where it stands adds the path. */
function partOf(source: Base64Text, declared: string | undefined, holder?: Fields | undefined): BinaryPart {
  const isImage = imageHeader(decodeBase64(source, 0, imageSignatureBytes)) !== undefined;
  const image = isImage ? imageHeader(decodeBase64(source, 0, imageHeaderBytes)) : undefined;
  const mediaType = image?.mediaType ?? declared;
  const name = nameFields.map((field) => holder?.[field]).find((value) => typeof value === "string" && value !== "");
  return {
    path: [],
    source,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(image === undefined ? {} : { image }),
    ...(typeof name === "string" ? { name } : {}),
  };
}

/** Parts within a text, in order: `data:` URIs of any length, and long runs of letters that can be nothing else. */
function partsOfText(text: string): FoundPart[] {
  const found = dataUris(text);
  if (text.length < longRun) return found;
  const uris = [...found];
  let nextUri = 0;
  for (const { start, end } of longRuns(text)) {
    while ((uris[nextUri]?.end ?? Number.POSITIVE_INFINITY) <= start) nextUri++;
    if ((uris[nextUri]?.start ?? Number.POSITIVE_INFINITY) < end || found.length >= mostParts) continue;
    const source = base64Text(text, start, end);
    if (source !== undefined) found.push({ start, end, part: partOf(source, undefined) });
  }
  return found.sort((a, b) => a.start - b.start);
}

const uriHead = /data:([\w.+-]{1,60}\/[\w.+-]{1,80})?(?:;[\w.=+-]{1,60}){0,4}$/i;
const longestUriHead = 400;
const uriMark = ";base64,";

function dataUris(text: string): FoundPart[] {
  const found: FoundPart[] = [];
  let before = 0;
  for (let at = text.indexOf(uriMark); at >= 0 && found.length < mostParts; at = text.indexOf(uriMark, before)) {
    const from = at + uriMark.length;
    const head = uriHead.exec(text.slice(Math.max(before, at - longestUriHead), at));
    before = from;
    if (head === null) continue;
    const end = endOfRun(text, from);
    const source = end - from < shortestFolded ? undefined : base64Text(text, from, end);
    if (source === undefined) continue;
    found.push({ start: at - head[0].length, end, part: partOf(source, head[1]?.toLowerCase()) });
    before = end;
  }
  return found;
}

/** Behind the letters from `from` on and the padding that follows them. */
function endOfRun(text: string, from: number): number {
  let end = from;
  while (end < text.length && isBase64Unit(text.charCodeAt(end))) end++;
  for (let padding = 0; padding < 2 && text.charCodeAt(end) === 0x3d; padding++) end++;
  return end;
}

/** Only one unit in a thousand is looked at where there is none: each such run covers a place that is. */
function* longRuns(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let behind = 0;
  for (let at = longRun - 1; at < text.length; at += longRun) {
    if (!isBase64Unit(text.charCodeAt(at))) continue;
    let start = at;
    while (start > behind && isBase64Unit(text.charCodeAt(start - 1))) start--;
    const end = endOfRun(text, at);
    if (end - start >= longRun && looksEncoded(text.slice(start, start + longRun))) yield { start, end };
    behind = end;
    at = Math.max(at, end - 1);
  }
}

/** Hexadecimal dumps, long words and lines drawn with one letter are no base64. */
function looksEncoded(run: string): boolean {
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run);
}
