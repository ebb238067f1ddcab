// Tells when a session that was live here has failed or crashed. Several at once become one notification, there is at
// most one in `pauseMs`, and none for a session whose panel is visible.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { describeState } from "../../trace/describeState";
import { plainText } from "../../trace/plainText";
import { inBackground } from "../commandEdge";
import type { PanelRegistry } from "../panel/panelRegistry";
import { pickSession } from "../sessions/pickSession";
import { entryLabel, isFailed, isLive } from "../sessions/sessionRows";
import type { FailingStepNavigator } from "./goToFailingStep";

const pauseMs = 5_000;
/** Sessions that end together are listed one after the other. */
const settleMs = 500;

export interface FailureNotifierOptions {
  readonly store: TraceStore;
  readonly registry: PanelRegistry;
  readonly navigator: FailingStepNavigator;
  readonly logger: Logger;
  isEnabled(): boolean;
  isToldElsewhere(entry: SessionEntry): boolean;
}

export class FailureNotifier implements Disposable {
  readonly #options: FailureNotifierOptions;
  readonly #owned = new DisposableStore();
  readonly #live = new Set<string>();
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FailureNotifierOptions) {
    this.#options = options;
    this.#owned.add(
      options.store.onDidChange((change) => {
        for (const key of change.removed) this.#live.delete(key);
        for (const entry of change.changed) this.#onEntry(entry);
      }),
    );
    this.#owned.add({ dispose: () => clearTimeout(this.#timer) });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #onEntry(entry: SessionEntry): void {
    if (isLive(entry)) {
      this.#live.add(entry.key);
      this.#waiting.delete(entry.key);
      return;
    }
    // Only what was seen alive here is news; a list read for the first time is not.
    if (!this.#live.delete(entry.key) || !isFailed(entry)) return;
    this.#waiting.add(entry.key);
    this.#timer ??= setTimeout(() => this.#tell(), settleMs);
  }

  /** A batch is told of as one, once it is over. */
  #isToBeTold(entry: SessionEntry): boolean {
    return isFailed(entry) && entry.batch === undefined && !this.#options.isToldElsewhere(entry);
  }

  #tell(): void {
    this.#timer = undefined;
    const { store, registry } = this.#options;
    // As they are now: between the end of a process and its last files a session may seem to have crashed.
    const entries = [...this.#waiting].flatMap((key) => {
      const entry = store.entry(key);
      return entry !== undefined && this.#isToBeTold(entry) && !registry.isVisible(key) ? [entry] : [];
    });
    this.#waiting.clear();
    if (entries.length === 0 || !this.#options.isEnabled()) return;
    this.#timer = setTimeout(() => this.#tell(), pauseMs);
    inBackground(this.#options.logger, "Failure notification", () => this.#show(entries));
  }

  async #show(entries: readonly SessionEntry[]): Promise<void> {
    const goTo = vscode.l10n.t("Go to Failing Step");
    const first = entries[0] as SessionEntry;
    const text =
      entries.length === 1
        ? vscode.l10n.t("{0}: {1}", describeState(first.state, Date.now()).label, withError(first))
        : vscode.l10n.t("{0} sessions failed: {1}", entries.length, entries.map(entryLabel).join(", "));
    const choice = await vscode.window.showWarningMessage(plainText(text), goTo);
    if (choice !== goTo) return;
    const chosen =
      entries.length === 1
        ? first
        : await pickSession(entries, vscode.l10n.t("Go to the failing step of which session?"));
    if (chosen) await this.#options.navigator.go(chosen);
  }
}

function withError(entry: SessionEntry): string {
  return entry.state.error ? `${entryLabel(entry)} — ${entry.state.error}` : entryLabel(entry);
}
