// A text with what was searched for marked in it. Text nodes only.

import type { MatchMarks } from "../model/matchMarks";

export function Highlighted({ value, marks }: { value: string; marks: MatchMarks }) {
  const places = marks.places(value);
  if (places.length === 0) return <>{value}</>;
  const parts = splitMatches(value, places);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <mark key={index}>{part}</mark> : part))}</>;
}

/** Marked parts are at the odd indexes. @param places where matches start and end, in turn */
export function splitMatches(value: string, places: readonly number[]): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const place of places) {
    parts.push(value.slice(from, place));
    from = place;
  }
  parts.push(value.slice(from));
  return parts;
}
