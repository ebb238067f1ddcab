import { describe, expect, it } from "vitest";
import { RememberedLooks } from "../../src/host/panel/payloadLooks";

class Memento {
  readonly kept = new Map<string, unknown>();

  get(key: string): unknown {
    return this.kept.get(key);
  }

  update(key: string, value: unknown): Promise<void> {
    this.kept.set(key, value);
    return Promise.resolve();
  }
}

const looks = { payloadViews: { "tool input json": "text" as const }, wrapText: false, sideBySide: true };

describe("looks of payloads", () => {
  it("are remembered over windows", async () => {
    const memento = new Memento();
    const first = new RememberedLooks(memento as never);
    expect(first.looks).toBeUndefined();
    await first.remember(looks);
    expect(first.looks).toEqual(looks);
    expect(new RememberedLooks(memento as never).looks).toEqual(looks);
  });

  it("hold until the window closes where nothing can be kept", async () => {
    const only = new RememberedLooks(undefined);
    await only.remember(looks);
    expect(only.looks).toEqual(looks);
  });

  it.each([[null], ["text"], [{ ...looks, wrapText: "yes" }], [{ ...looks, payloadViews: { x: "html" } }]])(
    "are none where %j is kept",
    (kept) => {
      const memento = new Memento();
      memento.kept.set("tracekeeper.payloadLooks", kept);
      expect(new RememberedLooks(memento as never).looks).toBeUndefined();
    },
  );
});
