// Ids and times of OTLP/JSON. Ids are hex in either case; those that the standard mapping of Protocol Buffers made base64
// are told from hex by their length. Times are kept to the microsecond, which is what a double holds of this century's.

import { OtlpFault, wrongType } from "./otlpFault";
import { type Fields, fieldOf } from "./otlpFields";

export const traceIdBytes = 16;
export const spanIdBytes = 8;

/** Lower-case hex; undefined for a field that is missing, empty or all zeros, which is how "none" is written. */
export function optionalId(fields: Fields, name: string, bytes: number): string | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined || value === "") return undefined;
  const id = typeof value === "string" ? toHex(value, bytes) : undefined;
  if (id === undefined) throw new OtlpFault(wrongType(value, `${bytes * 2} hex digits`), name);
  return isZero(id) ? undefined : id;
}

export function requiredId(fields: Fields, name: string, bytes: number): string {
  const id = optionalId(fields, name, bytes);
  if (id !== undefined) return id;
  throw new OtlpFault(fieldOf(fields, name) === undefined ? "is missing" : "must not be empty or all zeros", name);
}

export function isZero(id: string): boolean {
  return /^0*$/.test(id);
}

function toHex(text: string, bytes: number): string | undefined {
  if (text.length === bytes * 2) {
    if (lowerHex.test(text)) return text;
    return anyHex.test(text) ? text.toLowerCase() : undefined;
  }
  const base64Length = Math.ceil(bytes / 3) * 4;
  const padding = base64Length - Math.ceil((bytes * 4) / 3);
  if (text.length !== base64Length || !base64.test(text) || !text.endsWith("=".repeat(padding))) return undefined;
  const hex = Buffer.from(text, "base64").toString("hex");
  return hex.length === bytes * 2 ? hex : undefined;
}

const lowerHex = /^[0-9a-f]*$/;
const anyHex = /^[0-9a-fA-F]*$/;
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Ms since the epoch with three decimals; undefined for a field that is missing or 0, which is how "none" is written. */
export function optionalTime(fields: Fields, name: string): number | undefined {
  const value = fieldOf(fields, name);
  if (value === undefined || value === 0 || value === "0") return undefined;
  const timeMs = toMs(value);
  if (timeMs === undefined) throw new OtlpFault(wrongType(value, "nanoseconds since the epoch"), name);
  return timeMs === 0 ? undefined : timeMs;
}

/** No later time fits into 64 bits. */
const latestNs = 2 ** 64;

function toMs(value: unknown): number | undefined {
  if (typeof value === "string") {
    if (!/^\d{1,20}$/.test(value)) return undefined;
    // The last three digits are beyond what is kept; the first of them rounds.
    const micros = value.length > 3 ? Number(value.slice(0, -3)) : 0;
    return (micros + (value.charCodeAt(value.length - 3) >= 0x35 ? 1 : 0)) / 1000;
  }
  if (typeof value !== "number" || !(value >= 0 && value < latestNs)) return undefined;
  // JSON numbers of this size are off by up to 128 ns already.
  return Math.round(value / 1000) / 1000;
}
