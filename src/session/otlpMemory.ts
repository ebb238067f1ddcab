// What a process that records several sessions holds of them all in memory, beside what it is just reading.

import { SharedBytes } from "./sharedBytes";

export interface OtlpMemory {
  /** Of the ids of spans that have come: two to four million of them. */
  readonly ids: SharedBytes;
  /** Of messages that wait for their spans. */
  readonly messages: SharedBytes;
  /** Of spans that wait for their parents. */
  readonly orphans: SharedBytes;
}

export function otlpMemory(): OtlpMemory {
  return {
    ids: new SharedBytes(64 * 1024 * 1024),
    messages: new SharedBytes(16 * 1024 * 1024),
    orphans: new SharedBytes(16 * 1024 * 1024),
  };
}
