import "../englishTexts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HostMessage, PanelHeader } from "../../../src/protocol/panelMessages";
import { columnChunks } from "../../../src/reader/columnChunks";
import { StringTable } from "../../../src/reader/stringTable";
import { wordsAsPayload } from "../../../src/trace/payload";
import type { TraceSpan } from "../../../src/trace/schema";
import { HostConnection } from "../../../webview/model/hostConnection";
import { Panel } from "../../../webview/model/panel";
import { columnsDelta, withSharedStrings } from "../../support/columnsDelta";
import { madeUp } from "../../trace/traceSamples";

const header: PanelHeader = {
  title: "t",
  sessionId: "s",
  status: "running",
  statusLabel: "Running",
  statusDetail: "",
  live: true,
  hasConversation: false,
  failureCount: 0,
  recoveredCount: 0,
  problems: [],
  problemCount: 0,
  elidedCount: 0,
  timeZone: "UTC",
};

const session = { kind: "session", startTime: 0, endTime: 100 } as const;
const steps = (count: number): Partial<TraceSpan>[] => [
  session,
  ...Array.from({ length: count }, (_, index) => ({ name: `step ${index}`, startTime: index, endTime: index + 1 })),
];

class Host {
  readonly posted: { type?: string; method?: string; id?: number; [key: string]: unknown }[] = [];
  readonly panel: Panel;
  state: unknown;
  #receive: ((event: { data: unknown }) => void) | undefined;
  #strings = new StringTable();

  constructor(state?: unknown) {
    this.state = state;
    const connection = new HostConnection({
      postMessage: (message) => this.posted.push(message as Host["posted"][number]),
      getState: () => this.state,
      setState: (next) => {
        this.state = next;
      },
    });
    this.panel = new Panel(connection, () => 1_000_500);
    const target = { addEventListener: (_: string, listener: unknown) => (this.#receive = listener as never) };
    connection.listen(target as unknown as Window, (message) => this.panel.receive(message));
    this.panel.start();
  }

  send(message: unknown): void {
    this.#receive?.({ data: message });
  }

  open(spans: readonly Partial<TraceSpan>[], rest: Partial<Extract<HostMessage, { type: "open" }>> = {}): void {
    this.#strings = new StringTable();
    const columns = withSharedStrings(madeUp(spans).columns, this.#strings);
    const { epoch = 1, revision = 1 } = rest;
    this.send({ type: "open", epoch, revision, header, rowCount: columns.count, initialRow: -1, ...rest });
    for (const chunk of columnChunks(columns, { maxBytes: 400 }))
      this.send({ type: "columns", epoch, revision, ...chunk });
  }

  grow(before: readonly Partial<TraceSpan>[], after: readonly Partial<TraceSpan>[], fromRevision = 1): void {
    const was = withSharedStrings(madeUp(before).columns, this.#strings);
    const known = this.#strings.list.length;
    const delta = columnsDelta(was, withSharedStrings(madeUp(after).columns, this.#strings));
    this.send({
      type: "delta",
      epoch: 1,
      fromRevision,
      revision: fromRevision + 1,
      header,
      ...delta,
      strings: this.#strings.list.slice(known),
    });
  }

  /** Answers the search that was asked last but `back`. */
  found(rows: readonly number[], back = 0): void {
    const id = this.of("search").at(-1 - back)?.id;
    this.send({ type: "part", id, part: { rows: Uint32Array.from(rows), searched: 1 } });
    this.send({ type: "reply", id, ok: true, result: { skipped: 0 } });
  }

  of(kind: string) {
    return this.posted.filter(({ type, method }) => type === kind || method === kind);
  }
}

describe("the panel's picture", () => {
  it("appears with the last chunk, with the first row selected where nothing failed", () => {
    const host = new Host();
    host.open(steps(40));
    expect(host.panel.picture?.model.columns.count).toBe(41);
    expect(host.panel.selectedRow).toBe(0);
    expect(host.of("resync")).toEqual([]);
  });

  it("keeps the old picture until a new one is complete", () => {
    const host = new Host();
    host.open(steps(3));
    host.send({ type: "open", epoch: 2, revision: 1, header, rowCount: 90, initialRow: -1 });
    expect(host.panel.picture?.epoch).toBe(1);
  });

  it("grows by a delta without moving the selection, and counts what came out of view", () => {
    const host = new Host();
    host.open(steps(3));
    host.panel.select(2);
    host.panel.scrolled(0, false, true);
    host.grow(steps(3), steps(6));
    expect(host.panel.picture?.model.columns.count).toBe(7);
    expect(host.panel.selectedRow).toBe(2);
    expect(host.panel.newCount).toBe(3);
    host.panel.scrolled(100, true, true);
    expect(host.panel.newCount).toBe(0);
  });

  it("follows at the end of the list", () => {
    const host = new Host();
    host.open(steps(3));
    host.panel.scrolled(0, true, true);
    host.grow(steps(3), steps(4));
    expect(host.panel.newCount).toBe(0);
    expect(host.panel.tailWish).toBeDefined();
  });

  it("asks for everything again after a gap, once, and ignores what comes until then", () => {
    const host = new Host();
    host.open(steps(3));
    host.grow(steps(3), steps(4), 5);
    host.grow(steps(4), steps(5), 6);
    expect(host.of("resync")).toHaveLength(1);
    expect(host.panel.picture?.model.columns.count).toBe(4);
    host.open(steps(5), { revision: 7 });
    expect(host.panel.picture?.model.columns.count).toBe(6);
  });

  it("finds the selected step again in a new epoch in which rows have other numbers", () => {
    const host = new Host();
    host.open(steps(5));
    host.panel.select(4);
    const [first, ...rest] = steps(5);
    host.open([first!, { name: "earlier", startTime: 0, endTime: 1 }, ...rest], { epoch: 2 });
    expect(host.panel.selectedRow).toBe(5);
  });

  it.each([
    ["what is revealed", { revealRow: 3, restoredRow: 2, initialRow: 1 }, 3],
    ["what was selected before", { restoredRow: 2, initialRow: 1 }, 2],
    ["the failing step where what was selected is gone", { restoredRow: -1, initialRow: 1 }, 1],
  ])("opens at %s", (_, rest, row) => {
    const host = new Host();
    host.open(steps(5), rest);
    expect(host.panel.selectedRow).toBe(row);
  });

  it("says in words that the state of the session changed, and nothing when it did not", () => {
    const host = new Host();
    host.open(steps(2));
    host.send({ type: "header", epoch: 1, header: { ...header, savedMs: 5 } });
    expect(host.panel.announcement).toBe("");
    host.send({
      type: "header",
      epoch: 1,
      header: { ...header, status: "failed", statusLabel: "Failed", live: false },
    });
    expect(host.panel.announcement).toBe("The session is now: Failed");
  });

  it("keeps the details of the step before until those of the next are here", async () => {
    const host = new Host();
    host.open(steps(3));
    const answer = async (row: number) => {
      const asked = host.posted.findLast(({ method }) => method === "details");
      host.send({ type: "reply", id: asked?.id, ok: true, result: detailsOf(`step ${row}`) });
      await Promise.resolve();
      await Promise.resolve();
    };
    expect(host.panel.details.shown).toBeUndefined();
    await answer(0);
    expect(host.panel.details.shown?.row).toBe(0);
    host.panel.select(2);
    host.panel.select(3);
    expect(host.panel.details.state.type).toBe("loading");
    expect(host.panel.details.shown?.row).toBe(0);
    await answer(3);
    expect(host.panel.details.shown?.row).toBe(3);
  });

  it("asks once for the details of the first row, and for the labels of the rows around it", async () => {
    const host = new Host();
    const asked = (method: string) => host.posted.filter((message) => message.method === method);
    host.send({ type: "open", epoch: 1, revision: 1, header, rowCount: 4, lacksTexts: true, initialRow: 2 });
    expect(asked("details")).toHaveLength(1);
    host.open(steps(3), { lacksTexts: true, initialRow: 2 });
    expect(asked("details").map(({ params }) => params)).toEqual([{ epoch: 1, row: 2 }]);
    await Promise.resolve();
    expect(asked("texts").map(({ params }) => params)).toEqual([{ epoch: 1, rows: [2, 1, 0, 3] }]);
    host.send({ type: "reply", id: asked("details")[0]?.id, ok: true, result: detailsOf("step 2") });
    await new Promise((resolve) => setTimeout(resolve));
    expect(host.panel.details.shown?.row).toBe(2);
    host.panel.select(1);
    host.panel.select(2);
    expect(asked("details").map(({ params }) => params)).toEqual([2, 1, 2].map((row) => ({ epoch: 1, row })));
  });

  it("ignores and logs a message that is none", () => {
    const host = new Host();
    host.open(steps(2));
    host.send({ type: "columns", epoch: "one" });
    host.send("hello");
    expect(host.of("log")).toHaveLength(2);
    expect(host.panel.picture?.model.columns.count).toBe(3);
  });
});

describe("the panel's memory", () => {
  it("writes what the person set, and applies it to the same session only", () => {
    const host = new Host();
    host.open(steps(5));
    host.panel.select(3);
    host.panel.setFilters([{ type: "name", name: "step 2" }]);
    host.panel.settings.tab = "raw";
    host.panel.saveNow();

    const same = new Host(host.state);
    expect(same.of("ready")[0]).toMatchObject({ state: { selectedRow: 3 } });
    same.open(steps(5));
    expect(same.panel.settings.tab).toBe("raw");
    expect(same.panel.selectedRow).toBe(3);
    expect(same.panel.rows.filters).toEqual([{ type: "name", name: "step 2" }]);

    const other = new Host(host.state);
    other.open(steps(5), { header: { ...header, sessionId: "another" } });
    expect(other.panel.settings.tab).toBe("overview");
    expect(other.panel.rows.filters).toEqual([]);
  });

  it.each([
    ["nothing", undefined],
    ["a text", "state"],
    ["another version", { version: 9, sessionId: "s" }],
    ["a wrong field", { version: 1, sessionId: "s", selectedRow: -4 }],
  ])("starts afresh from %s", (_, state) => {
    const host = new Host(state);
    expect(host.of("ready")).toEqual([{ type: "ready" }]);
    host.open(steps(2));
    expect(host.panel.picture).toBeDefined();
  });
});

function detailsOf(title: string) {
  const payload = wordsAsPayload("");
  return {
    ...{ spanId: title, parentSpanId: null, title, label: "", outcome: "", kind: "tool", status: "ok" },
    ...{ places: [], calls: [], callsLeftOut: 0, attributes: [], events: [], links: [], leftOut: 0 },
    ...{ input: payload, output: payload },
  };
}

describe("search", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks once the typing pauses and drops the answer that was superseded", async () => {
    const host = new Host();
    host.open(steps(9));
    host.panel.setSearch("st");
    host.panel.setSearch("ste");
    await vi.advanceTimersByTimeAsync(200);
    host.panel.setSearch("step 4");
    await vi.advanceTimersByTimeAsync(200);
    expect(host.of("search")).toHaveLength(2);
    // The reader is told that nobody waits for the first answer any more.
    expect(host.of("cancel").map(({ id }) => id)).toEqual([host.of("search")[0]?.id]);
    host.found([5]);
    host.found([1, 2, 3], 1);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.panel.search.matchCount).toBe(1);
    host.panel.goToMatch(1);
    expect(host.panel.selectedRow).toBe(5);
    expect(host.panel.announcement).toContain("1 of 1");
  });

  it("goes on to the match once it is found where Enter came before the answer", async () => {
    const host = new Host();
    host.open(steps(9));
    host.panel.setSearch("step 4");
    host.panel.goToMatch(1);
    expect(host.panel.announcement).toBe("");
    await vi.advanceTimersByTimeAsync(200);
    host.found([5]);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.panel.selectedRow).toBe(5);
  });

  it("leaves the rows alone while it only marks what it found", async () => {
    const host = new Host();
    host.open(steps(9));
    const { version } = host.panel.rows;
    host.panel.setSearch("x");
    await vi.advanceTimersByTimeAsync(200);
    host.found([2, 4]);
    await vi.advanceTimersByTimeAsync(0);
    host.panel.setSearch("xy");
    expect(host.panel.search.isMatch(4)).toBe(true);
    expect(host.panel.rows.version).toBe(version);
  });

  it("reduces the tree to its matches where that is asked for, and shows all again without a text", async () => {
    const host = new Host();
    host.open(steps(9));
    host.panel.search.setMatchesOnly(true);
    host.panel.setSearch("x");
    await vi.advanceTimersByTimeAsync(200);
    host.found([2, 4]);
    await vi.advanceTimersByTimeAsync(0);
    expect(host.panel.rows.slice(0, 99)).toEqual([0, 2, 4]);
    host.panel.setSearch("");
    expect(host.panel.rows.count).toBe(10);
  });
});
