// What the host does when a person asks for something in a panel. The panel names rows; which file or command that
// means is decided here.

import * as vscode from "vscode";
import { formatCount } from "../../trace/formatValue";
import type { OutputLink } from "../../trace/outputLinks";
import { linesAsText } from "../../trace/outputText";
import type { TraceSpan } from "../../trace/schema";
import type { SessionActions } from "../sessions/sessionActions";
import type { SourceNavigator } from "../source/goToSource";
import { revealTerminal, runAgain, stop } from "../start/sessionControl";
import { outputLink, spanAtPlace } from "./outputAnswers";
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
      if (!span) return;
      const { place, outputLine, beside } = intent;
      if (outputLine === undefined) return context.sources.open(span, key, { place, beside });
      const target = linkOf(connection, intent.epoch, outputLine, place ?? 0);
      if (target?.type === "place") await context.sources.open(spanAtPlace(span, target.place), key, { beside });
      return;
    }
    case "openLink": {
      const target = linkOf(connection, intent.epoch, intent.outputLine, intent.link);
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
    case "stopSession":
      return stop(key);
    case "revealTerminal":
      return revealTerminal(key);
    case "hideStepsCard":
      // Kept by the editor, which tells new panels.
      return;
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

async function copyOutput(
  connection: PanelConnection,
  intent: Extract<PanelIntent, { type: "copyOutput" }>,
): Promise<void> {
  const picture = connection.model.picture;
  if (picture?.epoch !== intent.epoch || picture.output === undefined) return;
  const { text, leftOut } = linesAsText(picture.output, intent);
  await vscode.env.clipboard.writeText(text);
  const words =
    leftOut > 0 ? vscode.l10n.t("Copied, but for the last {0} lines", formatCount(leftOut)) : vscode.l10n.t("Copied");
  vscode.window.setStatusBarMessage(words, leftOut > 0 ? 6_000 : 2_000);
}

function linkOf(
  connection: PanelConnection,
  epoch: number,
  line: number,
  link: number,
): OutputLink["target"] | undefined {
  const picture = connection.model.picture;
  return picture?.epoch === epoch ? outputLink(picture, line, link) : undefined;
}

export function spanOf(
  connection: PanelConnection,
  at: { readonly epoch: number; readonly row: number },
): TraceSpan | undefined {
  const picture = connection.model.picture;
  return picture && picture.epoch === at.epoch ? picture.session.trace.spans[at.row] : undefined;
}
