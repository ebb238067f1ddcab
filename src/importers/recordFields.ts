// Fields of records that other programs write without a schema: whatever has another type than is wanted counts as missing.

import type { Fields } from "./otlpFields";

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object in a field. */
export function part(fields: Fields | undefined, name: string): Fields | undefined {
  const value = own(fields, name);
  return isFields(value) ? value : undefined;
}

/** The text in a field, if there is anything in it. */
export function text(fields: Fields | undefined, name: string): string | undefined {
  const value = own(fields, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The list in a field; empty where there is none. */
export function list(fields: Fields | undefined, name: string): readonly unknown[] {
  const value = own(fields, name);
  return Array.isArray(value) ? value : none;
}

/** The objects in a list. */
export function parts(fields: Fields | undefined, name: string): Fields[] {
  return list(fields, name).filter(isFields);
}

export function count(fields: Fields | undefined, name: string): number | undefined {
  const value = own(fields, name);
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A field that the object itself has: `constructor` and its like are no fields. */
export function own(fields: Fields | undefined, name: string): unknown {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

const none: readonly unknown[] = [];

/** Milliseconds since the epoch, from a text in ISO 8601 or from a number of milliseconds or seconds. */
export function timeMs(value: unknown): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : typeof value === "number" ? toMs(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/** Seconds would be a time in January 1970. */
function toMs(value: number): number {
  return Math.abs(value) < 1e11 ? value * 1000 : value;
}

/** The words of a result: a text, or the texts of its blocks. */
export function wordsIn(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (!Array.isArray(value)) return undefined;
  const words = value.filter(isFields).flatMap((block) => text(block, "text") ?? []);
  return words.length === 0 ? undefined : words.join("\n");
}
