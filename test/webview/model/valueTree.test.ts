import { describe, expect, it } from "vitest";
import { entryNodes, valueNode } from "../../../src/trace/valueNode";
import { HostConnection } from "../../../webview/model/hostConnection";
import type { TextAddress } from "../../../webview/model/textLoader";
import { ValueTreeModel } from "../../../webview/model/valueTree";

interface Request {
  readonly id: number;
  readonly params: { readonly path: number[]; readonly from: number; readonly count: number };
}

/** A tree whose host answers when told to. */
class Desk {
  readonly requests: Request[] = [];
  readonly model: ValueTreeModel;
  #receive: (data: unknown) => void = () => {};

  constructor() {
    const api = {
      postMessage: (message: unknown) => {
        if ((message as { method?: string }).method === "payloadNodes") this.requests.push(message as Request);
      },
      getState: () => undefined,
      setState: () => {},
    };
    const connection = new HostConnection(api);
    const target = {
      addEventListener: (_type: string, listener: (event: { data: unknown }) => void) => {
        this.#receive = (data) => listener({ data });
      },
    };
    connection.listen(target as unknown as Window, () => {});
    this.model = new ValueTreeModel(connection, () => {});
  }

  /** Answers what was asked, as the reader does of this value; of nothing with a failure. */
  async answer(value: unknown): Promise<void> {
    for (const { id, params } of this.requests.splice(0)) {
      const { path, from, count } = params;
      if (value === undefined) this.#receive({ type: "reply", id, ok: false, stale: false, error: "gone" });
      else this.#receive({ type: "reply", id, ok: true, result: entryNodes(value, path, from, count) });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  names(path: readonly number[]): string[] | undefined {
    return this.model.entries(path)?.nodes.map(({ name, text }) => name || text);
  }
}

const address: TextAddress = { epoch: 1, row: 3, field: "attributes", path: [2] };
const value = { first: { inner: { deep: [1, 2, 3] } }, second: Array.from({ length: 250 }, (_, index) => index) };

describe("ValueTreeModel", () => {
  it("has the levels that came with the details, and asks for others by their numbers", async () => {
    const desk = new Desk();
    desk.model.begin(address, valueNode(value));
    expect(desk.requests).toEqual([]);
    expect(desk.names([])).toEqual(["first", "second"]);
    expect(desk.names([0])).toEqual(["inner"]);
    expect(desk.names([1])).toBeUndefined();
    desk.model.open([1]);
    expect(desk.requests[0]?.params).toMatchObject({ path: [2, 1], from: 0, count: 100, row: 3 });
    await desk.answer({ skipped: 0, also: 0, here: value });
    expect(desk.model.entries([1])).toMatchObject({ isLoading: false, total: 250 });
    expect(desk.model.entries([1])?.nodes).toHaveLength(100);
    desk.model.more([1]);
    expect(desk.requests[0]?.params).toMatchObject({ from: 100, count: 1_000 });
    await desk.answer({ skipped: 0, also: 0, here: value });
    expect(desk.model.entries([1])?.nodes).toHaveLength(250);
    desk.model.close([1]);
    expect(desk.names([1])).toBeUndefined();
  });

  it("asks for the first level where it did not come", async () => {
    const desk = new Desk();
    desk.model.begin({ ...address, path: [] }, undefined);
    expect(desk.model.entries([])).toMatchObject({ isLoading: true, nodes: [] });
    await desk.answer(value);
    expect(desk.names([])).toEqual(["first", "second"]);
  });

  it("keeps open what was open when the value changes, with what it holds now", async () => {
    const desk = new Desk();
    desk.model.begin({ ...address, path: [] }, valueNode(value));
    desk.model.open([1]);
    await desk.answer(value);
    const changed = { ...value, second: ["other"] };
    desk.model.begin({ ...address, path: [] }, valueNode({ ...changed, third: Array(100).fill(0) }));
    await desk.answer(changed);
    expect(desk.names([1])).toEqual(["other"]);
  });

  it("drops an answer for an entry that was closed meanwhile, and says when one could not be read", async () => {
    const desk = new Desk();
    desk.model.begin({ ...address, path: [] }, valueNode(value));
    desk.model.open([1]);
    desk.model.close([1]);
    await desk.answer(value);
    expect(desk.names([1])).toBeUndefined();
    desk.model.open([1]);
    await desk.answer(undefined);
    expect(desk.model.entries([1])).toMatchObject({ hasFailed: true, isLoading: false });
  });
});
