// Whether the person has put away the card that tells how to get steps into a trace. Remembered for all traces.

import type * as vscode from "vscode";

const key = "tracekeeper.hidesStepsCard";

export class StepsCard {
  readonly #memento: vscode.Memento | undefined;
  #isHidden: boolean;

  /** @param memento without it the card is hidden until the window closes */
  constructor(memento: vscode.Memento | undefined) {
    this.#memento = memento;
    this.#isHidden = memento?.get<unknown>(key) === true;
  }

  get isHidden(): boolean {
    return this.#isHidden;
  }

  async setHidden(isHidden: boolean): Promise<void> {
    this.#isHidden = isHidden;
    await this.#memento?.update(key, isHidden ? true : undefined);
  }
}
