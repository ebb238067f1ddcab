// Names with their values (arguments, attributes) as a panel lists them: long texts cut, values with parts as the first
// levels of a tree. All entries of one list share what may be shown at once.

import { FoldedText } from "./binaryParts";
import { type TextLink, textLinks } from "./textLinks";
import { cutAtCharacter, utf8Length } from "./textPart";
import { asFields } from "./toolCall";
import { type ValueNode, valueNode } from "./valueNode";

export interface DataEntry {
  readonly name: string;
  /** Number of the entry in what the list was made from: the path by which more of it is asked for. */
  readonly index: number;
  readonly type: "text" | "json" | "number" | "boolean" | "null" | "data";
  /** Of JSON a short look at it. Cut where `text.length < totalLength`. */
  readonly text: string;
  /** UTF-16 units. */
  readonly totalLength: number;
  /** And its bytes as UTF-8. */
  readonly totalBytes: number;
  readonly links: readonly TextLink[];
  /** Of JSON, where `text` does not show all of it. */
  readonly node?: ValueNode | undefined;
}

/** UTF-16 units of one entry's text that a panel gets at first. */
export const shownEntryLength = 4_000;
/** Of all texts of a list; what comes behind them is cut shorter. */
const shownListLength = 65_536;
const shortestLength = 200;
/** A value that fits into a line is shown as that line. */
const shownLineLength = 80;
const mostEntries = 1_000;

export interface DataList {
  readonly entries: readonly DataEntry[];
  /** Entries that are not among them, because there are too many. */
  readonly leftOut: number;
}

/** What a list may still show; hand the same one on where several lists are shown together. */
export interface ListBudget {
  units: number;
}

export function listBudget(): ListBudget {
  return { units: shownListLength };
}

/**
 * @param value an object, its data folded already
 * @param names those that are listed; all where left out
 */
export function dataEntries(value: unknown, names?: readonly string[], budget: ListBudget = listBudget()): DataList {
  const fields = asFields(value) ?? {};
  const all = Object.keys(fields);
  const wanted = names === undefined ? undefined : new Set(names);
  const listed = all.flatMap((name, index) => (wanted === undefined || wanted.has(name) ? [{ name, index }] : []));
  const entries = listed.slice(0, mostEntries).map(({ name, index }) => entryOf(name, index, fields[name], budget));
  return { entries, leftOut: listed.length - entries.length };
}

function entryOf(name: string, index: number, value: unknown, budget: ListBudget): DataEntry {
  const common = { name, index };
  const inText = typeof value === "string" && value.length > shownLineLength ? valueNode(value, true) : undefined;
  const isJson = inText?.isInText === true;
  if (!isJson && (typeof value !== "object" || value === null || value instanceof FoldedText)) {
    const whole = value instanceof FoldedText ? value.label : typeof value === "string" ? value : String(value);
    const text = cutAtCharacter(whole, Math.min(shownEntryLength, Math.max(shortestLength, budget.units)));
    budget.units -= text.length;
    const type = value instanceof FoldedText ? "data" : scalarType(value);
    const links = type === "text" ? textLinks(whole, 0, text.length) : [];
    return { ...common, type, text, totalLength: whole.length, totalBytes: utf8Length(whole), links };
  }
  const node = valueNode(value, budget.units <= 0);
  const text = node.type === "list" ? `[${node.text}]` : `{${node.text}}`;
  budget.units -= unitsOf(node);
  const isWhole = text.length <= shownLineLength && !text.includes("…");
  const lengths = { totalLength: text.length, totalBytes: utf8Length(text) };
  return { ...common, type: "json", text, ...lengths, links: [], ...(isWhole ? {} : { node }) };
}

function unitsOf(node: ValueNode): number {
  return (node.children ?? []).reduce((sum, child) => sum + unitsOf(child), node.text.length + node.name.length);
}

function scalarType(value: unknown): DataEntry["type"] {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  return typeof value === "boolean" ? "boolean" : "null";
}
