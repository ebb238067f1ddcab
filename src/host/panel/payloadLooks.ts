// How the person wants payloads to be shown. Remembered for all traces.

import type * as vscode from "vscode";
import { type PayloadLooks, payloadLooksSchema } from "../../protocol/payloadMessages";

const key = "tracekeeper.payloadLooks";

export class RememberedLooks {
  readonly #memento: vscode.Memento | undefined;
  #chosen: PayloadLooks | undefined;

  /** @param memento without it a choice holds until the window closes */
  constructor(memento: vscode.Memento | undefined) {
    this.#memento = memento;
  }

  /** Undefined where the person never chose. */
  get looks(): PayloadLooks | undefined {
    if (this.#chosen !== undefined) return this.#chosen;
    const kept = payloadLooksSchema.safeParse(this.#memento?.get<unknown>(key));
    return kept.success ? kept.data : undefined;
  }

  async remember(looks: PayloadLooks): Promise<void> {
    this.#chosen = looks;
    await this.#memento?.update(key, looks);
  }
}
