// A line cut where its look, a link or a match begins or ends, so that each part is one text of the page.

import type { OutputLineView } from "../../../src/protocol/outputMessages";
import { splitMatches } from "../highlighted";

type Style = OutputLineView["runs"][number]["style"];

export interface LinePart {
  readonly text: string;
  readonly style?: Style | undefined;
  /** Index of the link that it is part of. */
  readonly link?: number | undefined;
  readonly isMatch: boolean;
}

export function lineParts({ text, runs, links }: OutputLineView, search: string): LinePart[] {
  const matches = search === "" ? [] : matchRanges(text, search);
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

function matchRanges(text: string, search: string): { readonly start: number; readonly end: number }[] {
  let at = 0;
  return splitMatches(text, search).flatMap((part, index) => {
    const start = at;
    at += part.length;
    return index % 2 === 1 ? [{ start, end: at }] : [];
  });
}
