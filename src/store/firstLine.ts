// What a row shows of a longer text.

/** The first line that is not blank, trimmed, at most 200 characters; undefined where there is none. */
export function firstLine(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  // A prompt may be megabytes long; blank lines before the first one are few.
  for (const line of text.slice(0, 20_000).split(/\r\n|[\n\r\u2028\u2029]/)) {
    const trimmed = line.trim();
    // A character is at most two code units, and none is cut in half.
    if (trimmed !== "") return [...trimmed.slice(0, 400)].slice(0, 200).join("");
  }
  return undefined;
}
