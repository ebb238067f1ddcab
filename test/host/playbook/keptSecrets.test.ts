import { describe, expect, it } from "vitest";
import { KeptSecrets } from "../../../src/host/playbook/run/keptSecrets";

const key = { type: "key", name: "shop" } as const;
const token = { type: "parameter", path: "/home/ann/night.playbook.yaml", name: "token" } as const;

/** What VS Code keeps, for all windows. */
function machine() {
  const stored = new Map<string, string>();
  const remembered = new Map<string, unknown>();
  const storage = {
    get: async (name: string) => stored.get(name),
    store: async (name: string, value: string) => void stored.set(name, value),
    delete: async (name: string) => void stored.delete(name),
  };
  const memento = {
    get: <T>(name: string, otherwise?: T) => (remembered.get(name) ?? otherwise) as T,
    update: async (name: string, value: unknown) => void remembered.set(name, value),
  };
  return { stored, remembered, storage, memento, window: () => new KeptSecrets(storage, memento) };
}

describe("kept secrets", () => {
  it("are listed by where they are kept, the latest first and each once, in every window", async () => {
    const { window, remembered } = machine();
    const secrets = window();
    for (const place of [key, token, key]) await secrets.keep(place, "sk-0123");
    expect(window().places).toEqual([key, token]);
    expect(JSON.stringify([...remembered])).not.toContain("sk-0123");
  });

  it("are gone from the storage and from the list once they are forgotten, and no other one is", async () => {
    const { window, stored } = machine();
    await window().keep(key, "one");
    await window().keep(token, "two");
    await window().forget(key);
    expect([...stored.values()]).toEqual(["two"]);
    expect(window().places).toEqual([token]);
    expect(await window().get(key)).toBeUndefined();
  });

  it("are listed before they are stored, so that what fails in between leaves none that can't be forgotten", async () => {
    const { storage, memento } = machine();
    const secrets = new KeptSecrets({ ...storage, store: () => Promise.reject(new Error("locked")) }, memento);
    await expect(secrets.keep(token, "two")).rejects.toThrow("locked");
    expect(secrets.places).toEqual([token]);
  });

  it.each([undefined, "x", [7, { type: "key" }, key]])("are told as far as their list is sound: %j", (list) => {
    const { window, remembered } = machine();
    remembered.set("tracekeeper.keptSecrets", list);
    expect(window().places).toEqual(Array.isArray(list) ? [key] : []);
  });
});
