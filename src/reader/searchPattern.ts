// Regular expressions that cannot hang: RE2's, whose time is linear in the text. A long text is matched in pieces, so that
// whoever searches can pause and give up anywhere.

import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";
import { assertNever } from "../base/assert";
import type { PatternFault } from "../protocol/searchMessages";
import { isCaseSensitive, type SearchQuery } from "../trace/searchQuery";
import type { TextMatcher } from "../trace/searchText";
import { placeOfFault } from "./searchPatternFault";

/** Instructions of a compiled expression. Those that people write have some dozens. */
const mostInstructions = 2_000;
/** A text is matched at once where the product of its length and the instructions is at most this. */
const mostAtOnce = 65_536;
/** The same for finding places, which costs more for each unit. */
const mostPlacesWork = 1 << 22;
/** If the expression matches nothing within one of them, it matches nothing anywhere. */
const emptyProbes = ["", "a", "b", "0", "_", " ", "a b", "\n", "!"];

const notWord = "[^\\p{L}\\p{M}\\p{N}_]";

export class PatternFaultError extends Error {
  override readonly name = "PatternFaultError";
  readonly fault: PatternFault;

  constructor(fault: PatternFault) {
    super(`The expression cannot be searched for: ${fault.code}`);
    this.fault = fault;
  }
}

export interface PatternMatcher extends TextMatcher {
  /** Whether `test` takes a moment only; otherwise `begin` is to be used. */
  isShort(text: string): boolean;
  begin(text: string): PatternRun;
  /** Every match holds one of these, in any case; undefined where that can't be told. */
  readonly required: readonly string[] | undefined;
}

/** @throws PatternFaultError */
export function patternMatcher(query: SearchQuery): PatternMatcher {
  const source = withCodePoints(query.text);
  const bare = compile(source, query.text);
  if (emptyProbes.some((probe) => matchesEmpty(bare, probe))) throw new PatternFaultError({ code: "matchesEmpty" });
  const flags = isCaseSensitive(query) ? "(?m)" : "(?im)";
  const wrapped = query.wholeWord
    ? `${flags}(?:\\A|${notWord})((?:${source}))(?:\\z|${notWord})`
    : `${flags}((?:${source}))`;
  const pattern = RE2JS.compile(wrapped);
  const size = pattern.programSize();
  return {
    required: requiredTexts(bare.re2().prefilter as Prefilter | null),
    // Twice as fast as the engine's own way, which asks for every character through an interface.
    test: (text) => new PatternRun(pattern, text).advance(Number.POSITIVE_INFINITY) === true,
    isShort: (text) => text.length * size <= mostAtOnce,
    begin: (text) => new PatternRun(pattern, text),
    places(text, most) {
      const places: number[] = [];
      if (text.length * size > mostPlacesWork || !pattern.test(text)) return places;
      const matcher = pattern.matcher(text);
      // Always from the end of what was found: of a whole word the match has the character behind it, too.
      for (let from = 0; places.length < 2 * most && from <= text.length && matcher.find(from); ) {
        const [start, end] = [matcher.start(1), matcher.end(1)];
        if (end > start) places.push(start, end);
        from = Math.max(end, from + 1);
      }
      return places;
    },
  };
}

function compile(source: string, asTyped: string): RE2JS {
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(source, RE2JS.MULTILINE);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new PatternFaultError(placeOfFault(error, asTyped, syntaxFault));
    if (error instanceof RE2JSException) throw new PatternFaultError({ code: "tooLarge" });
    throw error;
  }
  if (pattern.programSize() > mostInstructions) throw new PatternFaultError({ code: "tooLarge" });
  return pattern;
}

function syntaxFault(asTyped: string): RE2JSSyntaxException | undefined {
  try {
    RE2JS.compile(withCodePoints(asTyped));
    return undefined;
  } catch (error) {
    return error instanceof RE2JSSyntaxException ? error : undefined;
  }
}

function matchesEmpty(pattern: RE2JS, text: string): boolean {
  const matcher = pattern.matcher(text);
  return matcher.find() && matcher.end() === matcher.start();
}

/** RE2 writes `\x{e9}` where editors write `\u00e9` or `\u{e9}`. */
function withCodePoints(source: string): string {
  const hex = "[0-9a-fA-F]";
  const escapes = new RegExp(
    `\\\\(?:u([dD][89abAB]${hex}{2})\\\\u([dD][c-fC-F]${hex}{2})|u(${hex}{4})|u\\{(${hex}+)\\}|.)`,
    "gsu",
  );
  return source.replace(escapes, (whole, high: string, low: string, unit: string, point: string) => {
    if (high !== undefined) {
      const pair = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16));
      return `\\x{${(pair.codePointAt(0) ?? 0).toString(16)}}`;
    }
    const digits = unit ?? point;
    return digits === undefined ? whole : `\\x{${digits}}`;
  });
}

/** The engine's own finding of what every match must hold. */
interface Prefilter {
  readonly type: 0 | 1 | 2 | 3;
  readonly str: string;
  readonly subs: readonly Prefilter[];
}

/** The fewest texts of which every match holds at least one. */
function requiredTexts(filter: Prefilter | null): string[] | undefined {
  if (filter === null) return undefined;
  switch (filter.type) {
    case 0:
      return undefined;
    case 1:
      return filter.str === "" ? undefined : [filter.str];
    case 2: {
      const parts = filter.subs.map(requiredTexts).filter((texts) => texts !== undefined);
      const worth = (texts: readonly string[]) => Math.min(...texts.map((text) => text.length)) / texts.length;
      return parts.toSorted((a, b) => worth(b) - worth(a))[0];
    }
    case 3: {
      const parts = filter.subs.map(requiredTexts);
      return parts.every((texts) => texts !== undefined) ? parts.flat() : undefined;
    }
    default:
      return assertNever(filter.type, "prefilter");
  }
}

/** A state of the engine's automaton and where it leads by class of character. */
interface AutomatonState {
  readonly next: readonly (AutomatonState | null)[] | null;
  readonly isMatch: boolean;
}

/** The part of the engine's automaton that is used here: it is walked by hand, because the engine walks to the end. */
interface Automaton {
  readonly latin1Class: Int32Array;
  readonly numClasses: number;
  runeClass(rune: number): number;
  start(input: { context(at: number): number; step(at: number): number }, at: number): AutomatonState | null;
  step(state: AutomatonState, runeClass: number, rune: number, anchor: number): AutomatonState | null;
  resetCache(state: AutomatonState): AutomatonState | null;
}

const unanchored = 0;
const endOfText = -1;
/** What is true before the first character: a line and the text begin. */
const atStart = { context: () => 1 | 4, step: () => -8 };
/** A step that is not in the automaton's memory yet costs as much as this many that are. */
const newStepUnits = 500;

/** One matching of a text, in pieces. */
export class PatternRun {
  readonly #automaton: Automaton;
  readonly #text: string;
  #state: AutomatonState;
  #at = 0;
  #newSteps = 0;

  constructor(pattern: RE2JS, text: string) {
    this.#automaton = pattern.re2().dfa as Automaton;
    this.#text = text;
    this.#state = sound(this.#automaton.start(atStart, 0));
  }

  /** Goes on for about so many units; true and false are final. */
  advance(units: number): boolean | undefined {
    const { latin1Class } = this.#automaton;
    const text = this.#text;
    const end = Math.min(text.length, this.#at + units);
    this.#newSteps = 0;
    let state = this.#state;
    let at = this.#at;
    while (at < end) {
      let rune = text.charCodeAt(at);
      let width = 1;
      if (rune >= 0xd800 && rune <= 0xdbff) {
        rune = text.codePointAt(at) ?? rune;
        if (rune > 0xffff) width = 2;
      }
      const runeClass = rune < 256 ? (latin1Class[rune] ?? 0) : this.#automaton.runeClass(rune);
      state = state.next?.[runeClass] ?? this.#newStep(state, runeClass, rune);
      if (state.isMatch) return true;
      at += width;
      if (this.#newSteps * newStepUnits > units) break;
    }
    this.#state = state;
    this.#at = at;
    if (at < text.length) return undefined;
    return this.#newStep(state, this.#automaton.numClasses, endOfText).isMatch;
  }

  #newStep(state: AutomatonState, runeClass: number, rune: number): AutomatonState {
    this.#newSteps++;
    const next = this.#automaton.step(state, runeClass, rune, unanchored);
    if (next !== null) return next;
    // Its memory is full of states: it goes on with an empty one.
    return sound(this.#automaton.step(sound(this.#automaton.resetCache(state)), runeClass, rune, unanchored));
  }
}

function sound(state: AutomatonState | null): AutomatonState {
  if (state === null) throw new PatternFaultError({ code: "tooLarge" });
  return state;
}
