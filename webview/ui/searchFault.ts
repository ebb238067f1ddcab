// What is wrong with an expression, in words.

import type { PatternFault, PatternFaultCode } from "../../src/protocol/searchMessages";
import type { WebviewTextKey } from "../../src/protocol/webviewTexts";
import { formatInteger, text } from "../text";

const keys: Readonly<Record<PatternFaultCode, WebviewTextKey>> = {
  lookaround: "patternLookaround",
  backreference: "patternBackreference",
  atomicGroup: "patternAtomicGroup",
  escape: "patternEscape",
  unclosedBracket: "patternUnclosedBracket",
  unclosedGroup: "patternUnclosedGroup",
  unopenedGroup: "patternUnopenedGroup",
  nothingToRepeat: "patternNothingToRepeat",
  repeatedTwice: "patternRepeatedTwice",
  repeatCount: "patternRepeatCount",
  range: "patternRange",
  trailingBackslash: "patternTrailingBackslash",
  groupName: "patternGroupName",
  syntax: "patternSyntax",
  tooLarge: "patternTooLarge",
  matchesEmpty: "patternMatchesEmpty",
};

export function faultText({ code, part = "", at }: PatternFault): string {
  const words = text(keys[code], part);
  return at === undefined ? words : text("patternAt", words, formatInteger(at + 1));
}
