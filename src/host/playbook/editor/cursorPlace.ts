// Where in a playbook a cursor stands: the path of what is under it and whether that is a key or a value. A text that is
// being typed is rarely sound, so the word under the cursor is replaced by a mark that is then looked for.

import { isAlias, isMap, isNode, isScalar, isSeq, type Node } from "yaml";
import { readYaml, type YamlPath, type YamlText } from "../../../session/playbook/yamlText";
import { readableValue } from "./playbookOutline";

export interface CursorPlace {
  /** Of the map for a key, of the value itself for a value. */
  readonly path: YamlPath;
  readonly kind: "key" | "value";
  /** The word under the cursor, as offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** Keys that stand beside it already. */
  readonly siblings: readonly string[];
  /** A value holds more than the word; here are the letters of it before the cursor. */
  readonly before: string;
  /** With the mark in place of the word. */
  readonly yaml: YamlText;
  /** The value of the marked text, as far as it can be told. */
  readonly root: unknown;
}

const mark = "TRACEKEEPERCURSOR";
const wordLetter = /[A-Za-z0-9_-]/;

export function cursorPlace(text: string, offset: number): CursorPlace | undefined {
  let start = offset;
  let end = offset;
  while (start > 0 && wordLetter.test(text[start - 1] ?? "")) start--;
  while (end < text.length && wordLetter.test(text[end] ?? "")) end++;
  // A dash that begins an item of a list is no part of a word.
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (/^\s*$/.test(line) && text[start] === "-" && start < offset) return undefined;
  // Alone in its line it is a key to be; without its colon it would be taken for a part of the line below.
  const isAlone = /^\s*(- +)*$/.test(line) && /^[ \t]*(\r?\n|$)/.test(text.slice(end));
  const { yaml } = readYaml(`${text.slice(0, start)}${mark}${isAlone ? ":" : ""}${text.slice(end)}`);
  const found = find(yaml.document.contents, [], []);
  if (found === undefined) return undefined;
  return { ...found, start, end, yaml, root: readableValue(yaml) };
}

type Found = Pick<CursorPlace, "path" | "kind" | "siblings" | "before">;

function find(node: unknown, path: YamlPath, above: readonly Node[]): Found | undefined {
  if (!isNode(node) || isAlias(node) || above.length > 64) return undefined;
  if (isScalar(node)) {
    const text = typeof node.value === "string" ? node.value : "";
    const at = text.indexOf(mark);
    return at < 0 ? undefined : { path, kind: "value", siblings: [], before: text.slice(0, at) };
  }
  if (isSeq(node)) return first(node.items, (item, index) => find(item, [...path, index], [...above, node]));
  if (!isMap(node)) return undefined;
  return first(node.items, ({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : "";
    if (!name.includes(mark)) return find(value, [...path, name], [...above, node]);
    const siblings = node.items.flatMap((pair) => (isScalar(pair.key) ? [String(pair.key.value)] : []));
    return { path, kind: "key", siblings: siblings.filter((each) => !each.includes(mark)), before: "" };
  });
}

function first<T, Result>(items: readonly T[], look: (item: T, index: number) => Result | undefined) {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
