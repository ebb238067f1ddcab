// JSON inside of texts: instrumentations write messages and arguments as texts because attributes hold no objects.

/** Longer texts stay texts: whoever reads the trace finds the same in them. */
const longestParsed = 1_000_000;
const deepest = 64;

/**
 * The value in a text that is a JSON object or list; anything else as it is.
 * @param mayBeAny the text is known to be JSON, so that a quoted text, a number or null is one too
 */
export function fromJsonText(value: unknown, mayBeAny = false): unknown {
  if (typeof value !== "string" || value.length > longestParsed) return value;
  if (!mayBeAny && !/^\s*[[{]/.test(value)) return value;
  try {
    const parsed = JSON.parse(value) as unknown;
    return isWithin(parsed, deepest) ? parsed : value;
  } catch {
    return value;
  }
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  return Object.values(value).every((part) => isWithin(part, levels - 1));
}
