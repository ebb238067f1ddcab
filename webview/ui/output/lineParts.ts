// A line cut where its look, a link or a match begins or ends, so that each part is one text of the page.

import type { OutputLineView } from "../../../src/protocol/outputMessages";

type Style = OutputLineView["runs"][number]["style"];

export interface LinePart {
  readonly text: string;
  readonly style?: Style | undefined;
  /** Index of the link that it is part of. */
  readonly link?: number | undefined;
  readonly isMatch: boolean;
}

/** @param places where matches start and end, in turn */
export function lineParts({ text, runs, links }: OutputLineView, places: readonly number[]): LinePart[] {
  const matches = ranges(places);
  if (runs.length === 0 && links.length === 0 && matches.length === 0) {
    return text === "" ? [] : [{ text, isMatch: false }];
  }
  const ends = [...runs, ...links, ...matches].flatMap(({ start, end }) => [start, end]);
  const cuts = [...new Set([...ends, text.length])].sort((a, b) => a - b);
  const parts: LinePart[] = [];
  let run = 0;
  let link = 0;
  let match = 0;
  let start = 0;
  for (const end of cuts) {
    if (end <= start) continue;
    while ((runs[run]?.end ?? Number.POSITIVE_INFINITY) <= start) run++;
    while ((links[link]?.end ?? Number.POSITIVE_INFINITY) <= start) link++;
    while ((matches[match]?.end ?? Number.POSITIVE_INFINITY) <= start) match++;
    const style = (runs[run]?.start ?? end) <= start ? runs[run]?.style : undefined;
    const isLink = (links[link]?.start ?? end) <= start;
    const isMatch = (matches[match]?.start ?? end) <= start;
    parts.push({ text: text.slice(start, end), style, link: isLink ? link : undefined, isMatch });
    start = end;
  }
  return parts;
}

function ranges(places: readonly number[]): { readonly start: number; readonly end: number }[] {
  const found: { readonly start: number; readonly end: number }[] = [];
  for (let at = 0; at + 1 < places.length; at += 2) found.push({ start: places[at] ?? 0, end: places[at + 1] ?? 0 });
  return found;
}
