// The list of running sessions: open one, stop it, or look at its terminal.

import * as vscode from "vscode";
import { DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { plainText } from "../../trace/plainText";
import { reportError } from "../commandEdge";
import { type FirmInput, showFirmly } from "../firmInput";
import type { RunningSession, RunningSessions } from "./runningSessions";
import { runningFor } from "./runningStatus";
import type { SessionControl } from "./sessionControl";

interface RunningItem extends vscode.QuickPickItem {
  readonly key: string;
}

const stopButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("debug-stop"),
  tooltip: vscode.l10n.t("Stop"),
};
const terminalButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("terminal"),
  tooltip: vscode.l10n.t("Reveal Terminal"),
};

export interface RunningPickParts {
  readonly running: RunningSessions;
  readonly control: SessionControl;
  readonly logger: Logger;
}

/** The key of the one that was picked. */
export async function pickRunning(
  { running, control, logger }: RunningPickParts,
  placeholder: string,
): Promise<string | undefined> {
  const owned = new DisposableStore();
  const pick = owned.add(vscode.window.createQuickPick<RunningItem>());
  pick.placeholder = placeholder;
  let shown: FirmInput | undefined;
  const draw = () => {
    const nowMs = Date.now();
    const selected = pick.activeItems[0]?.key;
    pick.items = running.all.map((session) => itemOf(session, nowMs));
    const again = pick.items.find(({ key }) => key === selected);
    if (again) pick.activeItems = [again];
    // With the last one over there is nothing to pick.
    if (pick.items.length === 0) shown?.hide();
  };
  owned.add(running.onDidChange(draw));
  owned.add(
    pick.onDidTriggerItemButton(({ item, button }) => {
      const act = button === stopButton ? control.stop(item.key) : control.revealTerminal(item.key);
      if (button === terminalButton) shown?.hide();
      act.catch((error: unknown) => reportError(logger, "Running sessions", error));
    }),
  );
  draw();
  const picked = new Promise<string | undefined>((resolve) => {
    owned.add(pick.onDidAccept(() => resolve(pick.selectedItems[0]?.key)));
    shown = owned.add(showFirmly(pick, () => resolve(undefined)));
  });
  try {
    return await picked;
  } finally {
    owned.dispose();
  }
}

function itemOf(session: RunningSession, nowMs: number): RunningItem {
  const { launch, key, terminal } = session;
  return {
    key,
    label: plainText(launch.title),
    description: runningFor(session, nowMs),
    detail: plainText(launch.cwd === "." ? (launch.origin.path ?? "") : launch.cwd),
    iconPath: new vscode.ThemeIcon("pulse"),
    buttons: terminal ? [terminalButton, stopButton] : [stopButton],
  };
}
