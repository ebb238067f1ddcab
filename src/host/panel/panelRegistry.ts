// The open panels: which one is active, which session each shows, and what a jump wants of a panel that does not exist yet.

import type * as vscode from "vscode";
import { type Disposable, toDisposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import type { Reveal } from "../../reader/readerProtocol";
import type { PanelConnection } from "./panelConnection";

export class PanelRegistry implements Disposable {
  readonly #connections = new Set<PanelConnection>();
  readonly #reveals = new Map<string, Reveal>();
  readonly #changes = new Emitter<void>();
  #lastActive: PanelConnection | undefined;

  /** A panel was opened, closed, shown, hidden, activated, or its picture changed. */
  readonly onDidChange = this.#changes.event;

  get connections(): Iterable<PanelConnection> {
    return this.#connections;
  }

  /** The panel in the active editor, else undefined. */
  get active(): PanelConnection | undefined {
    return this.#lastActive?.panel.active ? this.#lastActive : undefined;
  }

  ofSession(key: string): PanelConnection[] {
    return [...this.#connections].filter((connection) => connection.model.key === key);
  }

  isVisible(key: string): boolean {
    return this.ofSession(key).some((connection) => connection.panel.visible);
  }

  add(connection: PanelConnection, panel: vscode.WebviewPanel): Disposable {
    this.#connections.add(connection);
    if (panel.active) this.#lastActive = connection;
    const viewState = panel.onDidChangeViewState(() => {
      if (panel.active) this.#lastActive = connection;
      this.#changes.fire();
    });
    const changes = connection.model.onDidChange(() => this.#changes.fire());
    this.#changes.fire();
    return toDisposable(() => {
      viewState.dispose();
      changes.dispose();
      this.#connections.delete(connection);
      if (this.#lastActive === connection) this.#lastActive = undefined;
      this.#changes.fire();
    });
  }

  /** Keeps a jump for the next panel of that session. */
  leaveReveal(key: string, reveal: Reveal): void {
    this.#reveals.set(key, reveal);
  }

  takeReveal(key: string): Reveal | undefined {
    const reveal = this.#reveals.get(key);
    this.#reveals.delete(key);
    return reveal;
  }

  dispose(): void {
    this.#changes.dispose();
    this.#reveals.clear();
  }
}
