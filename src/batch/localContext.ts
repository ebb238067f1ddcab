// What the parts of the local engine share.

import type { BatchState } from "../trace/batch/batchState";
import type { BatchClock } from "./batchClock";
import type { BatchService } from "./batchService";
import type { BatchStore } from "./batchStore";
import type { ItemKeys } from "./itemKeys";
import type { Runner } from "./runner";

/** Where the local engine keeps its batches. */
export interface LocalStore extends BatchStore {
  /** As it is in the log; see `DirectoryStore.state`. */
  state(id: string): Promise<BatchState | undefined>;
  /** Of a batch that is open here; see `DirectoryStore.live`. */
  live(id: string): BatchState | undefined;
  /** Takes the batch over where it has not ended; false where there is none. */
  take(id: string): Promise<boolean>;
  /** Of items, for all batches of the directory. */
  readonly keys: ItemKeys;
}

export interface LocalContext {
  readonly store: LocalStore;
  readonly service: BatchService;
  readonly runner: Runner;
  readonly clock: BatchClock;
  /** Nothing is left to do. */
  onEnded(id: string): void;
  onProblem(message: string, error: Error): void;
}
