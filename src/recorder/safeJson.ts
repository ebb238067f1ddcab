// JSON texts of whatever a caller hands in, made at the time of the call, so that nothing of the caller's is kept or
// changed. Nothing here throws: getters and `toJSON` of the caller's run in here, and what they throw ends here.

const noJson = JSON.stringify({
  _serialization_error: "This value has no JSON: it refers to itself, or holds what JSON can't express",
});

/** True for what `jsonOf` makes of a value without JSON. */
export function hasNoJson(json: string): boolean {
  return json === noJson;
}

/** JSON of a value; undefined for undefined. What has no JSON becomes an object with `_serialization_error`. */
export function jsonOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  try {
    return (JSON.stringify(value) as string | undefined) ?? noJson;
  } catch {
    return noJson;
  }
}

/** JSON of one attribute, as a string where it has none of its own; undefined for undefined. */
export function jsonOfAttribute(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  try {
    return (JSON.stringify(value) as string | undefined) ?? quoted(textOf(value) ?? "");
  } catch {
    return quoted(textOf(value) ?? "");
  }
}

/** JSON object of the attributes that can be read; undefined where there are none. */
export function jsonOfAttributes(attributes: unknown): string | undefined {
  if (typeof attributes !== "object" || attributes === null) return undefined;
  let text = "";
  for (const name of namesOf(attributes)) {
    const json = jsonOfAttribute(fieldOf(attributes, name));
    if (json === undefined) continue;
    text += `${text === "" ? "{" : ","}${quoted(name)}:${json}`;
  }
  return text === "" ? undefined : `${text}}`;
}

/** A field of anything; undefined where it can't be read. */
export function fieldOf(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Text of a value as `String` makes it; undefined for null, undefined and what has none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return undefined;
  try {
    return String(value);
  } catch {
    return undefined;
  }
}

/** Text of a tool's output: of an object its JSON, which says more than `String`. */
export function outputTextOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return textOf(value);
  const json = jsonOf(value);
  return json === undefined || hasNoJson(json) ? textOf(value) : json;
}

/** What an error says: its message, else its text; undefined for what counts as no error. */
export function errorText(error: unknown): string | undefined {
  if (!error) return undefined;
  const message = typeof error === "object" ? textOf(fieldOf(error, "message")) : undefined;
  return (message === "" ? undefined : message) ?? textOf(error) ?? "unknown error";
}

/** The number where it is one that JSON can express. */
export function finiteOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function quoted(text: string): string {
  return JSON.stringify(text);
}

function namesOf(value: object): readonly string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}
