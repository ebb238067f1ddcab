// What is kept of a large payload while a trace is open: its shape with the beginnings of its texts, which is enough to say
// what a step is about. The whole of it is read again from the file when somebody asks.

/** UTF-16 units of a text that are kept. */
const keptLength = 2_048;
const mostParts = 200;
const deepest = 8;

export function clippedValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return value.length <= keptLength ? value : detached(value.slice(0, keptLength));
  if (typeof value !== "object" || value === null) return value;
  if (depth >= deepest) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.slice(0, mostParts).map((part) => clippedValue(part, depth + 1));
  const entries = Object.entries(value).slice(0, mostParts);
  return Object.fromEntries(entries.map(([name, part]) => [name, clippedValue(part, depth + 1)]));
}

/** The engine keeps the whole of a text for as long as there is a part of it. */
function detached(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
