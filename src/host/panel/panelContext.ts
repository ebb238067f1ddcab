// Keeps what depends on the panel in front: the context key for its buttons, and that its session's end has been seen.

import type { Disposable } from "../../base/disposable";
import type { TraceStore } from "../../store/traceStore";
import { contextKeys } from "../ids";
import type { SeenSessions } from "../sessions/seenSessions";
import { setContext } from "../sessions/sessionsView";
import type { PanelRegistry } from "./panelRegistry";

export function keepPanelContext(
  registry: PanelRegistry,
  store: Pick<TraceStore, "entry" | "onDidChange">,
  seen: SeenSessions,
  onSeen: () => void,
): Disposable {
  const update = (): void => {
    void setContext(contextKeys.panelHasFailures, (registry.active?.model.facts?.header.failureCount ?? 0) > 0);
    let isNews = false;
    for (const connection of registry.connections) {
      if (!connection.panel.visible) continue;
      const entry = store.entry(connection.model.key);
      if (!entry || !seen.isUnseen(entry)) continue;
      isNews = true;
      void seen.markSeen(entry);
    }
    if (isNews) onSeen();
  };
  const subscriptions = [registry.onDidChange(update), store.onDidChange(update)];
  return {
    dispose() {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
