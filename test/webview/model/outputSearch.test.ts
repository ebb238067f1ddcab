import "../englishTexts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { plainSearch } from "../../../src/trace/searchQuery";
import { HostConnection } from "../../../webview/model/hostConnection";
import { OutputSearch } from "../../../webview/model/outputSearch";

interface Asked {
  readonly method: string;
  readonly id: number;
  readonly params: { readonly epoch: number; readonly query: { readonly text: string } };
}

function searching(text: string) {
  const asked: Asked[] = [];
  let receive: ((event: { data: unknown }) => void) | undefined;
  const connection = new HostConnection({
    postMessage: (message) => asked.push(message as Asked),
    getState: () => undefined,
    setState() {},
  });
  const target = { addEventListener: (_: string, listener: unknown) => (receive = listener as never) };
  connection.listen(target as unknown as Window, () => {});
  const search = new OutputSearch(connection, () => {});
  search.setQuery({ ...plainSearch, text }, 1);
  const reply = async (message: object) => {
    receive?.({ data: { type: "reply", id: asked.at(-1)?.id, ...message } });
    await vi.advanceTimersByTimeAsync(0);
  };
  const found = (...lines: readonly number[]) =>
    reply({ ok: true, result: { lines: Uint32Array.from(lines), truncated: false } });
  return { search, asked, found, reply };
}

describe("the search in the output", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("answers while lines come all the time, and then looks at what has come", async () => {
    const { search, asked, found } = searching("tax");
    for (let count = 0; count < 10; count++) {
      search.askAgain(1);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(asked).toHaveLength(1);
    await found(3);
    expect(search.matchCount).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toHaveLength(2);
    await found(3, 9);
    expect(search.matchCount).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(2);
  });

  it("asks again for the picture that has come where its question was about the one before", async () => {
    const { search, asked, found, reply } = searching("tax");
    await vi.advanceTimersByTimeAsync(100);
    search.askAgain(2);
    await reply({ ok: false, stale: true, error: "The trace was replaced meanwhile" });
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.map(({ params }) => params.epoch)).toEqual([1, 2]);
    await found(1);
    expect([search.matchCount, search.error, search.isBusy]).toEqual([1, undefined, false]);
  });

  it("says what is wrong with an expression", async () => {
    const { search, reply } = searching("(");
    await vi.advanceTimersByTimeAsync(100);
    const fault = { code: "unclosedGroup", at: 0, part: "(" };
    await reply({ ok: true, result: { fault, lines: new Uint32Array(), truncated: false } });
    expect([search.fault?.code, search.matchCount]).toEqual(["unclosedGroup", 0]);
  });
});
