// Secrets that a person has wished to be kept: in VS Code's secret storage and nowhere else, of a parameter under the
// playbook's path and its name, of a model's key under the name that playbooks give it. The storage does not tell what it
// holds, so the places (and no value) are listed beside it.

import type * as vscode from "vscode";
import * as z from "zod/mini";

const secretPlaceSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("parameter"), path: z.string(), name: z.string() }),
  z.object({ type: z.literal("key"), name: z.string() }),
  /** Of an engine for batches, by its address: no playbook can name it. */
  z.object({ type: z.literal("engine"), name: z.string() }),
]);
export type SecretPlace = z.infer<typeof secretPlaceSchema>;

const listKey = "tracekeeper.keptSecrets";

export class KeptSecrets {
  readonly #storage: Pick<vscode.SecretStorage, "get" | "store" | "delete">;
  readonly #memento: Pick<vscode.Memento, "get" | "update">;

  /** @param memento of all windows, as the storage is */
  constructor(
    storage: Pick<vscode.SecretStorage, "get" | "store" | "delete">,
    memento: Pick<vscode.Memento, "get" | "update">,
  ) {
    this.#storage = storage;
    this.#memento = memento;
  }

  /** Where something is kept, the latest first. */
  get places(): readonly SecretPlace[] {
    const listed = z.array(z.unknown()).safeParse(this.#memento.get<unknown>(listKey));
    return (listed.data ?? []).flatMap((place) => secretPlaceSchema.safeParse(place).data ?? []);
  }

  async get(place: SecretPlace): Promise<string | undefined> {
    return await this.#storage.get(storageKey(place));
  }

  async keep(place: SecretPlace, value: string): Promise<void> {
    // First, so that nothing is ever kept that is not listed.
    await this.#memento.update(listKey, [place, ...this.#without(place)]);
    await this.#storage.store(storageKey(place), value);
  }

  async forget(place: SecretPlace): Promise<void> {
    await this.#storage.delete(storageKey(place));
    await this.#memento.update(listKey, this.#without(place));
  }

  #without(place: SecretPlace): SecretPlace[] {
    return this.places.filter((each) => storageKey(each) !== storageKey(place));
  }
}

function storageKey(place: SecretPlace): string {
  const words = place.type === "parameter" ? ["playbook", place.path, place.name] : [place.type, place.name];
  return `tracekeeper ${JSON.stringify(words)}`;
}
