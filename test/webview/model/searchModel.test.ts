import "../englishTexts";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PatternFault } from "../../../src/protocol/searchMessages";
import { plainSearch, type SearchOptions } from "../../../src/trace/searchQuery";
import { HostConnection } from "../../../webview/model/hostConnection";
import { MatchMarks } from "../../../webview/model/matchMarks";
import { SearchModel } from "../../../webview/model/searchModel";
import type { TraceModel } from "../../../webview/model/traceModel";
import { madeUp } from "../../trace/traceSamples";
import { madePicture } from "./madePicture";

interface Asked {
  readonly method?: string;
  readonly type?: string;
  readonly id?: number;
  readonly params?: {
    readonly epoch: number;
    readonly query: { readonly text: string };
    readonly nearRow?: number;
    readonly rows?: Uint32Array;
    readonly texts?: readonly string[];
  };
}

class Reader {
  readonly posted: Asked[] = [];
  readonly connection: HostConnection;
  #receive: ((event: { data: unknown }) => void) | undefined;

  constructor() {
    this.connection = new HostConnection({
      postMessage: (message) => this.posted.push(message as Asked),
      getState: () => undefined,
      setState() {},
    });
    const target = { addEventListener: (_: string, listener: unknown) => (this.#receive = listener as never) };
    this.connection.listen(target as unknown as Window, () => {});
  }

  of(kind: string): Asked[] {
    return this.posted.filter(({ type, method }) => type === kind || method === kind);
  }

  get last(): Asked | undefined {
    return this.of("search").at(-1);
  }

  part(rows: readonly number[], searched: number, asked = this.last): void {
    this.#receive?.({ data: { type: "part", id: asked?.id, part: { rows: Uint32Array.from(rows), searched } } });
  }

  async end(fault?: PatternFault): Promise<void> {
    await this.reply({ skipped: 0, ...(fault === undefined ? {} : { fault }) });
  }

  async reply(result: unknown, asked = this.last): Promise<void> {
    this.#receive?.({ data: { type: "reply", id: asked?.id, ok: true, result } });
    await vi.advanceTimersByTimeAsync(0);
  }

  async fail(error: string, stale: boolean): Promise<void> {
    this.#receive?.({ data: { type: "reply", id: this.last?.id, ok: false, stale, error } });
    await vi.advanceTimersByTimeAsync(0);
  }
}

function searching(text: string, options: Partial<SearchOptions> = {}, row = 7) {
  const reader = new Reader();
  const changes: boolean[] = [];
  const search = new SearchModel(reader.connection, (hasNew) => changes.push(hasNew));
  const place = () => ({ epoch: 3, row });
  const ask = async (value: string) => {
    search.setQuery({ ...plainSearch, ...options, text: value }, place);
    await vi.advanceTimersByTimeAsync(150);
  };
  return { reader, search, changes, ask, ready: ask(text) };
}

/** A session with steps below it; their order in the tree is that of their start, which is backwards. */
function backwards(count: number): TraceModel {
  const steps = Array.from({ length: count - 1 }, (_, index) => ({ startTime: count - index, endTime: count }));
  return madePicture(madeUp([{ kind: "session", startTime: 0, endTime: count }, ...steps]).columns).model;
}

describe("the search of the panel", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks where the person is, with all that the query means", async () => {
    const { reader, ready } = searching("tax", { regex: true, matchCase: true });
    await ready;
    expect(reader.last?.params).toEqual({
      epoch: 3,
      query: { text: "tax", regex: true, matchCase: true, wholeWord: false },
      nearRow: 7,
    });
  });

  it("asks from the top where the tree shows the matches alone", async () => {
    const { reader, search, ask, ready } = searching("ta");
    search.setMatchesOnly(true);
    await ready;
    await ask("tax");
    expect(reader.last?.params).not.toHaveProperty("nearRow");
  });

  it("shows what is found while it is searched, and how far that is", async () => {
    const { reader, search, changes, ready } = searching("tax");
    await ready;
    expect([search.isBusy, search.isWaiting, search.searched]).toEqual([true, true, 0]);
    reader.part([4, 2], 0.25);
    expect([search.matchCount, search.searched, search.isWaiting, search.isBusy]).toEqual([2, 0.25, false, true]);
    const told = changes.length;
    reader.part([], 0.5);
    reader.part([9], 0.75);
    expect(changes.slice(told)).toEqual([false, true]);
    await reader.end();
    expect([search.matchCount, search.searched, search.isBusy]).toEqual([3, 1, false]);
    expect([4, 2, 9, 3].map((row) => search.isMatch(row))).toEqual([true, true, true, false]);
  });

  it("keeps what the last query found until the first of the next is here", async () => {
    const { reader, search, ask, ready } = searching("t");
    await ready;
    reader.part([1, 2, 3], 1);
    await reader.end();
    await ask("tax");
    expect([search.matchCount, search.isWaiting]).toEqual([3, true]);
    reader.part([], 0.1);
    expect([search.matchCount, search.isWaiting]).toEqual([0, true]);
    reader.part([2], 0.2);
    expect([search.matchCount, search.isWaiting]).toEqual([1, false]);
  });

  it("gives up the search that the next key stroke makes useless, and hears nothing of it any more", async () => {
    const { reader, search, ask, ready } = searching("t");
    await ready;
    const first = reader.last;
    reader.part([1], 0.1);
    void ask("ta");
    expect(reader.of("cancel").map(({ id }) => id)).toEqual([first?.id]);
    await vi.advanceTimersByTimeAsync(150);
    reader.part([5], 0.2, first);
    expect(search.matchCount).toBe(1);
    reader.part([6], 1);
    await reader.end();
    expect([search.matchCount, search.isMatch(6), search.isMatch(1), search.isMatch(5)]).toEqual([
      1,
      true,
      false,
      false,
    ]);
  });

  it("gives up and forgets with the text", async () => {
    const { reader, search, ask, ready } = searching("t");
    await ready;
    reader.part([1], 0.1);
    await ask("");
    expect(reader.of("cancel")).toHaveLength(1);
    expect([search.matchCount, search.isBusy, search.filter]).toEqual([0, false, undefined]);
    expect(reader.of("search")).toHaveLength(1);
  });

  it("says what is wrong with an expression until it is another", async () => {
    const { reader, search, ask, ready } = searching("(", { regex: true });
    await ready;
    await reader.end({ code: "unclosedGroup", at: 0, part: "(" });
    expect([search.fault?.code, search.matchCount, search.isBusy]).toEqual(["unclosedGroup", 0, false]);
    await ask("(a)");
    reader.part([1], 1);
    await reader.end();
    expect([search.fault, search.matchCount]).toEqual([undefined, 1]);
  });

  it("searches only rows that changed and came, all of them once it is free", async () => {
    const { reader, search, ready } = searching("tax");
    await ready;
    reader.part([1, 2], 0.5);
    search.rowsChanged(Uint32Array.of(2, 5), 10, 12);
    search.rowsChanged(Uint32Array.of(5), 12, 13);
    await vi.advanceTimersByTimeAsync(500);
    expect(reader.of("search")).toHaveLength(1);
    await reader.end();
    await vi.advanceTimersByTimeAsync(150);
    expect(reader.of("search")).toHaveLength(2);
    expect([...(reader.last?.params?.rows ?? [])].sort((a, b) => a - b)).toEqual([2, 5, 10, 11, 12]);
    expect([search.isBusy, search.matchCount]).toEqual([false, 2]);
    reader.part([5, 12], 1);
    // What was found stays until all is known.
    expect(search.isMatch(2)).toBe(true);
    await reader.end();
    expect([1, 2, 5, 10, 12].map((row) => search.isMatch(row))).toEqual([true, false, true, false, true]);
    expect(search.matchCount).toBe(3);
  });

  it("is not put off by rows that come all the time", async () => {
    const { reader, search, ready } = searching("tax");
    await ready;
    await reader.end();
    for (let row = 0; row < 10; row++) {
      search.rowsChanged(new Uint32Array(), row, row + 1);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(reader.of("search").length).toBeGreaterThan(1);
  });

  it("searches all where too many rows have changed", async () => {
    const { reader, search, ready } = searching("tax");
    await ready;
    await reader.end();
    search.rowsChanged(new Uint32Array(), 0, 200_000);
    await vi.advanceTimersByTimeAsync(150);
    expect(reader.last?.params).not.toHaveProperty("rows");
  });

  it("searches a new picture from the start, and forgets rows of the old one at once", async () => {
    const { reader, search, ready } = searching("tax");
    await ready;
    reader.part([1, 2], 0.5);
    search.searchAnew();
    expect([search.matchCount, search.isBusy, reader.of("cancel").length]).toEqual([0, true, 1]);
    await vi.advanceTimersByTimeAsync(150);
    expect(reader.last?.params).not.toHaveProperty("rows");
    reader.part([7], 1);
    await reader.end();
    expect(search.matchCount).toBe(1);
  });

  it("tells an error in the reader's words, but none where another picture is on its way", async () => {
    const { reader, search, ready } = searching("tax");
    await ready;
    await reader.fail("The trace was replaced meanwhile", true);
    expect([search.error, search.isBusy]).toEqual([undefined, false]);
    search.searchAnew();
    await vi.advanceTimersByTimeAsync(150);
    await reader.fail("The reader stopped", false);
    expect(search.error).toBe("The reader stopped");
  });

  it("walks in the order of the tree, and counts in it", async () => {
    const model = backwards(8);
    const { reader, search, ready } = searching("tax");
    await ready;
    reader.part([2, 5, 6], 1);
    await reader.end();
    expect([...model.tree.preorder]).toEqual([0, 7, 6, 5, 4, 3, 2, 1]);
    expect(search.step(model, -1, 1)).toEqual({ row: 6, wrapped: false });
    expect(search.step(model, 6, 1)).toEqual({ row: 5, wrapped: false });
    expect(search.step(model, 4, 1)).toEqual({ row: 2, wrapped: false });
    expect(search.step(model, 2, 1)).toEqual({ row: 6, wrapped: true });
    expect(search.step(model, 6, -1)).toEqual({ row: 2, wrapped: true });
    expect(search.step(model, -1, -1)).toEqual({ row: 2, wrapped: false });
    expect([6, 5, 2, 3].map((row) => search.ordinalOf(model, row))).toEqual([0, 1, 2, -1]);
    reader.part([], 1);
  });

  it("walks to every match once, whatever they are", async () => {
    const model = backwards(40);
    const { reader, search, ready, ask } = searching("tax");
    await ready;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 39 }), { minLength: 1 }), async (rows) => {
        await ask(search.text === "tax" ? "tax " : "tax");
        reader.part(rows, 1);
        await reader.end();
        const order = [...model.tree.preorder].filter((row) => rows.includes(row));
        const walked: number[] = [];
        for (let row = -1; walked.length < rows.length; ) {
          row = search.step(model, row, 1).row;
          walked.push(row);
          expect(search.ordinalOf(model, row)).toBe(walked.length - 1);
        }
        expect(walked).toEqual(order);
        expect(search.matchCount).toBe(rows.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe("marks of what is searched for", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("of a text are there at once", () => {
    const reader = new Reader();
    const marks = new MatchMarks(reader.connection, () => {});
    marks.setQuery({ ...plainSearch, text: "tax" }, 1);
    expect(marks.places("Tax and tax")).toEqual([0, 3, 8, 11]);
    marks.setQuery(undefined, 1);
    expect(marks.places("tax")).toEqual([]);
    expect(reader.posted).toEqual([]);
  });

  it("of an expression are asked for together, once, and come later", async () => {
    const reader = new Reader();
    let changes = 0;
    const marks = new MatchMarks(reader.connection, () => changes++);
    marks.setQuery({ ...plainSearch, regex: true, text: "t.x" }, 4);
    expect([marks.places("tax"), marks.places("none"), marks.places("tax")]).toEqual([[], [], []]);
    await vi.advanceTimersByTimeAsync(1);
    const [asked] = reader.of("matchPlaces");
    expect(asked?.params?.texts).toEqual(["tax", "none"]);
    expect(asked?.params?.epoch).toBe(4);
    await reader.reply({ places: [[0, 3], []] }, asked);
    expect(changes).toBe(1);
    expect([marks.places("tax"), marks.places("none")]).toEqual([[0, 3], []]);
    await vi.advanceTimersByTimeAsync(1);
    expect(reader.of("matchPlaces")).toHaveLength(1);
  });

  it("of another expression are not those of the one before", async () => {
    const reader = new Reader();
    const marks = new MatchMarks(reader.connection, () => {});
    marks.setQuery({ ...plainSearch, regex: true, text: "t.x" }, 4);
    marks.places("tax");
    await vi.advanceTimersByTimeAsync(1);
    const [first] = reader.of("matchPlaces");
    marks.setQuery({ ...plainSearch, regex: true, text: "a" }, 4);
    marks.places("tax");
    await reader.reply({ places: [[0, 3]] }, first);
    expect(marks.places("tax")).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await reader.reply({ places: [[1, 2]] }, reader.of("matchPlaces").at(-1));
    expect(marks.places("tax")).toEqual([1, 2]);
  });
});
