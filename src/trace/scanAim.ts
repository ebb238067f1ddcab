// What a call is about, as a number that its arguments' bytes give while they are scanned: equal for equal actions, so that
// most calls can be told apart without reading them again. See `actionKey`.

import { aimFields } from "./actionKey";
import { BYTE } from "./jsonTokens";
import type { ScanWindow } from "./scanWindow";
import { commandFields, pathFields } from "./toolCall";

/** Nothing is known: the action may be that of any other call of the tool. */
export const unknownAim = 1;
/** The arguments name no aim: all of them tell what the call is about. */
export const noAim = 2;
/** Of a field: it is not there, or says nothing. */
export const absentAim = 0;
/** Of a field: the window ends before its value does. */
export const cutAim = 3;

/** Fields that may name the aim; what comes first counts. Fewer than there are bits in a number. */
export const fieldsOfAim: readonly string[] = [...commandFields, ...aimFields, ...pathFields];

const firstHash = 0x811c9dc5 | 0;
const prime = 0x01000193;
const [letterU, slash, letterN] = [0x75, 0x2f, 0x6e];
/** A longer text says nothing until it is read. */
const mostBytes = 2048;

/** Of the value that begins at `at`, by the place of its field. */
export function aimOfValue(window: ScanWindow, at: number, place: number): number {
  const first = window.bytes[at] ?? 0;
  if (first === BYTE.quote) return aimOfText(window, at, place);
  // An argument vector may be the same command as a text; of other fields only texts count.
  return place < commandFields.length && first !== letterN ? unknownAim : absentAim;
}

/**
 * @param values by place of the field
 * @param seen bits of the places that have a value
 */
export function aimOfFields(values: Int32Array, seen: number): number {
  let aim = noAim;
  for (let left = seen; left !== 0; left &= left - 1) {
    const place = 31 - Math.clz32(left & -left);
    const value = values[place] ?? absentAim;
    if (value === unknownAim) return unknownAim;
    // A command and a path of the same letters are two things.
    if (aim === noAim && value !== absentAim) aim = place < commandFields.length ? value : ~value | 4;
  }
  return aim;
}

function aimOfText({ bytes, end }: ScanWindow, quote: number, place: number): number {
  const most = Math.min(end, quote + mostBytes);
  let hash = firstHash;
  for (let at = quote + 1; at < most; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === BYTE.quote) {
      if (at > quote + 1) return hash | 4;
      // An empty command hides others.
      return place < commandFields.length ? unknownAim : absentAim;
    }
    hash = Math.imul(hash ^ byte, prime);
    if (byte !== BYTE.backslash) continue;
    const escaped = bytes[++at] ?? 0;
    // Others may write it in another way.
    if (escaped === letterU || escaped === slash) return unknownAim;
    hash = Math.imul(hash ^ escaped, prime);
  }
  return most === end ? cutAim : unknownAim;
}

/**
 * The number of an action by the part of its key behind kind and name, as the scan gives it for arguments that are plainly
 * written; undefined where the key does not tell.
 */
export function aimOfKey(rest: string): number | undefined {
  if (rest.startsWith("json:")) return noAim;
  // The scan knows no aim of arguments that are a text, so that this is that of no call whose aim is known.
  if (rest.startsWith("text:")) return absentAim;
  const [aimed = "", folder] = rest.split("\0in:", 2);
  const isCommand = aimed.startsWith("command:");
  const text = aimed.slice(isCommand ? "command:".length : "aim:".length);
  if (folder?.includes("\0") === true || text.includes("\0")) return undefined;
  const hash = hashOfText(text);
  return isCommand ? hash : ~hash | 4;
}

const encoder = new TextEncoder();

function hashOfText(text: string): number {
  const bytes = encoder.encode(JSON.stringify(text));
  let hash = firstHash;
  for (let at = 1; at < bytes.length - 1; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), prime);
  return hash | 4;
}
