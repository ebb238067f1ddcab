// What the host does when a person asks for something in the page of a batch. The page names runs; which session or file
// that means is decided here.

import * as path from "node:path";
import * as vscode from "vscode";
import { runPage, triggerEngineName } from "../../session/batch/remoteEngineSchema";
import { plainText } from "../../trace/plainText";
import { safeId } from "../../trace/safeId";
import type { FailingStepNavigator } from "../failures/goToFailingStep";
import { openTraceEditor } from "../panel/traceEditor";
import { positionAt } from "../sessions/sessionActions";
import type { BatchIntent } from "./batchConnection";
import { type BatchControl, controlledBatch } from "./batchControl";
import { type BatchDocument, directoryOf } from "./batchEditor";

export interface BatchIntentContext {
  readonly control: BatchControl;
  readonly navigator: FailingStepNavigator;
}

export async function doBatchIntent(
  intent: BatchIntent,
  document: BatchDocument,
  context: BatchIntentContext,
): Promise<void> {
  const { key, batch } = document;
  const { state } = batch;
  switch (intent.type) {
    case "openRun": {
      const { index, attempt, beside, keepsFocus } = intent;
      return openRun(document, { index, attempt }, context.navigator, {
        ...(beside ? { viewColumn: vscode.ViewColumn.Beside } : {}),
        ...(keepsFocus === true ? { preserveFocus: true } : {}),
      });
    }
    case "openParent": {
      const parent = state.created?.parentSession;
      if (parent !== undefined && safeId(parent) === parent) {
        await openTraceEditor(path.join(directoryOf(key), `${parent}.json`));
      }
      return;
    }
    case "copyError": {
      const run = state.run(intent.index);
      const attempt = run?.attempts.find(({ attempt: number }) => number === intent.attempt);
      const text = intent.attempt === undefined ? run?.error : attempt?.error;
      if (text !== undefined) await copy(text);
      return;
    }
    case "copyId":
      return copy(state.id);
    case "openLog":
      return openLog(key, intent.offsetBytes);
    case "revealLog":
      await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(key));
      return;
    case "control":
      return context.control.run(controlledBatch(document), intent.action);
    case "retryRun":
      return context.control.run(controlledBatch(document), "retryFailed", [intent.index]);
  }
}

/** Opens the trace of an attempt; of one that failed at its failing step. */
export async function openRun(
  { key, batch }: Pick<BatchDocument, "key" | "batch">,
  place: { readonly index: number; readonly attempt?: number | undefined },
  navigator: FailingStepNavigator,
  options: vscode.TextDocumentShowOptions = {},
): Promise<void> {
  const attempts = batch.state.run(place.index)?.attempts ?? [];
  const attempt = attempts.find(({ attempt: number }) => number === place.attempt) ?? attempts.at(-1);
  if (attempt === undefined) return;
  const { created, handedOver } = batch.state;
  if (created?.engine === triggerEngineName) {
    const runId = batch.state.run(place.index)?.runId;
    return await offerRemoteRun(runPage(handedOver?.url, runId));
  }
  const { session, outcome } = attempt;
  // The log is a file like any other: a name that leads elsewhere is none of a session.
  if (safeId(session) !== session) throw new Error(vscode.l10n.t("The log names no session of this directory."));
  const trace = path.join(directoryOf(key), `${session}.json`);
  if (outcome === "failed" || outcome === "crashed") await navigator.open(trace, { type: "failingStep" }, options);
  else await openTraceEditor(trace, options);
}

/** No trace of such a run is here. VS Code itself asks before an address is opened that the person has not trusted. */
async function offerRemoteRun(page: string | undefined): Promise<void> {
  const words = vscode.l10n.t("trigger.dev ran this: there is no trace of it on this machine.");
  if (page === undefined) {
    void vscode.window.showInformationMessage(plainText(words));
    return;
  }
  const open = vscode.l10n.t("Open Run’s Page");
  const told = `${words} ${page}`;
  if ((await vscode.window.showInformationMessage(plainText(told), open)) === open)
    await vscode.env.openExternal(vscode.Uri.parse(page, true));
}

async function openLog(key: string, offsetBytes: number | undefined): Promise<void> {
  const at = offsetBytes === undefined ? undefined : await positionAt(key, offsetBytes);
  await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(key), "default", {
    preview: true,
    ...(at === undefined ? {} : { selection: new vscode.Range(at, at) }),
  } satisfies vscode.TextDocumentShowOptions);
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t("Copied"), 2_000);
}
