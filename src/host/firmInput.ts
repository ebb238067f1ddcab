// Questions that stay. When VS Code's palette closes, the panel in front gets the focus back in two steps, of which the
// second one may come after the question that the command asks (microsoft/vscode#75209): then the focus leaves the question
// and VS Code closes it. It is asked once more; by then the focus is where it was going.

import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../base/disposable";

/** Nobody decides so fast that they want nothing of it. */
const soonMs = 250;

export interface FirmInput extends Disposable {
  /** The question is answered. */
  hide(): void;
}

/** @param onHidden the question is gone for good; called once */
export function showFirmly(
  input: vscode.QuickInput & Partial<Pick<vscode.QuickPick<vscode.QuickPickItem>, "onDidChangeActive">>,
  onHidden: () => void,
): FirmInput {
  const owned = new DisposableStore();
  let shownMs = performance.now();
  let isSeen = false;
  let mayReturn = true;
  owned.add(
    input.onDidHide(() => {
      const isLost = mayReturn && performance.now() - shownMs < soonMs;
      mayReturn = false;
      if (isLost) return input.show();
      owned.dispose();
      onHidden();
    }),
  );
  // The window has drawn it by then, which may take longer than it takes it to lose the focus.
  const seen = input.onDidChangeActive?.(() => {
    if (!isSeen) shownMs = performance.now();
    isSeen = true;
  });
  if (seen !== undefined) owned.add(seen);
  input.show();
  return {
    hide() {
      mayReturn = false;
      input.hide();
    },
    dispose: () => owned.dispose(),
  };
}

/** The same for what VS Code shows by itself. @param ask shows the question */
export async function askFirmly<T>(ask: () => PromiseLike<T | undefined>): Promise<T | undefined> {
  const askedMs = performance.now();
  const answer = await ask();
  return answer === undefined && performance.now() - askedMs < soonMs ? await ask() : answer;
}
