// What the host does when a person asks for something in a panel. The panel names rows; which file or command that
// means is decided here.

import * as vscode from "vscode";
import type { PanelHeader } from "../../protocol/panelMessages";
import { ReaderError } from "../../reader/readerClient";
import { formatCount } from "../../trace/formatValue";
import type { SessionActions } from "../sessions/sessionActions";
import type { SourceNavigator } from "../source/goToSource";
import { revealTerminal, runAgain, stop } from "../start/sessionControl";
import type { PanelConnection, PanelIntent } from "./panelConnection";
import type { PayloadDocuments } from "./payloadDocuments";

export interface PanelIntentContext {
  readonly sources: SourceNavigator;
  readonly documents: PayloadDocuments;
  readonly actions: SessionActions;
  /** Goes on with a run of a playbook. */
  resume(key: string): Promise<void>;
  /** Opens a batch of the directory in which the session is, with one of its runs selected. */
  openBatch(batch: NonNullable<PanelHeader["batch"]>, from: string): Promise<void>;
  /** @param from key of the session that names it: one of the same directory goes before others */
  openSession(sessionId: string, from: string): Promise<void>;
}

/** Intents about rows of an epoch that has passed are dropped: the person saw another picture. */
export async function doIntent(
  intent: PanelIntent,
  connection: PanelConnection,
  context: PanelIntentContext,
): Promise<void> {
  try {
    await run(intent, connection, context);
  } catch (error) {
    if (!(error instanceof ReaderError && error.kind === "stale")) throw error;
  }
}

async function run(intent: PanelIntent, connection: PanelConnection, context: PanelIntentContext): Promise<void> {
  const { model } = connection;
  const { key } = model;
  switch (intent.type) {
    case "openSource": {
      const { epoch, row, place, outputLine, beside } = intent;
      const isLine = outputLine !== undefined;
      const step = await model.call("source", { epoch, row, outputLine, link: isLine ? (place ?? 0) : undefined });
      if (step) await context.sources.open(step, key, { place: isLine ? undefined : place, beside });
      return;
    }
    case "openTextLink": {
      const { type: _, beside, ...at } = intent;
      const link = await model.call("textLink", at);
      if (link?.target.type === "url") await vscode.env.openExternal(vscode.Uri.parse(link.target.url, true));
      else if (link) await context.sources.open({ name: link.name, places: [link.target.place] }, key, { beside });
      return;
    }
    case "openLink": {
      const { epoch, outputLine: line, link } = intent;
      const target = await model.call("link", { epoch, line, link });
      // The workbench asks first where it does not know the site.
      if (target?.type === "url") await vscode.env.openExternal(vscode.Uri.parse(target.url, true));
      return;
    }
    case "copyOutput":
      return copyOutput(connection, intent);
    case "openOutput":
      return context.documents.openOutput(key);
    case "runAgain":
      return runAgain(key);
    case "resume":
      return context.resume(key);
    case "openSession":
      return context.openSession(intent.sessionId, key);
    case "openBatch": {
      const batch = model.facts?.header.batch;
      return batch && context.openBatch(batch, key);
    }
    case "stopSession":
      return stop(key);
    case "revealTerminal":
      return revealTerminal(key);
    case "hideStepsCard":
    case "rememberLooks":
      // Kept by the editor, which tells new panels.
      return;
    case "openText": {
      const { epoch, row, field, path } = intent;
      if (field === "diff") {
        const edit = await model.call("edit", { epoch, row });
        if (edit) await context.documents.openDiff(key, edit);
        return;
      }
      const payload = await model.call("payloadName", { epoch, row, field, path });
      if (payload) await context.documents.open(key, payload, { field, path });
      return;
    }
    case "copy": {
      const { epoch, row, field, path } = intent;
      const text = await model.call("text", { epoch, row, field, path });
      if (text === undefined) return;
      await vscode.env.clipboard.writeText(text);
      vscode.window.setStatusBarMessage(vscode.l10n.t("Copied"), 2_000);
      return;
    }
    case "openJson":
      return context.actions.openAsText(key, intent);
    case "revealInOs":
      return context.actions.revealInOs(key);
    case "reload":
      return model.reload();
  }
}

async function copyOutput(
  connection: PanelConnection,
  intent: Extract<PanelIntent, { type: "copyOutput" }>,
): Promise<void> {
  const { type: _, epoch, ...range } = intent;
  const output = await connection.model.call("outputText", { epoch, range });
  if (output === undefined) return;
  const { text, leftOut } = output;
  await vscode.env.clipboard.writeText(text);
  const words =
    leftOut > 0 ? vscode.l10n.t("Copied, but for the last {0} lines", formatCount(leftOut)) : vscode.l10n.t("Copied");
  vscode.window.setStatusBarMessage(words, leftOut > 0 ? 6_000 : 2_000);
}
