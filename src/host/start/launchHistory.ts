// The launches of this workspace, the newest first, from one window to the next.

import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { type LaunchRecord, readRecords, withRecord } from "./launchRecord";
import { launchesKey } from "./sessionStartParts";

export class LaunchHistory implements Disposable {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  readonly #owned = new DisposableStore();
  readonly #changes = this.#owned.add(new Emitter<void>());
  #records: readonly LaunchRecord[];

  readonly onDidChange = this.#changes.event;

  constructor(memento: Pick<vscode.Memento, "get" | "update">) {
    this.#memento = memento;
    this.#records = readRecords(memento.get(launchesKey));
  }

  get records(): readonly LaunchRecord[] {
    return this.#records;
  }

  /** The launch whose session is at `key`. */
  of(key: string): LaunchRecord | undefined {
    return this.#records.find((record) => record.key === key);
  }

  async add(record: LaunchRecord): Promise<void> {
    this.#records = withRecord(this.#records, record);
    this.#changes.fire();
    await this.#memento.update(launchesKey, this.#records);
  }

  async remove(id: string): Promise<void> {
    this.#records = this.#records.filter((record) => record.id !== id);
    this.#changes.fire();
    await this.#memento.update(launchesKey, this.#records);
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
