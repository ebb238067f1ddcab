// Texts of a page by key. The host sends the table before anything else, so that it is not in the bundle as well; until
// then nothing is shown.

import type { BatchTextKey } from "../src/protocol/batchTexts";
import type { WebviewTextKey } from "../src/protocol/webviewTexts";

/** Each page has the table of its own: the panel that of `webviewTexts`, the page of a batch that of `batchTexts`. */
export type TextKey = WebviewTextKey | BatchTextKey;

let texts: Readonly<Record<string, string>> = {};

export function setTexts(table: Readonly<Record<string, string>>): void {
  texts = table;
}

/** `{0}`, `{1}` are replaced in order. */
export function text(key: TextKey, ...args: readonly (string | number)[]): string {
  const template = texts[key] ?? "";
  return args.length === 0
    ? template
    : template.replace(/\{(\d)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole));
}

/** One of two texts by number. */
export function countText(one: TextKey, many: TextKey, count: number): string {
  return text(count === 1 ? one : many, formatInteger(count));
}

const integers = new Intl.NumberFormat("en-US");

export function formatInteger(count: number): string {
  return integers.format(count);
}
