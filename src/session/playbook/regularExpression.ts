// Regular expressions of playbooks are RE2's: their time grows with the text alone, so that no output can make one hang.

import { RE2JS, RE2JSException } from "re2js";
import type { PlaceholderValues } from "./placeholders";
import { placeholdersIn, referencedValue, valueText } from "./placeholders";

/** Throws a `RegularExpressionError`. `^` and `$` mean the borders of a line. */
export function regularExpression(text: string): (subject: string) => boolean {
  try {
    const compiled = RE2JS.compile(text, RE2JS.MULTILINE);
    return (subject) => compiled.matcher(subject).find();
  } catch (error) {
    if (error instanceof RE2JSException) throw new RegularExpressionError(reason(error));
    throw error;
  }
}

export class RegularExpressionError extends Error {}

/** A value that is filled in stands for itself: `{version}` with `1.2` does not match `1x2`. */
export function fillExpression(text: string, values: PlaceholderValues): string {
  let filled = "";
  let from = 0;
  for (const { reference, start, end } of placeholdersIn(text)) {
    const value = referencedValue(reference, values);
    // `\p{L}` and `\x{41}` are the expression's own, even where a parameter has that name.
    if (value === undefined || /(^|[^\\])(\\\\)*\\[pPx]$/.test(text.slice(from, start))) continue;
    filled += text.slice(from, start) + RE2JS.quote(valueText(value));
    from = end;
  }
  return filled + text.slice(from);
}

function reason(error: RE2JSException): string {
  // The library shows its flag as if it had been written.
  return error.message.replace(/^error parsing regexp: /, "").replace("`(?m)", "`");
}
