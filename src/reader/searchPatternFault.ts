// What is wrong with an expression and where, from what the engine says of it.

import type { RE2JSSyntaxException } from "re2js";
import type { PatternFault, PatternFaultCode } from "../protocol/searchMessages";

const codes: Readonly<Record<string, PatternFaultCode>> = {
  "invalid character class range": "range",
  "invalid escape sequence": "escape",
  "invalid named capture": "groupName",
  "duplicate capture group name": "groupName",
  "invalid or unsupported Perl syntax": "syntax",
  "invalid nested repetition operator": "repeatedTwice",
  "invalid repeat count": "repeatCount",
  "missing closing ]": "unclosedBracket",
  "missing closing )": "unclosedGroup",
  "unexpected )": "unopenedGroup",
  "missing argument to repetition operator": "nothingToRepeat",
  "trailing backslash at end of expression": "trailingBackslash",
  "expression nests too deeply": "tooLarge",
  "expression too large": "tooLarge",
};

export type EngineFault = Pick<RE2JSSyntaxException, "error" | "input">;

/** @param faultOf what the engine says of another expression */
export function placeOfFault(
  fault: EngineFault,
  source: string,
  faultOf: (source: string) => EngineFault | undefined,
): PatternFault {
  const { error, input } = fault;
  const code = codes[error] ?? "syntax";
  switch (code) {
    case "tooLarge":
      return { code };
    case "trailingBackslash":
      return { code, at: source.length - 1, part: "\\" };
    case "unclosedGroup":
    case "unopenedGroup": {
      const at = outline(source)[code];
      return at === undefined ? { code } : { code, at, part: source[at] ?? "" };
    }
    default:
      if (input === null) return { code };
      return described(code, input, source, placeOf(fault, input, source, faultOf));
  }
}

/** The engine names what it stumbled over, which may stand there more than once; it reads from left to right. */
function placeOf(
  { error }: EngineFault,
  input: string,
  source: string,
  faultOf: (source: string) => EngineFault | undefined,
): number | undefined {
  return outline(source).tokens.find((start) => {
    if (!source.startsWith(input, start)) return false;
    // The beginning of a named group alone reads as if it were unsound.
    if (input === "(?P" && source.startsWith("(?P<", start)) return false;
    const earlier = faultOf(source.slice(0, start + input.length));
    return earlier?.error === error && earlier.input === input;
  });
}

function described(code: PatternFaultCode, input: string, source: string, at: number | undefined): PatternFault {
  const part = shortened(input);
  const place = at === undefined ? { part } : { at, part };
  const group = /^\(\?(?:<?[=!]|>)/.exec(input)?.[0];
  if (group === "(?>") return { code: "atomicGroup", ...place, part: group };
  if (group !== undefined) return { code: "lookaround", ...place, part: group };
  if (code === "escape" && /^\\[1-9k]/.test(input)) return { code: "backreference", ...place };
  if (code === "syntax" && input === "(?P" && at !== undefined && source.startsWith("(?P=", at)) {
    return { code: "backreference", at, part: "(?P=" };
  }
  return { code, ...place };
}

function shortened(part: string): string {
  return part.length > 40 ? `${part.slice(0, 40)}…` : part;
}

interface Outline {
  /** Where an escape, a class, a group or a character begins. */
  readonly tokens: readonly number[];
  /** The innermost group that is not closed. */
  readonly unclosedGroup: number | undefined;
  /** The first `)` without a group. */
  readonly unopenedGroup: number | undefined;
}

function outline(source: string): Outline {
  const tokens: number[] = [];
  const groups: number[] = [];
  let unopenedGroup: number | undefined;
  let isInClass = false;
  for (let at = 0; at < source.length; at++) {
    tokens.push(at);
    const character = source[at];
    if (character === "\\") at++;
    else if (isInClass) isInClass = character !== "]";
    else if (character === "[") {
      isInClass = true;
      // A bracket that comes first, or behind the sign of negation, is a character.
      if (source[at + 1] === "^") at++;
      if (source[at + 1] === "]") at++;
    } else if (character === "(") groups.push(at);
    else if (character === ")" && groups.pop() === undefined) unopenedGroup ??= at;
  }
  return { tokens, unclosedGroup: groups.at(-1), unopenedGroup };
}
