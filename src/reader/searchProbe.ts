// Looks for a text in JSON's own bytes without parsing them: where it stands as writers put it, and where it may hide
// behind another way to write it. It may find what is none, and whoever asks verifies that; it never misses one.

import { foldCase } from "../trace/searchQuery";

export interface Probe {
  /** No more bytes than this are needed to recognise a place. */
  readonly longestBytes: number;
  /** A hit that is none of `maybe` is the text itself, where it begins no escape's middle. */
  readonly isExact: boolean;
  /** The text can't stand outside of strings. */
  readonly isOnlyInStrings: boolean;
  in(bytes: Buffer): ProbeRun;
}

/** Places are offsets in the bytes; -1 where there is no more. */
export interface ProbeRun {
  /** Where the text stands. */
  hit(from: number): number;
  /** Where it may hide. */
  maybe(from: number): number;
}

/**
 * @param required what is looked for: any of these
 * @returns undefined where bytes tell nothing
 */
export function makeProbe(required: readonly string[], isCaseSensitive: boolean): Probe | undefined {
  // Half a character is not written as such, and an empty text is everywhere.
  if (required.some((text) => text === "" || /\p{Surrogate}/u.test(text))) return undefined;
  const hides = hidingPlaces(required, isCaseSensitive);
  const isAscii = required.every((text) => /^[\0-\x7f]*$/.test(text));
  const plain = isCaseSensitive && required.length === 1 ? Buffer.from(escaped(required[0] ?? "")) : undefined;
  const forms = required.map((text) => [...text].map((character) => form(character, isCaseSensitive)).join(""));
  const pattern = new RegExp(forms.join("|"), isCaseSensitive ? "g" : "gi");
  const longestBytes = Math.max(longestNumberBytes, ...required.map((text) => 6 * text.length));
  return {
    longestBytes,
    isExact: required.length === 1 && (isCaseSensitive || isAscii),
    isOnlyInStrings: required.every(isOnlyInStrings),
    in(bytes) {
      let latin1: string | undefined;
      const text = () => {
        latin1 ??= bytes.toString("latin1");
        return latin1;
      };
      const search = (expression: RegExp, from: number) => {
        expression.lastIndex = from;
        return expression.exec(text())?.index ?? -1;
      };
      const { signs } = hides;
      const mayHide = signs.some((sign) => bytes.includes(sign));
      return {
        hit: (from) => (plain === undefined ? search(pattern, from) : bytes.indexOf(plain, from)),
        maybe: (from) => (mayHide ? search(hides.pattern, from) : -1),
      };
    },
  };
}

/** The text as writers put it between quotes. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function bytePattern(text: string): string {
  let pattern = "";
  for (const byte of Buffer.from(text)) pattern += `\\x${byte.toString(16).padStart(2, "0")}`;
  return pattern;
}

function form(character: string, isCaseSensitive: boolean): string {
  if (isCaseSensitive || character < "\x80") return bytePattern(escaped(character));
  const forms = caseVariants(character).map(bytePattern);
  return forms.length === 1 ? (forms[0] ?? "") : `(?:${forms.join("|")})`;
}

interface HidingPlaces {
  readonly pattern: RegExp;
  /** None of the places is where none of these is. */
  readonly signs: readonly Buffer[];
}

function hidingPlaces(required: readonly string[], isCaseSensitive: boolean): HidingPlaces {
  const characters = [...new Set(required.flatMap((text) => [...text]))];
  const variants = isCaseSensitive ? characters : characters.flatMap(caseVariants);
  const units = new Set(variants.map((character) => character.charCodeAt(0).toString(16).padStart(4, "0")));
  // Anything may be written by its number.
  const patterns = [`\\\\u(?:${[...units].join("|")})`];
  const signs = ["\\u"];
  if (characters.includes("/")) {
    patterns.push("\\\\/");
    signs.push("\\/");
  }
  if (!isCaseSensitive) {
    const ofAscii = characters.filter((character) => character < "\x80").flatMap(caseVariants);
    for (const variant of new Set(ofAscii.filter((character) => character >= "\x80"))) {
      patterns.push(bytePattern(variant));
      signs.push(variant);
    }
  }
  if (required.some((text) => /^[-+.\de]+$|^-?[infty]+$/i.test(text))) {
    patterns.push(rewrittenNumber);
    signs.push(...numberSigns);
  }
  return { pattern: new RegExp(patterns.join("|"), "gi"), signs: signs.map((sign) => Buffer.from(sign)) };
}

/** A number that may read otherwise than it is written: with an exponent, of many digits, or very small. */
const rewrittenNumber = String.raw`(?<=^|[:,[\s])-?(?:\d+(?:\.\d+)?e|[\d.]{16}|0\.000000)`;
const numberSigns = [..."0123456789"];
/** A longer one is recognised before its end. */
const longestNumberBytes = 48;

/** Runs of letters that JSON has outside of strings are parts of these, or an exponent. */
const bareWords = ["true", "false", "null"];

function isOnlyInStrings(text: string): boolean {
  if (/[^\s{}[\]:,+\-.\da-z]/i.test(text)) return true;
  const runs = text.toLowerCase().match(/[a-z]+/g) ?? [];
  return runs.some((run) => run !== "e" && !bareWords.some((word) => word.includes(run)));
}

/** What differs by case only has one key, by any of the rules that anybody has for that. */
function caseKey(character: string): string {
  const upper = character.toUpperCase();
  return twins[character] ?? foldCase(upper.length === character.length ? upper : character);
}

/** They differ by history only, and expressions take one for the other. */
const twins: Readonly<Record<string, string>> = { "\u1fd3": "\u0390", "\u1fe3": "\u03b0", "\ufb05": "\ufb06" };

const beyondAscii: Readonly<Record<string, string>> = { i: "\u0130\u0131", k: "\u212a", s: "\u017f" };

let casedByKey: Map<string, string[]> | undefined;

/** All characters that may be taken for this one where case does not matter, itself included. */
function caseVariants(character: string): readonly string[] {
  if (character < "\x80") {
    const lower = character.toLowerCase();
    return [...new Set([character, lower, character.toUpperCase(), ...(beyondAscii[lower] ?? "")])];
  }
  casedByKey ??= casedCharacters();
  return [...new Set([character, ...(casedByKey.get(caseKey(character)) ?? [])])];
}

function casedCharacters(): Map<string, string[]> {
  const byKey = new Map<string, string[]>();
  // No character of a later plane has an upper or a lower case.
  for (let first = 0; first < 0x20000; first += 0x1000) {
    const codes = Array.from({ length: 0x1000 }, (_, index) => first + index);
    for (const character of String.fromCodePoint(...codes).match(/\p{Changes_When_Casemapped}/gu) ?? []) {
      const key = caseKey(character);
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [character]);
      else known.push(character);
    }
  }
  return byKey;
}
