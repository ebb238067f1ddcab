// The batches as the view and the commands see them: what the catalog lists, with who runs each. A process that ends tells
// nobody, so that those of batches which are not over are looked for now and then.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { Emitter } from "../../base/event";
import type { BatchAction } from "../../protocol/batchMessages";
import type { BatchCatalog, BatchEntry } from "../../store/batches/batchCatalog";
import type { BatchRunner } from "../../trace/batch/describeBatch";
import type { BatchListing } from "../sessions/batchNodes";
import type { BatchControl } from "./batchControl";
import { hindranceOf } from "./batchHeader";
import type { BatchRunners } from "./batchRunners";

const probeMs = 5_000;
/** Between the end of a batch's process and the news of the batch's own end: so long it does not seem to be nobody's. */
const usualDoubtMs = 1_000;

export class ListedBatches implements BatchListing, Disposable {
  readonly #catalog: BatchCatalog;
  readonly #runners: BatchRunners;
  readonly #control: BatchControl;
  readonly #owned = new DisposableStore();
  readonly #changes = this.#owned.add(new Emitter<void>());
  readonly #doubtMs: number;
  /** Batches whose process has just gone. */
  readonly #doubted = new Map<string, NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;

  readonly onDidChange = (listener: () => void): Disposable => this.#changes.event(listener);

  constructor(catalog: BatchCatalog, runners: BatchRunners, control: BatchControl, doubtMs = usualDoubtMs) {
    this.#doubtMs = doubtMs;
    this.#catalog = catalog;
    this.#runners = runners;
    this.#control = control;
    this.#owned.add(
      catalog.onDidChange(() => {
        this.#changes.fire();
        this.#keepTimer();
        void this.#look((entry) => this.#runners.of(entry.key).type === "unknown");
      }),
    );
    this.#owned.add(catalog.onDidTouchOwner((key) => void this.#look((entry) => entry.key === key)));
    this.#owned.add(control.onDidChange(() => this.#changes.fire()));
    this.#owned.add({ dispose: () => clearInterval(this.#timer) });
    this.#owned.add({
      dispose: () => {
        for (const timer of this.#doubted.values()) clearTimeout(timer);
      },
    });
  }

  entries(): readonly BatchEntry[] {
    return this.#catalog.entries();
  }

  runner(key: string): BatchRunner {
    const { type } = this.#runners.of(key);
    return type === "gone" && this.#doubted.has(key) ? "alive" : type;
  }

  can({ key, summary }: BatchEntry, action: BatchAction): boolean {
    const runner = { ...this.#runners.of(key), type: summary.isFinal ? ("gone" as const) : this.runner(key) };
    const underWay = this.#control.underWay(key);
    return hindranceOf(action, summary, { runner, isTrusted: vscode.workspace.isTrusted, underWay }) === undefined;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** Looks who runs the batches that are not over. */
  async #look(isMeant: (entry: BatchEntry) => boolean): Promise<void> {
    let isNews = false;
    for (const entry of this.#catalog.entries()) {
      if (entry.summary.isFinal || !isMeant(entry)) continue;
      const before = this.#runners.of(entry.key).type;
      const { type } = await this.#runners.look(entry.key, entry.summary.writer);
      if (before === "alive" && type === "gone") this.#doubt(entry.key);
      isNews ||= type !== before;
    }
    if (isNews && !this.#owned.isDisposed) this.#changes.fire();
  }

  #doubt(key: string): void {
    if (this.#owned.isDisposed || this.#doubted.has(key)) return;
    const believe = (): void => {
      this.#doubted.delete(key);
      this.#changes.fire();
    };
    this.#doubted.set(key, setTimeout(believe, this.#doubtMs));
  }

  #keepTimer(): void {
    const isWanted = this.#catalog.entries().some(({ summary }) => !summary.isFinal);
    if (isWanted && this.#timer === undefined) this.#timer = setInterval(() => void this.#look(() => true), probeMs);
    if (!isWanted && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
