// AnyValue and lists of KeyValue of OTLP/JSON as plain JSON. Bytes stay base64 text, numbers that JSON can't hold become
// text, and a value that is unset or of a kind that is not known is null. Nested at most 64 levels deep.

import { faultWithin, OtlpFault, wrongType } from "./otlpFault";
import { type Fields, fieldOf, listIn, setOwn, toFields } from "./otlpFields";

export const deepestValue = 64;

/** The attributes in `fields[name]`, an object of our own; of a key that stands twice the last one. */
export function attributesIn(fields: Fields, name = "attributes"): Record<string, unknown> {
  return keyValues(fields, name, 1);
}

function keyValues(fields: Fields, name: string, depth: number): Record<string, unknown> {
  const list = listIn(fields, name);
  const result: Record<string, unknown> = {};
  let index = 0;
  try {
    for (; index < list.length; index++) {
      const entry = toFields(list[index]);
      const key = entry["key"];
      if (typeof key !== "string") throw new OtlpFault(wrongType(key, "a text"), "key");
      setOwn(result, key, valueIn(entry, "value", depth));
    }
  } catch (thrown) {
    throw faultWithin(thrown, `${name}[${index}]`);
  }
  return result;
}

/** The AnyValue in `fields[name]`; null where there is none. */
export function valueIn(fields: Fields, name: string, depth: number): unknown {
  const value = fieldOf(fields, name);
  if (value === undefined) return null;
  try {
    return readValue(toFields(value), depth);
  } catch (thrown) {
    throw faultWithin(thrown, name);
  }
}

function readValue(value: Fields, depth: number): unknown {
  if (typeof value["stringValue"] === "string") return value["stringValue"];
  for (const kind of kinds) {
    const part = fieldOf(value, kind);
    if (part === undefined) continue;
    switch (kind) {
      case "stringValue":
      case "bytesValue":
        return checked(typeof part === "string", part, "a text", kind);
      case "boolValue":
        return checked(typeof part === "boolean", part, "true or false", kind);
      case "intValue":
        return readInt(part);
      case "doubleValue":
        return readDouble(part);
      case "arrayValue":
      case "kvlistValue":
        if (depth >= deepestValue) throw new OtlpFault(`is nested deeper than ${deepestValue} levels`, kind);
        return kind === "arrayValue" ? readList(part, depth + 1) : readMap(part, depth + 1);
    }
  }
  return null;
}

const kinds = [
  "stringValue",
  "intValue",
  "boolValue",
  "doubleValue",
  "arrayValue",
  "kvlistValue",
  "bytesValue",
] as const;

function checked(isRight: boolean, value: unknown, wanted: string, kind: string): unknown {
  if (isRight) return value;
  throw new OtlpFault(wrongType(value, wanted), kind);
}

/** A whole number that a double can't hold exactly stays the text that it came as. */
function readInt(value: unknown): number | string {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value !== "string" || !/^-?\d{1,20}$/.test(value)) {
    throw new OtlpFault(wrongType(value, "a whole number"), "intValue");
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function readDouble(value: unknown): number | string {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return value;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw new OtlpFault(wrongType(value, "a number"), "doubleValue");
}

function readList(value: unknown, depth: number): unknown[] {
  try {
    const list = listIn(toFields(value), "values");
    const result: unknown[] = [];
    let index = 0;
    try {
      for (; index < list.length; index++) {
        const entry = list[index];
        result.push(entry === null || entry === undefined ? null : readValue(toFields(entry), depth));
      }
    } catch (thrown) {
      throw faultWithin(thrown, `values[${index}]`);
    }
    return result;
  } catch (thrown) {
    throw faultWithin(thrown, "arrayValue");
  }
}

function readMap(value: unknown, depth: number): Record<string, unknown> {
  try {
    return keyValues(toFields(value), "values", depth);
  } catch (thrown) {
    throw faultWithin(thrown, "kvlistValue");
  }
}
