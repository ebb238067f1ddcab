// The notifications about a batch, as VS Code shows them.

import * as vscode from "vscode";
import { triggerEngineName } from "../../session/batch/remoteEngineSchema";
import type { BatchState } from "../../trace/batch/batchState";
import { endWords, progressWords } from "../../trace/batch/progressWords";
import { plainText } from "../../trace/plainText";
import type { BatchEnd, BatchEndChoice, BatchProgressNotice, NoticeSurface } from "./batchNotices";

const reportEveryMs = 500;
const longestWords = 300;

interface EndAction extends vscode.MessageItem {
  readonly choice: BatchEndChoice;
}

export const batchNotifications: NoticeSurface = { progress, end };

function progress(state: BatchState, cancel: () => void): BatchProgressNotice {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let latest: { readonly words: string; readonly part: number } | undefined;
  let shown = 0;
  let report: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: plainText(vscode.l10n.t("Batch {0}", nameOf(state))),
    cancellable: true,
  };
  void vscode.window.withProgress(options, async (notice, token) => {
    token.onCancellationRequested(cancel);
    report = () => {
      timer = undefined;
      if (latest === undefined) return;
      const { words, part } = latest;
      notice.report({ message: words, increment: Math.max(0, part - shown) * 100 });
      shown = Math.max(shown, part);
    };
    report();
    await ended;
    clearTimeout(timer);
  });
  return {
    report(now, part) {
      latest = { words: plainText(progressWords(now, Date.now()), longestWords), part };
      if (report !== undefined) timer ??= setTimeout(report, reportEveryMs);
    },
    end,
  };
}

async function end(state: BatchState, how: BatchEnd): Promise<BatchEndChoice> {
  const open: EndAction = { title: vscode.l10n.t("Open Batch"), choice: "open" };
  const retry: EndAction = { title: vscode.l10n.t("Retry Failed"), choice: "retryFailed" };
  const goOn: EndAction = { title: vscode.l10n.t("Continue"), choice: "goOn" };
  const name = nameOf(state);
  if (how.type === "interrupted") {
    const done = progressWords(state, Date.now());
    const words = vscode.l10n.t("Batch {0} is interrupted: its process has gone. {1}", name, done);
    return (await vscode.window.showWarningMessage(plainText(words, longestWords), goOn, open))?.choice;
  }
  const words = vscode.l10n.t("Batch {0}: {1}", name, endWords(state));
  const { counts, status } = state;
  const isAborted = status === "ABORTED";
  // What could not be created can't be tried again.
  const isHere = state.created?.engine !== triggerEngineName;
  const canRetry = isHere && !isAborted && how.failed - counts.uncreated + counts.cancelled > 0;
  const actions = canRetry ? [open, retry] : [open];
  if (!isAborted && how.failed === 0)
    return (await vscode.window.showInformationMessage(plainText(words, longestWords), ...actions))?.choice;
  return (await vscode.window.showWarningMessage(plainText(words, longestWords), ...actions))?.choice;
}

function nameOf({ name, id }: BatchState): string {
  return name ?? id;
}
