// Lines of NDJSON -> the items of a batch. A line that is too long is an item all the same, which fails before it runs; one
// that is no item ends the stream, and is named.

import * as z from "zod/mini";
import { type BodyLine, readBodyLines } from "./bodyLines";
import { parseDelay } from "./itemDelay";
import { readItemHead } from "./itemHead";
import { type ItemLine, ItemLineError } from "./itemLine";

/** Of a line. */
export const mostItemBytes = 3_145_728;
/** Beginning of a line that is too long, in which its index and task are looked for. */
const headBytes = 512;
export const mostItemDepth = 64;
const mostTextLength = 2_048;

const text = z.string().check(z.maxLength(mostTextLength));
const itemSchema = z.object({
  index: z.int().check(z.minimum(0)),
  task: text.check(z.minLength(1)),
  payload: z.optional(z.unknown()),
  options: z.optional(
    z.nullable(
      z.object({
        payloadType: z.optional(text),
        idempotencyKey: z.optional(text.check(z.minLength(1))),
        maxAttempts: z.optional(z.int().check(z.minimum(1), z.maximum(1_000))),
        tags: z.optional(z.union([text, z.array(text).check(z.maxLength(100))])),
        delay: z.optional(z.nullable(text)),
        idempotencyKeyTTL: z.optional(text),
        name: z.optional(text),
      }),
    ),
  ),
});

/**
 * Throws `ItemLineError` at the first line that is no item.
 * @param nowMs of the clock, for delays that name a time of day
 */
export async function* readItemLines(body: AsyncIterable<Uint8Array>, nowMs: () => number): AsyncGenerator<ItemLine> {
  let position = 0;
  for await (const line of readBodyLines(body, mostItemBytes, headBytes)) {
    if (line.isTooLong) yield oversized(line, position++);
    else if (!isBlank(line.bytes)) {
      yield parseItem(line, nowMs);
      position++;
    }
  }
}

function oversized({ line, bytes, sizeBytes }: BodyLine, position: number): ItemLine {
  const { index, task } = readItemHead(bytes);
  const message = `The item has ${sizeBytes} bytes, and at most ${mostItemBytes} are taken`;
  return { line, index: index ?? position, task: task ?? "unknown", problem: { code: "PAYLOAD_TOO_LARGE", message } };
}

function parseItem({ line, bytes }: BodyLine, nowMs: () => number): ItemLine {
  const value = parseJson(bytes, line);
  const parsed = itemSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue && issue.path.length > 0 ? `"${issue.path.join(".")}" ` : "The item ";
    throw new ItemLineError(422, line, `${where}is missing or impossible`);
  }
  const { index, task, payload, options } = parsed.data;
  const { payloadType, idempotencyKey, maxAttempts, tags, name } = options ?? {};
  const duration = (field: "delay" | "idempotencyKeyTTL") => {
    const given = options?.[field] ?? undefined;
    if (given === undefined) return undefined;
    const ms = parseDelay(given, nowMs());
    if (ms !== undefined) return ms;
    throw new ItemLineError(422, line, `"options.${field}" is no duration, no time, or more than a year`);
  };
  const known = withoutUndefined({
    maxAttempts,
    tags: typeof tags === "string" ? [tags] : tags,
    delayMs: duration("delay"),
    keyTtlMs: duration("idempotencyKeyTTL"),
    name,
  });
  return {
    line,
    index,
    task,
    // SDKs send a text; other values are taken as the JSON that they are.
    payload:
      payload === undefined ? undefined : Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload)),
    payloadType: payloadType ?? (payload === undefined ? undefined : "application/json"),
    idempotencyKey,
    options: Object.keys(known).length > 0 ? known : undefined,
  };
}

function parseJson(bytes: Uint8Array, line: number): unknown {
  if (isTooDeep(bytes)) throw new ItemLineError(400, line, `The JSON has more than ${mostItemDepth} levels`);
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ItemLineError(400, line, "The bytes are not UTF-8");
  }
  try {
    return JSON.parse(decoded) as unknown;
  } catch {
    throw new ItemLineError(400, line, "The line is not JSON");
  }
}

/** Looked for in the bytes, before anything is made of them. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isString = false;
    } else if (byte === 0x22) isString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > mostItemDepth) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
