// A value of JSON as the entries of a tree, level by level: what a panel gets at first, and what it asks for as a person
// opens more. Each entry is addressed by its number at every level, so that names are never looked up.

import { FoldedText } from "./binaryParts";
import { compactJson } from "./compactJson";
import { type TextLink, textLinks } from "./textLinks";
import { cutAtCharacter, utf8Length } from "./textPart";

export interface ValueNode {
  /** Name of the field; "" for an entry of a list, whose number is its place, and for the value as a whole. */
  readonly name: string;
  /** `data`: base64 that was folded. */
  readonly type: "text" | "number" | "boolean" | "null" | "data" | "list" | "object";
  /** Of a list or an object a short look at what is in it; of any other the beginning of its text. */
  readonly text: string;
  /** UTF-16 units of the whole text. */
  readonly totalLength: number;
  /** And its bytes as UTF-8. */
  readonly totalBytes: number;
  readonly links: readonly TextLink[];
  /** Entries of a list or an object. */
  readonly count: number;
  /** A text that holds JSON, opened like what it holds. */
  readonly isInText: boolean;
  /** The first entries, where they are shown at once. */
  readonly children?: readonly ValueNode[] | undefined;
}

/** UTF-16 units of a text in the tree. */
export const shownTextLength = 1_000;
const shownNameLength = 200;
const previewLength = 80;
/** Longer texts are not looked into. */
const parsedLength = 1_000_000;

/** Levels that are open at first, and how many entries a level may have for that. */
const openLevels = 2;
const openEntries = 40;
/** Entries that are given out at first, in all. */
const firstNodes = 120;
/** A value with no more entries than this is shown whole, down to so many levels. */
const fewNodes = 60;
const deepestWhole = 8;

/** The value with its first levels, or closed. */
export function valueNode(value: unknown, isClosed = false): ValueNode {
  const levels = isClosed ? 0 : hasFewEntries(value) ? deepestWhole : openLevels;
  return nodeOf("", value, { levels, nodes: firstNodes });
}

function hasFewEntries(root: unknown): boolean {
  let level = [root];
  let count = 0;
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const given of level) {
      const { value } = opened(given);
      count += entryCount(value);
      if (count > fewNodes || depth >= deepestWhole) return false;
      if (isObject(value)) next.push(...Object.values(value));
    }
    level = next;
  }
  return true;
}

/** Entries of the value that the path leads to; none where it leads nowhere. */
export function entryNodes(
  root: unknown,
  path: readonly number[],
  from: number,
  count: number,
): { readonly nodes: readonly ValueNode[]; readonly total: number } {
  const value = opened(valueAt(root, path)).value;
  const total = entryCount(value);
  const nodes: ValueNode[] = [];
  const names = namesOf(value);
  for (let at = from; at < Math.min(total, from + count); at++) {
    nodes.push(nodeOf(names?.[at] ?? "", entryOf(value, names, at), { levels: 0, nodes: 0 }));
  }
  return { nodes, total };
}

/** The value at a path of entry numbers; undefined where it leads nowhere. */
export function valueAt(root: unknown, path: readonly number[]): unknown {
  let value = root;
  for (const index of path) {
    const { value: inside } = opened(value);
    value = entryOf(inside, namesOf(inside), index);
    if (value === undefined) return undefined;
  }
  return value;
}

interface Budget {
  /** Levels below the node that are given out with it. */
  readonly levels: number;
  nodes: number;
}

function nodeOf(name: string, given: unknown, budget: Budget): ValueNode {
  const { value, isInText } = opened(given);
  const shownName = cutAtCharacter(name, shownNameLength);
  if (value instanceof FoldedText) return leaf(shownName, "data", value.label);
  const count = entryCount(value);
  if (typeof value !== "object" || value === null) {
    return leaf(shownName, scalarType(value), typeof value === "string" ? value : String(value));
  }
  const isList = Array.isArray(value);
  const common = {
    name: shownName,
    type: isList ? ("list" as const) : ("object" as const),
    text: preview(value),
    totalLength: 0,
    totalBytes: 0,
    links: [],
    count,
    isInText,
  };
  if (budget.levels === 0 || count > openEntries || count > budget.nodes) return common;
  budget.nodes -= count;
  const names = namesOf(value);
  const inner: Budget = { levels: budget.levels - 1, nodes: budget.nodes };
  const children: ValueNode[] = [];
  for (let at = 0; at < count; at++) children.push(nodeOf(names?.[at] ?? "", entryOf(value, names, at), inner));
  budget.nodes = inner.nodes;
  return { ...common, children };
}

function leaf(name: string, type: ValueNode["type"], whole: string): ValueNode {
  const text = cutAtCharacter(whole, shownTextLength);
  const links = type === "text" ? textLinks(whole, 0, text.length) : [];
  const totalBytes = utf8Length(whole);
  return { name, type, text, totalLength: whole.length, totalBytes, links, count: 0, isInText: false };
}

/** The first entries in one line, lists and objects among them unopened. */
function preview(value: object): string {
  const names = namesOf(value);
  const count = entryCount(value);
  let text = "";
  let at = 0;
  for (; at < count && text.length < previewLength; at++) {
    const entry = entryOf(value, names, at);
    const short = isObject(entry) ? brief(entry) : briefly(entry);
    text += `${at === 0 ? "" : ", "}${names === undefined ? "" : `${cutAtCharacter(names[at] ?? "", 30)}: `}${short}`;
  }
  return at < count ? `${text}, …` : text;
}

/** An object by its first field, which mostly names its sort; a list by nothing. */
function brief(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "[…]";
  const [name] = Object.keys(value);
  if (name === undefined) return "{}";
  const first = (value as Readonly<Record<string, unknown>>)[name];
  const isOnly = Object.keys(value).length === 1;
  if (isObject(first)) return "{…}";
  return `{${cutAtCharacter(name, 20)}: ${briefly(first, 20)}${isOnly ? "" : ", …"}}`;
}

function briefly(value: unknown, length = 30): string {
  return value instanceof FoldedText ? value.label : compactJson(value, length);
}

function entryCount(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 0;
}

function namesOf(value: unknown): readonly string[] | undefined {
  return isObject(value) && !Array.isArray(value) ? Object.keys(value) : undefined;
}

function entryOf(value: unknown, names: readonly string[] | undefined, index: number): unknown {
  if (Array.isArray(value)) return (value as unknown[])[index];
  const name = names?.[index];
  return name === undefined ? undefined : (value as Readonly<Record<string, unknown>>)[name];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof FoldedText);
}

/** A text that holds JSON, as the arguments of a call within a message do, is opened like what it holds. */
function opened(value: unknown): { readonly value: unknown; readonly isInText: boolean } {
  const parsed = typeof value === "string" ? jsonInText(value) : undefined;
  return parsed === undefined ? { value, isInText: false } : { value: parsed, isInText: true };
}

/** The list or object with something in it that a text is the JSON of; undefined for any other text. */
function jsonInText(text: string): object | undefined {
  if (text.length < 5 || text.length > parsedLength) return undefined;
  if (!/^\s{0,20}[[{]/.test(text) || !/[\]}]\s{0,20}$/.test(text.slice(-30))) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && entryCount(value) > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

function scalarType(value: unknown): ValueNode["type"] {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  return typeof value === "boolean" ? "boolean" : "null";
}
