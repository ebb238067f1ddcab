// The keys of actions of an opened trace, for `findFailures`: of a row only what its key is made of is read, and rows of a
// file whose bytes do not hold what is looked for are not read as values at all.

import { actionKey, aimedText, generationKey } from "./actionKey";
import type { ActionKeys } from "./failures";
import { BYTE } from "./jsonTokens";
import type { SpanKind, TraceSpan } from "./schema";
import { kindCodes, type SpanColumns } from "./spanColumns";
import type { SpanFile } from "./spanFile";
import type { SpanSource } from "./spanSource";

const generationKind = kindCodes.indexOf("generation");

export function actionKeysOf(spans: SpanSource, columns: SpanColumns): ActionKeys {
  const { file } = spans;
  const keyOf = (row: number): string => {
    const kind: SpanKind = kindCodes[columns.kind[row] ?? 0] ?? "span";
    if (columns.kind[row] === generationKind) {
      const usage = spans.usageAt(row);
      return generationKey(usage?.provider, usage?.modelId);
    }
    const name = columns.strings[columns.name[row] ?? 0] ?? "";
    const input = spans.fieldAt(row, "input");
    const attributes = input === undefined ? (spans.fieldAt(row, "attributes") as TraceSpan["attributes"]) : undefined;
    return actionKey({ ...blank, kind, name, input, attributes });
  };
  return file === undefined ? { keyOf } : { keyOf, filter: (keys) => filterOf(file, keys) };
}

const blank = { spanId: "", parentSpanId: null, startTime: 0, status: "ok" } as const;

/** Undefined where some key has no text that has to stand in the arguments. */
function filterOf(file: SpanFile, keys: Iterable<string>): ((row: number) => boolean) | undefined {
  const hashes = new Set<number>();
  for (const key of keys) {
    const text = aimedText(key);
    if (text === undefined) return undefined;
    hashes.add(hashOfToken(text));
  }
  return (row) => {
    const range = file.isMended(row) ? undefined : file.fieldRanges(row).findLast(({ field }) => field === "input");
    return range === undefined || mayHold(file.read(range), hashes);
  };
}

const encoder = new TextEncoder();

/** Of the text as `JSON.stringify` writes it, between its quotes. */
function hashOfToken(text: string): number {
  const bytes = encoder.encode(JSON.stringify(text));
  let hash = firstHash;
  for (let at = 1; at < bytes.length - 1; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), prime);
  return hash;
}

const firstHash = 0x811c9dc5 | 0;
const prime = 0x01000193;
const [letterU, slash, openBracket] = [0x75, 0x2f, 0x5b];

/**
 * False for an object of which no text, as it is written, has one of these hashes. True also where that can't be told:
 * for arguments as text, for lists, which may be argument vectors, and for escapes that `JSON.stringify` does not write.
 */
function mayHold(bytes: Uint8Array, hashes: ReadonlySet<number>): boolean {
  if (bytes[0] !== BYTE.openBrace) return bytes[0] === BYTE.quote;
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] === openBracket) return true;
    if (bytes[at] !== BYTE.quote) continue;
    let hash = firstHash;
    for (at++; bytes[at] !== BYTE.quote; at++) {
      if (at >= bytes.length) return true;
      hash = Math.imul(hash ^ (bytes[at] ?? 0), prime);
      if (bytes[at] !== BYTE.backslash) continue;
      const escaped = bytes[++at] ?? 0;
      if (escaped === letterU || escaped === slash) return true;
      hash = Math.imul(hash ^ escaped, prime);
    }
    if (hashes.has(hash)) return true;
  }
  return false;
}
