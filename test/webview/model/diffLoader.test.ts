import { describe, expect, it } from "vitest";
import { EditRows } from "../../../src/reader/editRows";
import type { DiffEntry } from "../../../src/trace/diffView";
import { DiffLoader } from "../../../webview/model/diffLoader";
import { HostConnection } from "../../../webview/model/hostConnection";

interface Request {
  readonly id: number;
  readonly params: { readonly from: number; readonly count: number; readonly isUnfolded?: boolean };
}

function deskOf(rows: EditRows) {
  const requests: Request[] = [];
  let receive: (data: unknown) => void = () => {};
  const api = {
    postMessage: (message: unknown) => requests.push(message as Request),
    getState: () => undefined,
    setState: () => {},
  };
  const connection = new HostConnection(api);
  const target = {
    addEventListener: (_type: string, listener: (event: { data: unknown }) => void) => {
      receive = (data) => listener({ data });
    },
  };
  connection.listen(target as unknown as Window, () => {});
  const loader = new DiffLoader(connection, () => {});
  loader.begin({ epoch: 1, row: 2, change: 0 }, rows.view());
  const answer = async () => {
    for (const { id, params } of requests.splice(0)) {
      const { from, count, isUnfolded } = params;
      const entries = isUnfolded === true ? rows.lines(from, count) : rows.entries(from, count);
      receive({ type: "reply", id, ok: true, result: { entries, total: rows.total } });
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { loader, requests, answer };
}

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);
const folds = (entries: readonly DiffEntry[]) => entries.filter((entry) => entry.type === "fold");

describe("DiffLoader", () => {
  it("opens a long fold piece by piece, and then holds every line", async () => {
    const before = lines(2_600);
    const rows = new EditRows({
      path: "a",
      type: "edit",
      parts: [{ oldText: before.join("\n"), newText: before.with(2_599, "changed").join("\n") }],
    });
    const { loader, answer } = deskOf(rows);
    expect(folds(loader.entries)).toEqual([{ type: "fold", from: 0, count: 2_596 }]);
    for (let left = 3; left > 0; left--) {
      const [fold] = folds(loader.entries);
      if (fold?.type !== "fold") throw new Error("No fold");
      void loader.unfold(fold);
      await answer();
    }
    expect(folds(loader.entries)).toEqual([]);
    expect(loader.entries).toEqual(rows.lines(0, 10_000));
    expect(loader.shown).toBe(rows.total);
  });

  it("asks for what follows what is shown, folds counted as one", async () => {
    const rows = new EditRows({ path: "a", type: "write", parts: [{ oldText: "", newText: lines(900).join("\n") }] });
    const { loader, requests, answer } = deskOf(rows);
    expect(loader.shown).toBe(300);
    void loader.more();
    void loader.more();
    expect(requests.map(({ params }) => params.from)).toEqual([300]);
    await answer();
    expect([loader.shown, loader.entries.length]).toEqual([900, 900]);
  });
});
