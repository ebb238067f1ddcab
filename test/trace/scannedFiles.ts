// Files that are scanned from memory, for tests of what is made of scans.

import { readdirSync, readFileSync } from "node:fs";
import { type ScannedSnapshot, scannedSnapshot } from "../../src/trace/scannedSnapshot";
import type { ByteRange } from "../../src/trace/scanRows";
import { type ScannedTrace, TraceScanner } from "../../src/trace/scanTrace";

export const readerOf =
  (bytes: Uint8Array) =>
  ({ startBytes, endBytes }: ByteRange): Uint8Array =>
    bytes.subarray(startBytes, endBytes);

export function scanOf(bytes: Uint8Array, windowBytes = 400): ScannedTrace {
  const scanner = new TraceScanner({ windowBytes, readBack: readerOf(bytes) });
  scanner.push(bytes);
  const result = scanner.end();
  if (result.type !== "sound") throw new Error(`damaged at ${result.offsetBytes}`);
  return result;
}

export function scannedOf(bytes: Uint8Array, windowBytes?: number): ScannedSnapshot {
  return scannedSnapshot(scanOf(bytes, windowBytes), readerOf(bytes), "S.json");
}

const samples = new URL("../fixtures/trace-v2/", import.meta.url);

/** The sample traces that are not damaged, by name. */
export const soundSamples: readonly (readonly [string, Uint8Array])[] = readdirSync(samples)
  .filter((name) => name.endsWith(".json") && !name.includes("damaged"))
  .sort()
  .map((name) => [name, new Uint8Array(readFileSync(new URL(name, samples)))]);
