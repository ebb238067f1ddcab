// A short look at any value, as JSON on one line: at most so many characters, whatever the value's size or depth.

/** Deeper parts are written as "…"; the recursion is bounded by it. */
const deepest = 6;

/**
 * JSON of `value` without line breaks, cut with "…" near `maxLength` UTF-16 units. Work and memory are bounded by
 * `maxLength`, not by the value. What JSON can't hold (functions, circular parts beyond the depth) is "…" too.
 */
export function compactJson(value: unknown, maxLength: number): string {
  const out = { text: "", left: maxLength };
  write(out, value, 0);
  return out.text;
}

interface Output {
  text: string;
  left: number;
}

function put(out: Output, text: string): void {
  if (out.left <= 0) return;
  out.text += text.length > out.left ? `${text.slice(0, out.left)}…` : text;
  out.left -= text.length;
}

function write(out: Output, value: unknown, depth: number): void {
  if (out.left <= 0) return;
  if (typeof value === "string")
    put(out, JSON.stringify(value.length > out.left ? `${value.slice(0, out.left)}…` : value));
  else if (value === null || typeof value === "number" || typeof value === "boolean") put(out, String(value));
  else if (typeof value !== "object") put(out, typeof value === "bigint" ? String(value) : "…");
  else if (depth >= deepest) put(out, "…");
  else if (Array.isArray(value)) writeList(out, value, depth);
  else writeFields(out, value as Record<string, unknown>, depth);
}

function writeList(out: Output, values: readonly unknown[], depth: number): void {
  put(out, "[");
  for (let index = 0; index < values.length && out.left > 0; index++) {
    if (index > 0) put(out, ", ");
    write(out, values[index], depth + 1);
  }
  put(out, "]");
}

function writeFields(out: Output, fields: Record<string, unknown>, depth: number): void {
  put(out, "{");
  let isFirst = true;
  for (const name in fields) {
    if (out.left <= 0) break;
    if (fields[name] === undefined || !Object.hasOwn(fields, name)) continue;
    if (!isFirst) put(out, ", ");
    isFirst = false;
    write(out, name, depth);
    put(out, ": ");
    write(out, fields[name], depth + 1);
  }
  put(out, "}");
}
