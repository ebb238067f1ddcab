// What is told of the word under the pointer: a key, the name of an action, a placeholder.

import { isMap, isNode, isScalar, isSeq } from "yaml";
import { actions } from "../../../session/actions/actions";
import { readYaml, type YamlPath } from "../../../session/playbook/yamlText";
import { actionAt, wordsOf } from "./placeSchema";
import { outlineOf, readableValue } from "./playbookOutline";
import { placeholderAt, placeholderWords } from "./references";

export interface PlaybookHover {
  readonly words: string;
  readonly start: number;
  readonly end: number;
}

/** @param only placeholders alone, where another extension tells what the schema knows */
export function hoverPlaybook(text: string, offset: number, only?: "references"): PlaybookHover | undefined {
  const { yaml } = readYaml(text);
  const root = readableValue(yaml);
  const placeholder = placeholderAt(text, offset);
  const named = placeholder && placeholderWords(placeholder, outlineOf(yaml, root));
  if (placeholder && named !== undefined) return { words: named, start: placeholder.start, end: placeholder.end };
  if (only === "references") return undefined;
  const found = wordAt(yaml.document.contents, offset, []);
  if (found === undefined) return undefined;
  const { path, isKey, start, end } = found;
  const isAction = !isKey && path.at(-1) === "action" && path[0] === "steps";
  const action = isAction ? actionAt(path, root) : undefined;
  const words = isKey ? wordsOf(path, root) : action && actions[action].summary;
  return words === undefined ? undefined : { words, start, end };
}

interface Word {
  readonly path: YamlPath;
  readonly isKey: boolean;
  readonly start: number;
  readonly end: number;
}

function wordAt(node: unknown, offset: number, path: YamlPath): Word | undefined {
  if (!isNode(node) || !node.range || path.length > 64) return undefined;
  const [start, end] = node.range;
  if (isScalar(node)) return start <= offset && offset <= end ? { path, isKey: false, start, end } : undefined;
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const found = wordAt(item, offset, [...path, index]);
      if (found) return found;
    }
  }
  if (!isMap(node)) return undefined;
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    const inner = [...path, String(key.value)];
    const own = wordAt(key, offset, inner);
    const found = own ? { ...own, isKey: true } : wordAt(value, offset, inner);
    if (found) return found;
  }
  return undefined;
}
