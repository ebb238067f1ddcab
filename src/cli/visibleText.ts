// Texts of traces and programs as they may go to a terminal: nothing in them can move its cursor, change its colours or
// turn its text around, and nothing is left out without being seen.

import { visibleControls } from "../trace/plainText";

const esc = String.fromCharCode(0x1b);
/** Colours alone: they hold no text and do nothing else. */
const colours = new RegExp(`${esc}\\[[0-9;:]*m`, "g");
/** What could act on a terminal, or could not be seen in it. JSON has these in strings alone. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

/** One line: line ends and tabs are pictures too. */
export function visibleLine(text: string): string {
  return visibleControls(text.replaceAll("\r", "␍").replaceAll("\n", "␊").replaceAll("\t", "␉"));
}

/** The lines of a longer text, without its colours and the empty lines around it; tabs are spaces. */
export function visibleLines(text: string): string[] {
  const plain = text.replace(colours, "").replace(/^(?:[ \t]*\r?\n)+|\s+$/g, "");
  return plain === "" ? [] : plain.split(/\r?\n/).map((line) => visibleLine(line.replaceAll("\t", "    ")));
}

/** One line of JSON; the value is the same, what can't be seen is written as its number. */
export function jsonLine(value: unknown): string {
  return (JSON.stringify(value) ?? "null").replace(unseen, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
