// The lines above a playbook: run it, resume its last run from the step that failed, and what came of that run.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { badlyEndedStep } from "../../store/launchedPlaybook";
import type { SessionEntry } from "../../store/sessionEntry";
import { describeState } from "../../trace/describeState";
import { formatAge } from "../../trace/formatValue";
import { plainText } from "../../trace/plainText";
import { commandIds } from "../ids";
import { entryTimeMs, isFailed, isLive } from "../sessions/sessionRows";
import type { PlaybookTools } from "./loadPlaybookTools";
import { isPlaybook, playbookSelector, toRange } from "./playbookFiles";
import type { PlaybookRuns } from "./playbookRuns";

/** "2 min ago" is looked at anew this often, while it stands somewhere. */
const ageMs = 60_000;

export class PlaybookLenses implements Disposable {
  readonly #tools: () => PlaybookTools;
  readonly #runs: PlaybookRuns;
  readonly #owned = new DisposableStore();
  readonly #changes = this.#owned.add(new vscode.EventEmitter<void>());
  #timer: NodeJS.Timeout | undefined;

  constructor(tools: () => PlaybookTools, runs: PlaybookRuns) {
    this.#tools = tools;
    this.#runs = runs;
    this.#owned.add(runs.onDidChange(() => this.#changes.fire()));
    this.#owned.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changes.fire()));
    this.#owned.add({ dispose: () => clearTimeout(this.#timer) });
    this.#owned.add(
      vscode.languages.registerCodeLensProvider(playbookSelector, {
        onDidChangeCodeLenses: this.#changes.event,
        provideCodeLenses: (document) => this.#lenses(document),
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #lenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!isPlaybook(document) || document.uri.scheme !== "file") return [];
    const { nameRange, steps } = this.#tools().playbookOutline(document.getText());
    const range = toRange(nameRange);
    const run = this.#runs.lastRun(document.uri.fsPath);
    const lenses: vscode.CodeLens[] = [];
    const add = (title: string, command: string, tooltip: string, ...args: unknown[]) =>
      lenses.push(new vscode.CodeLens(range, { title, command, tooltip, arguments: args }));
    const canRun = vscode.workspace.isTrusted && steps.length > 0;
    if (canRun) {
      const what = vscode.l10n.t("Runs this playbook in a traced session");
      add(`$(play) ${vscode.l10n.t("Run traced")}`, commandIds.runPlaybook, what, document.uri);
      if (run !== undefined && isFailed(run)) {
        const how = vscode.l10n.t("Steps that finished are replayed from the last run, not run again");
        add(
          `$(debug-continue) ${vscode.l10n.t("Resume from failing step")}`,
          commandIds.resumePlaybook,
          how,
          document.uri,
          run.key,
        );
      }
    }
    if (run !== undefined) {
      add(lastRunWords(run, Date.now()), commandIds.openTrace, vscode.l10n.t("Opens the trace of this run"), {
        type: "session",
        entry: run,
      });
      this.#lookLater();
    }
    // Last, for in an editor that is half a window wide what stands behind is cut off. Without parameters all items would be
    // one and the same run.
    if (canRun && /^params\s*:/m.test(document.getText())) {
      const each = vscode.l10n.t("Runs this playbook once for each of many items, in the background");
      add(`$(run-all) ${vscode.l10n.t("Trigger batch…")}`, commandIds.triggerBatch, each, document.uri);
    }
    return lenses;
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changes.fire();
    }, ageMs).unref();
  }
}

export function lastRunWords(run: SessionEntry, nowMs: number): string {
  const isKilled = run.state.reasons.some(({ type }) => type === "killed");
  const state = isKilled ? vscode.l10n.t("killed") : plainText(describeState(run.state, nowMs).label, 60).toLowerCase();
  if (isLive(run)) return vscode.l10n.t("Last run: {0}", state);
  const age = formatAge(Math.max(0, nowMs - entryTimeMs(run)));
  const step = badlyEndedStep(run.playbook, run.state);
  if (step !== undefined) return vscode.l10n.t("Last run: {0} at step {1}, {2}", state, step + 1, age);
  return vscode.l10n.t("Last run: {0}, {1}", state, age);
}
