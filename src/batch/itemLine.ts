// An item of a batch as it comes in: from a line of a request, or from a step of a playbook.

import type { ItemOptions, RunFault } from "../trace/batch/batchRecord";

export interface ItemLine {
  /** Of the body, from 1 on; where there is no body, of the item. */
  readonly line: number;
  readonly index: number;
  readonly task: string;
  readonly payload?: Uint8Array | undefined;
  /** A media type, for example `application/json`. */
  readonly payloadType?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly options?: ItemOptions | undefined;
  /** It can't be run as it came, for example because it was too large, and becomes a pre-failed run. */
  readonly problem?: RunFault | undefined;
}

/** A line that is no item: the stream ends there, and the batch stays unsealed. */
export class ItemLineError extends Error {
  override readonly name = "ItemLineError";
  /** 400 for what can't be read, 422 for what says something impossible. */
  readonly status: 400 | 422;
  readonly line: number;

  /** @param message without the line's number */
  constructor(status: 400 | 422, line: number, message: string) {
    super(`Line ${line}: ${message}`);
    this.status = status;
    this.line = line;
  }
}
