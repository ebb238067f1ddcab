// Tells of each batch that a collector runs: once its items have come, or it is gone on with, and once it has ended.

import { join } from "node:path";
import type { Disposable } from "../../base/disposable";
import type { BatchHost } from "../../batch/batchHost";
import { batchFileNames } from "../../trace/batch/batchIds";
import type { BatchState } from "../../trace/batch/batchState";

export interface CollectedBatch {
  readonly state: BatchState;
  /** Path of its log. */
  readonly file: string;
  readonly isEnded: boolean;
}

/** A batch writes many times a second. */
const pauseMs = 100;

export class CollectedBatches implements Disposable {
  readonly #host: BatchHost;
  readonly #tell: (batch: CollectedBatch) => void;
  readonly #listening: Disposable;
  /** By id, what was told last. */
  readonly #told = new Map<string, "begun" | "ended">();
  readonly #written = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(host: BatchHost, tell: (batch: CollectedBatch) => void) {
    this.#host = host;
    this.#tell = tell;
    this.#listening = host.onDidWrite((id) => {
      this.#written.add(id);
      this.#timer ??= setTimeout(() => void this.#look(), pauseMs);
    });
  }

  dispose(): void {
    this.#listening.dispose();
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const ids = [...this.#written];
    this.#written.clear();
    for (const id of ids) await this.#lookAt(id).catch(() => undefined);
    this.#timer = this.#written.size === 0 ? undefined : setTimeout(() => void this.#look(), pauseMs);
  }

  async #lookAt(id: string): Promise<void> {
    const state = await this.#host.state(id);
    if (state === undefined) return;
    const told = this.#told.get(id);
    const file = join(this.#host.folder, batchFileNames.log(id));
    const hasBegun = state.sealed && state.status !== "ABORTED";
    if (told === undefined && hasBegun) this.#tell({ state, file, isEnded: false });
    if (state.isFinal && told !== "ended") this.#tell({ state, file, isEnded: true });
    // Failed runs may be tried again: then it has begun anew.
    if (state.isFinal) this.#told.set(id, "ended");
    else if (hasBegun) this.#told.set(id, "begun");
  }
}
