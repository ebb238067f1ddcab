// From the sessions that are started in this window to the batches that they trigger: a batch names its session. The one
// of "Trigger Batch…" is opened once it is there; where its session ends before, that is told.

import { join } from "node:path";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import type { BatchCatalog, BatchEntry } from "../../store/batches/batchCatalog";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { traceFileNames } from "../../trace/safeId";
import { isFailed } from "../sessions/sessionRows";
import type { LaunchedSession } from "../start/launchRequest";

export interface StartedBatchesOptions {
  readonly catalog: Pick<BatchCatalog, "entries" | "onDidChange" | "refresh">;
  readonly store: Pick<TraceStore, "entry" | "onDidChange">;
  readonly logger: Logger;
  /** @param isTriggered by the command, and not by a step of a playbook */
  onBatch(batch: BatchEntry, isTriggered: boolean): void;
  /** "Trigger Batch…" has led to none. */
  onNone(session: SessionEntry): void;
}

interface Awaited {
  readonly session: LaunchedSession;
  hasBatch: boolean;
}

const mostSessions = 50;

export class StartedBatches implements Disposable {
  readonly #options: StartedBatchesOptions;
  readonly #owned = new DisposableStore();
  /** By key of the session. */
  readonly #sessions = new Map<string, Awaited>();
  readonly #told = new Set<string>();

  constructor(options: StartedBatchesOptions) {
    this.#options = options;
    this.#owned.add(options.catalog.onDidChange(() => this.#look()));
    this.#owned.add(
      options.store.onDidChange(({ changed }) => {
        for (const { key } of changed) this.#onSession(key).catch((error: unknown) => this.#tell(error));
      }),
    );
  }

  add(session: LaunchedSession): void {
    if (!session.isPlaybook) return;
    this.#sessions.set(session.key, { session, hasBatch: false });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > mostSessions && oldest !== undefined) this.#sessions.delete(oldest);
  }

  /** The session is nothing but its batch, and is told of with it. */
  isBatch(key: string): boolean {
    return this.#sessions.get(key)?.session.isBackground === true;
  }

  /** Some batch names the session as its parent, whoever started it. */
  hasBatch(key: string): boolean {
    return this.#options.catalog.entries().some((batch) => parentOf(batch) === key);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #look(): void {
    if (this.#sessions.size === 0) return;
    for (const batch of this.#options.catalog.entries()) {
      const awaited = this.#sessions.get(parentOf(batch) ?? "");
      if (awaited === undefined || this.#told.has(batch.key)) continue;
      awaited.hasBatch = true;
      this.#told.add(batch.key);
      this.#options.onBatch(batch, awaited.session.isBackground);
    }
  }

  #tell(error: unknown): void {
    this.#options.logger.error(`A session that triggers a batch: ${describeError(error)}`);
  }

  async #onSession(key: string): Promise<void> {
    const awaited = this.#sessions.get(key);
    if (awaited?.session.isBackground !== true || awaited.hasBatch) return;
    const hasFailed = () => {
      const entry = this.#options.store.entry(key);
      return entry !== undefined && isFailed(entry) ? entry : undefined;
    };
    if (hasFailed() === undefined) return;
    // Its batch may be there, and not listed yet.
    await this.#options.catalog.refresh();
    this.#look();
    const failed = hasFailed();
    if (awaited.hasBatch || failed === undefined || !this.#sessions.delete(key)) return;
    this.#options.onNone(failed);
  }
}

/** Key of the session that a batch names. */
function parentOf({ directory, summary: { parentSession } }: BatchEntry): string | undefined {
  return parentSession === undefined ? undefined : join(directory, traceFileNames.snapshot(parentSession));
}
