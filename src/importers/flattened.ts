// Lists and objects that instrumentations write as many attributes, each named by its path:
// `llm.input_messages.0.message.role`, `gen_ai.prompt.1.content`.

import type { OtlpAttributes } from "./otlpAttributes";
import { setOwn } from "./otlpFields";

const mostSegments = 64;

type Node = Map<string, Node | { readonly leaf: unknown }>;

/**
 * The list below `prefix`, in the order of its numbers, whatever these are; undefined where there is none. The attributes
 * that it is made of are taken; one whose path leads through another's value is left.
 * @param prefix with its last dot
 */
export function takeFlattened(attributes: OtlpAttributes, prefix: string): unknown[] | undefined {
  const root: Node = new Map();
  for (const name of Object.keys(attributes.all)) {
    if (!name.startsWith(prefix)) continue;
    const path = name.slice(prefix.length).split(".");
    if (!isNumber(path[0] ?? "") || path.length > mostSegments) continue;
    if (insert(root, path, attributes.all[name])) attributes.take(name);
  }
  return root.size === 0 ? undefined : inOrder(root).map(toJson);
}

function insert(root: Node, path: readonly string[], leaf: unknown): boolean {
  let node = root;
  for (const segment of path.slice(0, -1)) {
    let next = node.get(segment);
    if (next === undefined) {
      next = new Map();
      node.set(segment, next);
    }
    if (!(next instanceof Map)) return false;
    node = next;
  }
  const last = path.at(-1) ?? "";
  if (node.has(last)) return false;
  node.set(last, { leaf });
  return true;
}

function toJson(node: Node | { readonly leaf: unknown }): unknown {
  if (!(node instanceof Map)) return node.leaf;
  if ([...node.keys()].every(isNumber)) return inOrder(node).map(toJson);
  const result: Record<string, unknown> = {};
  for (const [name, part] of node) setOwn(result, name, toJson(part));
  return result;
}

function inOrder(node: Node): (Node | { readonly leaf: unknown })[] {
  return [...node].sort(([a], [b]) => Number(a) - Number(b)).map(([, part]) => part);
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
