// The errors of a batch, grouped by what they say: numbers, ids, paths and quoted parts differ from run to run although the
// trouble is the same. Codes that tell one trouble from another (an exit code, a status of HTTP) stay.

import type { BatchState } from "./batchState";

export interface ErrorGroup {
  /** What all of them say, with "…" where they differ. */
  readonly message: string;
  /** Indexes of the runs, ascending. */
  readonly indexes: readonly number[];
}

const unknownError = "failed without a word";
const longestPattern = 200;
/** A longer message is looked at no further. */
const longestRead = 2_000;

/** Words that give the number after them a meaning. */
const meant = /(?:\b(?:exit(?: code)?|code|HTTP(?:\/[\d.]+)?|status(?: code)?|errno|signal)\s*[:=]?\s*)$/i;
const variable = new RegExp(
  [
    /"[^"\n]*"|(?<!\w)'[^'\n]*'(?!\w)|`[^`\n]*`|“[^”\n]*”/.source,
    // An address, or a path of at least two parts.
    /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`)>\]]+/.source,
    /(?:[A-Za-z]:)?(?:[\w.@~+-]*[/\\]){2,}[\w.@~+-]*(?::\d+)*/.source,
    /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/.source,
    // Of hex digits and of letters with digits among them, as ids are.
    /\b(?=[0-9a-z_-]*\d)(?=[0-9a-z_-]*[a-z])[0-9a-z_-]{8,}\b/.source,
    /\b\d[\d.,:]*\d\b|\d+/.source,
  ].join("|"),
  "gi",
);

/** The message with "…" for what differs from run to run. */
export function errorPattern(message: string): string {
  const [first = ""] = message.slice(0, longestRead).trim().split(/\r?\n/);
  const pattern = first
    .replace(variable, (part, offset: number) => {
      return /^\d+$/.test(part) && meant.test(first.slice(0, offset)) ? part : "…";
    })
    .replace(/…(?:[\s,:.]*…)+/g, "…")
    .replace(/\s+/g, " ");
  return pattern.length > longestPattern ? `${pattern.slice(0, longestPattern)}…` : pattern;
}

/** Of the runs that ended badly, the most frequent first; equally frequent ones in the order of their first runs. */
export function groupErrors(state: BatchState): ErrorGroup[] {
  const groups = new Map<string, { readonly first: string; isSame: boolean; readonly indexes: number[] }>();
  for (let index = 0; index < state.runCount; index++) {
    const stands = state.stateOf(index);
    if (stands !== "failed" && stands !== "prefailed" && stands !== "uncreated") continue;
    const message = state.errorOf(index)?.trim() || unknownError;
    const pattern = errorPattern(message);
    const known = groups.get(pattern);
    if (known) {
      known.indexes.push(index);
      known.isSame &&= message === known.first;
    } else groups.set(pattern, { first: message, isSame: true, indexes: [index] });
  }
  return [...groups]
    .map(([pattern, { first, isSame, indexes }]) => ({ message: isSame ? first : pattern, indexes }))
    .sort((one, other) => other.indexes.length - one.indexes.length);
}

const mostNamed = 3;

/** "3 of 40 runs failed: 2 × connect ECONNREFUSED …, 1 × exit 1"; undefined where none did. */
export function failureSummary(state: BatchState): string | undefined {
  const groups = groupErrors(state);
  const count = groups.reduce((sum, { indexes }) => sum + indexes.length, 0);
  if (count === 0) return undefined;
  const named = groups.slice(0, mostNamed).map(({ message, indexes }) => {
    const [line = ""] = message.split(/\r?\n/);
    return `${indexes.length} × ${line.length > longestPattern ? `${line.slice(0, longestPattern)}…` : line}`;
  });
  const others = groups.length - named.length;
  const more = others === 0 ? [] : [`${others} other ${others === 1 ? "error" : "errors"}`];
  return `${count} of ${state.runCount} runs failed: ${[...named, ...more].join(", ")}`;
}
