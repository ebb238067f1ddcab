// Placeholders in a line for PowerShell. In double quotes it reads a variable in place; single quotes and bare words
// become double quotes first, because there a variable would end the word or be taken for an object.

import type { Placeholder } from "./placeholders";
import { ShellLineError } from "./shellLineError";

/** What a bare word is made of; anything else ends it. */
const wordPattern = /[^\s'"`$&|;<>(){}@#,]/;

export function powershellLine(
  line: string,
  placeholders: readonly Placeholder[],
  nameOf: (placeholder: Placeholder) => string,
): string {
  const byStart = new Map(placeholders.map((placeholder) => [placeholder.start, placeholder]));
  const variable = (placeholder: Placeholder) => `\${env:${nameOf(placeholder)}}`;
  let out = "";
  let at = 0;
  const copyTo = (end: number): void => {
    out += line.slice(at, end);
    at = end;
  };
  while (at < line.length) {
    const rest = line.slice(at);
    const skipped = /^(?:`[\s\S]|\$\{[^}]*\}|<#[\s\S]*?(?:#>|$))/.exec(rest);
    const quoted = /^(?:@'[\s\S]*?\n'@|@"[\s\S]*?\n"@|'(?:[^']|'')*'|"(?:`[\s\S]|""|[^"`])*")/.exec(rest);
    if (skipped) copyTo(at + skipped[0].length);
    else if (rest.startsWith("#") && /(^|[\s;|&(){}])$/.test(line.slice(0, at))) copyTo(endOfLine(line, at));
    else if (quoted) {
      const end = at + quoted[0].length;
      out += quotedText(line, at, end, byStart, variable);
      at = end;
    } else if (byStart.has(at) || wordPattern.test(line[at] ?? "")) {
      const { text, end } = bareWord(line, at, byStart, variable);
      out += text;
      at = end;
    } else copyTo(at + 1);
  }
  return out;
}

/** A word that is not quoted, and the whole of it in double quotes where a placeholder is part of it. */
function bareWord(
  line: string,
  start: number,
  byStart: ReadonlyMap<number, Placeholder>,
  variable: (placeholder: Placeholder) => string,
): { readonly text: string; readonly end: number } {
  let inner = "";
  let end = start;
  let first: Placeholder | undefined;
  while (end < line.length) {
    const placeholder = byStart.get(end);
    if (placeholder === undefined && !wordPattern.test(line[end] ?? "")) break;
    first ??= placeholder;
    inner += placeholder ? variable(placeholder) : line[end];
    end = placeholder?.end ?? end + 1;
  }
  if (first === undefined) return { text: line.slice(start, end), end };
  const touches = /['"`$@]/.test(line[start - 1] ?? "") || /['"`$]/.test(line[end] ?? "");
  if (touches)
    throw new ShellLineError(
      `${line.slice(first.start, first.end)} can't stand beside quotes or a variable in PowerShell: put the whole word into one pair of quotes.`,
    );
  // `-Name:value` stays a parameter, `$x=value` and `name=value` are taken as they come.
  const parameter = /^-[A-Za-z]\w*:/.exec(inner)?.[0] ?? "";
  return { text: `${parameter}"${inner.slice(parameter.length)}"`, end };
}

function quotedText(
  line: string,
  start: number,
  end: number,
  byStart: ReadonlyMap<number, Placeholder>,
  variable: (placeholder: Placeholder) => string,
): string {
  const inside = [...byStart.values()].filter((placeholder) => placeholder.start > start && placeholder.end < end);
  // `${x}` and `` `{x} `` are not placeholders where variables are read.
  const isSingle = line[start] === "'" || line.startsWith("@'", start);
  const filled = inside.filter(({ start: from }) => !/[$`]$/.test(line.slice(start, from)));
  const [first] = filled;
  if (first === undefined) return line.slice(start, end);
  if (line[start] === "@" && isSingle)
    throw new ShellLineError(`${line.slice(first.start, first.end)} can't stand in @'…'@: use @"…"@.`);
  const within = !isSingle && [...line.slice(start, first.start).matchAll(/\$\(/g)].length > 0;
  if (within)
    throw new ShellLineError(`${line.slice(first.start, first.end)} can't stand after $( within quotes in PowerShell.`);
  let text = "";
  let from = start;
  const own = (part: string) => (isSingle ? part.replaceAll("''", "'").replaceAll(/[`"$]/g, "`$&") : part);
  for (const placeholder of filled) {
    text += own(line.slice(isSingle && from === start ? start + 1 : from, placeholder.start)) + variable(placeholder);
    from = placeholder.end;
  }
  if (!isSingle) return text + line.slice(from, end);
  return `"${text}${own(line.slice(from, end - 1))}"`;
}

function endOfLine(line: string, at: number): number {
  const newline = line.indexOf("\n", at);
  return newline < 0 ? line.length : newline;
}
