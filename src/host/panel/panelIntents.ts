// What the host does when a person asks for something in a panel. The panel names rows; which file or command that
// means is decided here.

import * as vscode from "vscode";
import type { TraceSpan } from "../../trace/schema";
import type { SessionActions } from "../sessions/sessionActions";
import type { SourceNavigator } from "../source/goToSource";
import type { PanelConnection, PanelIntent } from "./panelConnection";
import type { PayloadDocuments } from "./payloadDocuments";
import { payloadText } from "./payloadText";

export interface PanelIntentContext {
  readonly sources: SourceNavigator;
  readonly documents: PayloadDocuments;
  readonly actions: SessionActions;
}

/** Intents about rows of an epoch that has passed are dropped: the person saw another picture. */
export async function doIntent(
  intent: PanelIntent,
  connection: PanelConnection,
  context: PanelIntentContext,
): Promise<void> {
  const { key } = connection.model;
  switch (intent.type) {
    case "openSource": {
      const span = spanOf(connection, intent);
      if (span) await context.sources.open(span, key, { place: intent.place, beside: intent.beside });
      return;
    }
    case "openText": {
      const span = spanOf(connection, intent);
      if (!span) return;
      if (intent.field === "diff") await context.documents.openDiff(key, span);
      else await context.documents.open(key, span, intent.field);
      return;
    }
    case "copy": {
      const span = spanOf(connection, intent);
      if (!span) return;
      await vscode.env.clipboard.writeText(payloadText(span, intent.field).text);
      vscode.window.setStatusBarMessage(vscode.l10n.t("Copied"), 2_000);
      return;
    }
    case "openJson":
      return context.actions.openAsText(key, intent);
    case "revealInOs":
      return context.actions.revealInOs(key);
    case "reload":
      return connection.model.reload();
  }
}

export function spanOf(
  connection: PanelConnection,
  at: { readonly epoch: number; readonly row: number },
): TraceSpan | undefined {
  const picture = connection.model.picture;
  return picture && picture.epoch === at.epoch ? picture.session.trace.spans[at.row] : undefined;
}
