// Secrets that a person has wished to be kept: in VS Code's secret storage and nowhere else, of a parameter under the
// playbook's path and its name, of a model's key under the name that playbooks give it.

import type * as vscode from "vscode";

export type SecretPlace =
  | { readonly type: "parameter"; readonly path: string; readonly name: string }
  | { readonly type: "key"; readonly name: string };

export class KeptSecrets {
  readonly #storage: Pick<vscode.SecretStorage, "get" | "store" | "delete">;

  constructor(storage: Pick<vscode.SecretStorage, "get" | "store" | "delete">) {
    this.#storage = storage;
  }

  async get(place: SecretPlace): Promise<string | undefined> {
    return await this.#storage.get(storageKey(place));
  }

  async keep(place: SecretPlace, value: string): Promise<void> {
    await this.#storage.store(storageKey(place), value);
  }

  async forget(place: SecretPlace): Promise<void> {
    await this.#storage.delete(storageKey(place));
  }
}

function storageKey(place: SecretPlace): string {
  const words = place.type === "parameter" ? ["playbook", place.path, place.name] : ["key", place.name];
  return `tracekeeper ${JSON.stringify(words)}`;
}
