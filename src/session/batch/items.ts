// The items of a batch as a person gives them: a list, or a file that holds a JSON array or one value of JSON a line. Each
// value is the payload of one run. What can't be read is told with its line before there is a batch.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { describeError } from "../../base/logger";
import type { ItemLine } from "../../batch/itemLine";
import { mostRuns } from "../../trace/batch/batchRecord";
import { formatBytes } from "../../trace/formatValue";
import { jsonValues } from "./jsonValues";

export interface Items {
  readonly count: number;
  /** Of what they say, in their order. */
  readonly hash: string;
  /** May be called again. Rejects with an `ItemsError` where a file is no longer what it was. */
  lines(task: string): AsyncIterable<ItemLine>;
}

/** In words, which name the place. */
export class ItemsError extends Error {
  /** Of the text or the file, from 1 on; undefined where no line is to blame. */
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

const payloadType = "application/json";
/** As an engine takes it over HTTP. */
const mostItemBytes = 3_145_728;
const mostArrayBytes = 64 * 1024 * 1024;
const lineFeed = 0x0a;

export function itemsOf(values: readonly unknown[]): Items {
  return inMemory(
    values.map((value) => Buffer.from(JSON.stringify(value) ?? "null")),
    (index) => `item ${index + 1}`,
  );
}

/** A JSON array, or a value a line. Throws an `ItemsError`. */
export function itemsOfText(text: string): Items {
  if (/^\s*\[/.test(text)) return itemsOf(arrayOf(text, "the items"));
  const lines = text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [{ line, number: index + 1 }]));
  for (const { line, number } of lines) checkLine(line, `line ${number}`, number);
  return inMemory(
    lines.map(({ line }) => Buffer.from(line)),
    (index) => `line ${lines[index]?.number ?? 0}`,
  );
}

/**
 * A list, or values one after the other, each in as many lines as it likes. Throws an `ItemsError`.
 * @param name what the text is called; where it is left out, items are told by their numbers
 * @param firstLine number of its first line there
 */
export function itemsOfDocument(text: string, name?: string, firstLine = 1): Items {
  const { isList, places } = jsonValues(text);
  const numberOf = (line: number) => line + firstLine - 1;
  const placeOf = (line: number, index: number) => (name === undefined ? `item ${index + 1}` : `${name}:${line}`);
  const payloads = places.map(({ start, end, line }, index) => {
    const value = text.slice(start, end);
    const number = numberOf(line);
    const parsed = checkLine(value, placeOf(number, index), number);
    // A line goes as it stands: a number may have more digits than a double holds.
    return Buffer.from(isList || value.includes("\n") ? JSON.stringify(parsed) : value);
  });
  const lineOf = (index: number) => numberOf(places[index]?.line ?? 1);
  // Each may be sound where the list is not.
  if (isList) arrayOf(text, name ?? "the items", name === undefined ? undefined : lineOf(0));
  return inMemory(payloads, (index) => placeOf(lineOf(index), index), lineOf);
}

/** Rejects with an `ItemsError`. */
export async function itemsOfFile(path: string): Promise<Items> {
  try {
    if (await isArrayFile(path)) return itemsOfDocument(await wholeText(path), path);
    const hash = createHash("sha256");
    let count = 0;
    for await (const { bytes, number } of filledLines(path)) {
      checkLine(bytes.toString("utf8"), `${path}:${number}`, number);
      hash.update(bytes).update("\n");
      if (++count > mostRuns) throw tooMany(count);
    }
    if (count === 0) throw new ItemsError(`${path} holds no items`);
    const digest = hash.digest("hex");
    return { count, hash: digest, lines: (task) => linesOfFile(path, task, count) };
  } catch (error) {
    throw error instanceof ItemsError ? error : new ItemsError(`The items can't be read: ${describeError(error)}`);
  }
}

function inMemory(
  payloads: readonly Buffer[],
  placeOf: (index: number) => string,
  lineOf: (index: number) => number = (index) => index + 1,
): Items {
  if (payloads.length === 0) throw new ItemsError("There are no items");
  if (payloads.length > mostRuns) throw tooMany(payloads.length);
  const hash = createHash("sha256");
  for (const bytes of payloads) hash.update(bytes).update("\n");
  return {
    count: payloads.length,
    hash: hash.digest("hex"),
    async *lines(task) {
      for (const [index, bytes] of payloads.entries())
        yield itemLine(index, lineOf(index), task, bytes, placeOf(index));
    },
  };
}

async function* linesOfFile(path: string, task: string, count: number): AsyncIterable<ItemLine> {
  let index = 0;
  for await (const { bytes, number } of filledLines(path)) {
    if (index === count) throw new ItemsError(`${path} has grown since its items were counted`);
    yield itemLine(index++, number, task, bytes, `${path}:${number}`);
  }
}

/** One that is too large becomes a run that says so, as over HTTP. */
function itemLine(index: number, line: number, task: string, payload: Buffer, place: string): ItemLine {
  if (payload.length <= mostItemBytes) return { line, index, task, payload, payloadType };
  const message = `The payload (${place}) has ${formatBytes(payload.length)}, and ${formatBytes(mostItemBytes)} is the most`;
  return { line, index, task, problem: { code: "PAYLOAD_TOO_LARGE", message } };
}

/** @param line where it begins, if that is to be told */
function arrayOf(text: string, place: string, line?: number): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const where = line === undefined ? place : `${place}:${line}`;
    throw new ItemsError(`${where}: no JSON: ${describeError(error)}`, line);
  }
  if (!Array.isArray(value)) throw new ItemsError(`${place}: no list of items`);
  return value;
}

function checkLine(line: string, place: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new ItemsError(`${place}: no JSON: ${describeError(error)}`, number);
  }
}

/** By its name, else by how it begins: a list is an array, unless each line is said to be an item. */
async function isArrayFile(path: string): Promise<boolean> {
  if (/\.(?:ndjson|jsonl)$/i.test(path)) return false;
  const file = await open(path, "r");
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return /^\uFEFF?\s*\[/.test(head.toString("utf8", 0, bytesRead));
  } finally {
    await file.close();
  }
}

async function wholeText(path: string): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length > mostArrayBytes) {
      throw new ItemsError(`${path} is an array of more than ${formatBytes(mostArrayBytes)}; write an item a line`);
    }
  }
  return Buffer.concat(pieces)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
}

/** Lines that hold something, without their ends. */
async function* filledLines(path: string): AsyncIterable<{ readonly bytes: Buffer; readonly number: number }> {
  let rest: Buffer[] = [];
  let number = 0;
  const line = (end: Buffer) => {
    number++;
    const bytes = trimmed(Buffer.concat([...rest, end]), number);
    rest = [];
    return bytes;
  };
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(lineFeed); end >= 0; end = piece.indexOf(lineFeed, from)) {
      const bytes = line(piece.subarray(from, end));
      from = end + 1;
      if (bytes.length > 0) yield { bytes, number };
    }
    rest.push(piece.subarray(from));
  }
  const last = line(Buffer.alloc(0));
  if (last.length > 0) yield { bytes: last, number };
}

function trimmed(line: Buffer, number: number): Buffer {
  const text = number === 1 && line.subarray(0, 3).equals(byteOrderMark) ? line.subarray(3) : line;
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.subarray(start, end);
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function tooMany(count: number): ItemsError {
  return new ItemsError(`${count} items are more than a batch can have: ${mostRuns}`);
}
