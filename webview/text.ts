// Texts of the panel by key. The host sends the table before anything else, so that it is not in the bundle as well; until
// then nothing is shown.

import type { WebviewTextKey } from "../src/protocol/webviewTexts";

let texts: Readonly<Record<string, string>> = {};

export function setTexts(table: Readonly<Record<string, string>>): void {
  texts = table;
}

/** `{0}`, `{1}` are replaced in order. */
export function text(key: WebviewTextKey, ...args: readonly (string | number)[]): string {
  const template = texts[key] ?? "";
  return args.length === 0
    ? template
    : template.replace(/\{(\d)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole));
}

/** One of two texts by number. */
export function countText(one: WebviewTextKey, many: WebviewTextKey, count: number): string {
  return text(count === 1 ? one : many, formatInteger(count));
}

const integers = new Intl.NumberFormat("en-US");

export function formatInteger(count: number): string {
  return integers.format(count);
}
