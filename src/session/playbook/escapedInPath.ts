// How a value is written within the quotes of a JSON path, so that it stays text there.

/** What ends the quotes or escapes is escaped. */
export function escapedInPath(value: string): string {
  return value.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they can't stand in the text of a path as they are.
    /["'\\\u0000-\u001f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
