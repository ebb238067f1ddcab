// The item in the status bar while sessions run: how many, and how long the longest has been running. A click lists them.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { formatDuration } from "../../trace/formatValue";
import { plainText } from "../../trace/plainText";
import { commandIds } from "../ids";
import type { RunningSession, RunningSessions } from "./runningSessions";

const tickMs = 1_000;

export class RunningStatus implements Disposable {
  readonly #running: RunningSessions;
  readonly #owned = new DisposableStore();
  #item: vscode.StatusBarItem | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(running: RunningSessions) {
    this.#running = running;
    this.#owned.add(running.onDidChange(() => this.#draw()));
    this.#owned.add({ dispose: () => clearTimeout(this.#timer) });
    this.#draw();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    if (this.#owned.isDisposed) return;
    const { all } = this.#running;
    const longest = all[0];
    if (!longest) {
      this.#item?.hide();
      return;
    }
    if (!this.#item) {
      this.#item = this.#owned.add(
        vscode.window.createStatusBarItem("tracekeeper.running", vscode.StatusBarAlignment.Left),
      );
      this.#item.name = vscode.l10n.t("Running Traced Sessions");
      this.#item.command = commandIds.showRunningSessions;
    }
    const time = runningFor(longest, Date.now());
    const count = vscode.l10n.t("{0} · {1}", all.length, time);
    this.#item.text = `$(pulse) ${count}`;
    const tooltip =
      all.length === 1
        ? vscode.l10n.t("{0} is being recorded", longest.launch.title)
        : vscode.l10n.t("{0} sessions are being recorded; the longest is {1}", all.length, longest.launch.title);
    this.#item.tooltip = plainText(tooltip);
    this.#item.accessibilityInformation = { label: plainText(`${tooltip}, ${time}`) };
    this.#item.show();
    this.#timer = setTimeout(() => this.#draw(), tickMs);
    this.#timer.unref();
  }
}

/** Whole seconds, so that it moves once in a second. */
export function runningFor({ startedMs }: RunningSession, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - startedMs) / 1000));
  return seconds < 60 ? vscode.l10n.t("{0} s", seconds) : formatDuration(seconds * 1000);
}
