// A JSON value of any size as one of a few KB: long texts lose their middle, long lists and objects their end, and what is
// nested deeply goes. Enough to describe a step by.

/** What is looked at of the beginning and of the end of a text when a step is described. */
const headLength = 2_048;
const tailLength = 1_024;
const mostEntries = 40;
const mostLevels = 6;
/** UTF-16 units of all texts together, after which texts are cut shorter. */
const budget = 12_000;
const shortLength = 64;

export function shortValue(value: unknown): unknown {
  return shorten(value, 0, { left: budget });
}

function shorten(value: unknown, level: number, room: { left: number }): unknown {
  if (typeof value === "string") return shortText(value, room);
  if (typeof value !== "object" || value === null) return value;
  if (level >= mostLevels) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((entry) => shorten(entry, level + 1, room));
  const short: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value).slice(0, mostEntries)) {
    if (name !== "__proto__") short[name] = shorten(field, level + 1, room);
  }
  return short;
}

function shortText(text: string, room: { left: number }): string {
  const isTight = room.left <= 0;
  const head = isTight ? shortLength : headLength;
  const tail = isTight ? shortLength : tailLength;
  const short = text.length <= head + tail ? text : `${text.slice(0, head)} … ${text.slice(-tail)}`;
  room.left -= short.length;
  return short;
}
