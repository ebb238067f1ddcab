// `vscode://tracekeeper.tracekeeper/open?session=<id>[&span=<id>]`: opens the panel of a listed session and does nothing
// else. A link can come from any web page, so nothing in it is a path, a command or a setting.

import * as vscode from "vscode";
import type { TraceStore } from "../store/traceStore";
import { plainText } from "../trace/plainText";
import type { FailingStepNavigator } from "./failures/goToFailingStep";

const maxIdLength = 300;

export function createUriHandler(
  start: () => void,
  store: Pick<TraceStore, "ready" | "entries">,
  navigator: Pick<FailingStepNavigator, "open">,
): vscode.UriHandler {
  return {
    async handleUri(uri) {
      const query = new URLSearchParams(uri.query);
      const session = query.get("session") ?? "";
      const span = query.get("span") ?? "";
      if (uri.path !== "/open" || session === "" || session.length > maxIdLength || span.length > maxIdLength) {
        void vscode.window.showWarningMessage(vscode.l10n.t("This link does not name a traced session."));
        return;
      }
      start();
      await store.ready;
      const entry = store
        .entries()
        .find((candidate) => candidate.sessionId === session || candidate.safeId === session);
      if (!entry) {
        void vscode.window.showWarningMessage(plainText(vscode.l10n.t("No listed session is called {0}.", session)));
        return;
      }
      await navigator.open(entry.key, span === "" ? { type: "failingStep" } : { type: "span", spanId: span });
    },
  };
}
