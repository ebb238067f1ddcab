// File names of a trace directory. Whoever reads, writes or guards a session gets its name from here: a guard keyed by
// the raw id and a look-up keyed by the safe id would miss each other. See "Safe ids" in docs/trace-format.md.

/** Longest safe id in UTF-8 bytes, so that the longest name made of it stays below the 255 bytes of common file systems. */
export const safeIdMaxBytes = 120;

/** Replaces each of `/ \ . :` by `_`; an empty id becomes `unknown`. Also what altimate-code's recorder does. */
export function safeId(rawId: string): string {
  const replaced = rawId.replace(/[/\\.:]/g, "_");
  return replaced === "" ? "unknown" : replaced;
}

/** A safe id that exists in the directory; `rawId` is undefined where no file tells it. */
export interface TakenId {
  readonly safeId: string;
  readonly rawId?: string | undefined;
}

// Names that Windows reserves for devices, with any extension. The superscript digits count as digits there.
const windowsDevice = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])$/i;
// Refused in Windows file names, or impossible to encode: lone surrogates become U+FFFD, so two ids would become one.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what Windows refuses.
const refused = /[\u0000-\u001f\u007f<>"|?*]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * The safe id under which the files of session `rawId` are written: `safeId(rawId)` where that is free or already this
 * session's, else the same with `~` and hex digits of the raw id's SHA-256 (eight; more if even that is taken).
 *
 * @param taken all ids in the directory; one whose raw id is unknown counts as another session's unless its name is `rawId`
 * @param sha256Hex lower-case hex SHA-256 of the text's UTF-8 bytes
 */
export function fileId(rawId: string, taken: Iterable<TakenId>, sha256Hex: (text: string) => string): string {
  const plain = safeId(rawId);
  const byFoldedId = new Map<string, TakenId[]>();
  for (const id of taken) {
    const folded = fold(id.safeId);
    const same = byFoldedId.get(folded);
    if (same) same.push(id);
    else byFoldedId.set(folded, [id]);
  }
  const isFree = (candidate: string) =>
    (byFoldedId.get(fold(candidate)) ?? []).every(
      (id) => id.safeId === candidate && (id.rawId === undefined ? candidate === rawId : id.rawId === rawId),
    );
  if (isPortable(plain) && isFree(plain)) return plain;

  const hash = sha256Hex(rawId);
  const base = plain.replace(refused, "_").replace(/ $/, "_");
  let candidate = "";
  for (let digits = 8; digits <= hash.length; digits += 8) {
    candidate = `${cutToBytes(base, safeIdMaxBytes - digits - 1)}~${hash.slice(0, digits)}`;
    if (isFree(candidate)) break;
  }
  return candidate;
}

/** True for a safe id that every supported file system takes as it is. */
function isPortable(id: string): boolean {
  refused.lastIndex = 0;
  return !refused.test(id) && !id.endsWith(" ") && !windowsDevice.test(id) && utf8Length(id) <= safeIdMaxBytes;
}

/** What a file system that ignores case, or one that normalises Unicode, makes of a name. */
function fold(id: string): string {
  return id.normalize("NFC").toLowerCase();
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Names of a session's files, without directory. */
export const traceFileNames = {
  snapshot: (id: string) => `${id}.json`,
  journal: (id: string, incarnation: number) => `${id}.${incarnation}.journal.ndjson`,
  live: (id: string) => `${id}.live`,
  crash: (id: string) => `${id}.crash`,
  seen: (id: string) => `${id}.seen`,
  /** Where a running session can be followed. */
  stream: (id: string) => `${id}.stream`,
  /** `nowMs`, process id and instance make it unique, and tell later whether its writer is gone. */
  temp: (id: string, nowMs: number, pid: number, instance: string) => `${id}.json.tmp.${nowMs}.${pid}.${instance}`,
} as const;

export type TraceFileName =
  | { readonly type: "snapshot" | "live" | "crash" | "seen" | "temp"; readonly safeId: string }
  | { readonly type: "journal"; readonly safeId: string; readonly incarnation: number }
  | { readonly type: "other" };

/**
 * What a file in a trace directory is, by its name. Our safe ids hold no dot, but other programs' may: `a.b.json` is the
 * snapshot of `a.b`. Hidden files (`.gitignore`, the `._x.json` of macOS archives) and paths are `other`.
 */
export function parseTraceFileName(name: string): TraceFileName {
  if (name.startsWith(".") || /[/\\]/.test(name)) return { type: "other" };
  const temp = name.indexOf(".json.tmp.");
  if (temp > 0) return { type: "temp", safeId: name.slice(0, temp) };
  const journal = /^(.+)\.([1-9][0-9]{0,14})\.journal\.ndjson$/s.exec(name);
  if (journal?.[1] !== undefined) return { type: "journal", safeId: journal[1], incarnation: Number(journal[2]) };
  const plain = /^(.+)\.(json|live|crash|seen)$/s.exec(name);
  if (plain?.[1] === undefined) return { type: "other" };
  const type = plain[2] as "json" | "live" | "crash" | "seen";
  return { type: type === "json" ? "snapshot" : type, safeId: plain[1] };
}
