// Pieces of the JSON of spans, put together as text so that every value is serialised once.

/** A JSON object of the fields in their order; those without JSON are left out. The names need no escaping. */
export function objectJson(fields: Readonly<Record<string, string | number | undefined>>): string {
  let text = "";
  for (const name in fields) {
    const json = fields[name];
    if (json === undefined) continue;
    text += `${text === "" ? "{" : ","}"${name}":${json}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Both JSON objects in one; they have no field in common. */
export function mergedJson(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return `${one.slice(0, -1)},${other.slice(1)}`;
}

/** Milliseconds to the microsecond. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** JSON of a text; that of the last one is kept. */
export class QuotedText {
  #text: string | undefined;
  #json = "";

  quoted(text: string): string {
    if (text !== this.#text) {
      this.#text = text;
      this.#json = JSON.stringify(text);
    }
    return this.#json;
  }
}
