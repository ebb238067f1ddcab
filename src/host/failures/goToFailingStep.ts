// "Go to Failing Step" from anywhere: the panel in front when it has one, the session that was clicked, else the newest
// failed session; where several failed and none is in front, a pick with the newest first.

import * as vscode from "vscode";
import type { Reveal } from "../../reader/readerProtocol";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import type { PanelRegistry } from "../panel/panelRegistry";
import { openTraceEditor } from "../panel/traceEditor";
import { pickSession } from "../sessions/pickSession";
import { entryTimeMs, isFailed } from "../sessions/sessionRows";

export class FailingStepNavigator {
  readonly #store: TraceStore;
  readonly #registry: PanelRegistry;

  readonly #start: () => void;

  /** @param start makes the store list sessions, where it does not yet. */
  constructor(store: TraceStore, registry: PanelRegistry, start: () => void) {
    this.#store = store;
    this.#registry = registry;
    this.#start = start;
  }

  async go(entry: SessionEntry | undefined): Promise<void> {
    if (entry) return this.open(entry.key, { type: "failingStep" });
    const active = this.#registry.active;
    if (active?.model.facts?.header.failingStep) return active.navigate("failingStep");
    this.#start();
    await this.#store.ready;
    const failed = this.#store
      .entries()
      .filter(isFailed)
      .sort((a, b) => entryTimeMs(b) - entryTimeMs(a));
    const newest = failed[0];
    if (!newest) {
      void vscode.window.showInformationMessage(vscode.l10n.t("No session failed."));
      return;
    }
    const chosen =
      failed.length === 1
        ? newest
        : await pickSession(failed, vscode.l10n.t("Go to the failing step of which session?"));
    if (chosen) await this.open(chosen.key, { type: "failingStep" });
  }

  /** Opens the session's panel, or brings it to the front, and shows the step. */
  async open(key: string, reveal: Reveal, options: vscode.TextDocumentShowOptions = {}): Promise<void> {
    const open = this.#registry.ofSession(key)[0];
    if (open) {
      open.reveal(reveal);
      open.panel.reveal(undefined, options.preserveFocus ?? false);
      return;
    }
    this.#registry.leaveReveal(key, reveal);
    try {
      await openTraceEditor(key, options);
    } catch (error) {
      // A jump that did not happen must not happen when somebody opens that trace later.
      this.#registry.takeReveal(key);
      throw error;
    }
  }
}
