// Ids of batches. One with an idempotency key follows from the key, so that the exclusive creation of its log is what
// makes two requests one batch: in two processes, after a restart, and without an index that could be wrong.

import { createHash, randomBytes } from "node:crypto";
import { batchIdLength, batchIdLetters } from "../trace/batch/batchIds";

/** `batch_` and 21 letters and digits. */
export function newBatchId(): string {
  return idOf(randomBytes(32));
}

/**
 * @param kind of the key: those of requests are others than those of batches
 * @param generation from 1 on: the next one once the batch before has freed the key
 */
export function keyedBatchId(kind: "batch" | "request", key: string, generation: number): string {
  return idOf(createHash("sha256").update(`tracekeeper\0${kind}\0${generation}\0${key}`).digest());
}

function idOf(bytes: Uint8Array): string {
  let value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let id = "";
  for (let digit = 0; digit < batchIdLength; digit++) {
    id += batchIdLetters[Number(value % 62n)] ?? "0";
    value /= 62n;
  }
  return `batch_${id}`;
}
