import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import type { PanelRequest } from "../../src/protocol/panelMessages";
import type { SearchPart } from "../../src/protocol/searchMessages";
import { answerRequest, StaleEpochError } from "../../src/reader/answerRequest";
import { headerFacts } from "../../src/reader/headerFacts";
import { OpenedTrace, type TraceNews } from "../../src/reader/openedTrace";
import { readingInMemory } from "../../src/reader/readingInMemory";
import type { SessionUpdate } from "../../src/reader/sessionSource";
import { readSession } from "../../src/trace/readSession";
import { plainSearch } from "../../src/trace/searchQuery";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import { wholeSource } from "../support/wholeSource";

const fixtures = path.resolve(import.meta.dirname, "../fixtures/trace-v2");
const nowMs = Date.parse("2026-11-20T23:00:00Z");

interface Json {
  spans: { spanId: string; name: string; status: string; endTime?: number }[];
  [key: string]: unknown;
}

async function sample(name: string): Promise<Json> {
  return JSON.parse(await readFile(path.join(fixtures, name), "utf8"));
}

function sessionOf(json: unknown): LoadedSession {
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return readSession(
    { safeId: "s", snapshot: { name: "s.json", bytes, mtimeMs: nowMs }, journals: [] },
    () => "unknown",
  );
}

/** A session whose content and pace the test decides. */
async function opened(first: unknown) {
  let content = first;
  let gate: Promise<void> | undefined;
  let reads = 0;
  const news: TraceNews[] = [];
  const source = wholeSource(async () => {
    reads++;
    const now = content;
    await gate;
    if (now instanceof Error) throw now;
    return sessionOf(now);
  });
  const trace = new OpenedTrace({
    source,
    firstEpoch: 1,
    logger: silentLogger,
    now: () => nowMs,
    onNews: (told) => news.push(told),
  });
  await trace.update();
  return {
    trace,
    news,
    get reads() {
      return reads;
    },
    hold(until: Promise<void>) {
      gate = until;
    },
    async write(next: unknown) {
      content = next;
      await trace.update();
    },
    /** The file changes while nobody waits. */
    touch(next: unknown) {
      content = next;
      void trace.update();
    },
  };
}

function pictureOf({ picture }: OpenedTrace) {
  if (picture === undefined) throw new Error("There is no picture.");
  return picture;
}

describe("the picture of a session", () => {
  it.each([
    ["ses_failed_dbt_build.json", "failed", "dbt.parse", "failed-path"],
    ["ses_crashed_migration.json", "crashed", "generation-step-7", "in-progress"],
    ["ses_loop_same_call.json", "failed", "bash npm ci", "last-unrecovered"],
    ["ses_completed_tax_rounding.json", "completed", undefined, undefined],
    ["ses_live_refactor.json", "unknown", undefined, undefined],
  ])("of %s says %s and names its failing step", async (name, status, title, rule) => {
    const { trace } = await opened(await sample(name));
    const header = headerFacts(pictureOf(trace));
    expect(header.status).toBe(status);
    if (title === undefined) expect(header.failingStep).toBeUndefined();
    else expect(header.failingStep).toMatchObject({ rule, title: expect.stringContaining(title) });
  });

  it("keeps row numbers while spans come and change, and says only what is new", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const { trace, write } = await opened({ ...json, spans: json.spans.slice(0, 6) });
    await write({ ...json, spans: json.spans.slice(0, 9) });
    const picture = pictureOf(trace);
    expect([picture.epoch, picture.revision]).toEqual([1, 2]);
    expect(trace.changes(1, 2)?.from.rows).toBe(6);
    expect(picture.columns.count).toBe(9);
  });

  it("tells one who lags behind the sum of all changes, and one who is up to date nothing", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const { trace, write } = await opened({ ...json, spans: json.spans.slice(0, 6) });
    const [, second] = json.spans;
    const renamed = (name: string) => json.spans.map((span) => (span === second ? { ...span, name } : span));
    await write({ ...json, spans: renamed("one").slice(0, 7) });
    await write({ ...json, spans: renamed("two").slice(0, 9) });
    expect(pictureOf(trace).revision).toBe(3);
    const changes = trace.changes(1, 3);
    expect([...(changes?.changedRows ?? [])]).toEqual([1]);
    expect([changes?.from.rows, changes?.to.rows]).toEqual([6, 9]);
    const { strings } = pictureOf(trace).columns;
    expect(strings.slice(changes?.from.strings)).toEqual(expect.arrayContaining(["one", "two"]));
    expect(trace.changes(2, 3)?.from.rows).toBe(7);
    expect(trace.changes(3, 3)).toBeUndefined();
  });

  it("begins a new epoch when spans disappear, so that no row number means another span", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const { trace, write } = await opened(json);
    await write({ ...json, spans: json.spans.slice(2) });
    expect(pictureOf(trace)).toMatchObject({ epoch: 2, revision: 1 });
  });

  it("begins a new epoch when the row of missing parents goes away", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const [root, step] = json.spans as Record<string, unknown>[];
    const withParent = (parentSpanId: unknown) => ({ ...json, spans: [root, { ...step, parentSpanId }] });
    const { trace, write } = await opened(withParent("not received"));
    expect(pictureOf(trace).columns.count).toBe(3);
    await write(withParent(root?.["spanId"]));
    expect(pictureOf(trace)).toMatchObject({ epoch: 2, columns: { count: 2 } });
  });

  it("changes no revision when only the file's time changed, and tells all the same", async () => {
    const { trace, news, write } = await opened(await sample("ses_failed_dbt_build.json"));
    await write(await sample("ses_failed_dbt_build.json"));
    expect(news).toHaveLength(2);
    expect(pictureOf(trace).revision).toBe(1);
  });

  it("reads exactly once more, however many changes come during a read", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const of = await opened(json);
    let open = () => {};
    of.hold(new Promise((resolve) => (open = resolve)));
    const before = of.reads;
    const reading = of.trace.update();
    for (let count = 5; count <= 9; count++) of.touch({ ...json, spans: json.spans.slice(0, count) });
    open();
    await reading;
    expect(of.reads - before).toBe(2);
    expect(pictureOf(of.trace).spans.count).toBe(9);
  });

  it("keeps the last sound picture when the file cannot be read, and tells", async () => {
    const { trace, news, write } = await opened(await sample("ses_failed_dbt_build.json"));
    await write(Object.assign(new Error("gone"), { code: "ENOENT" }));
    expect(news.at(-1)).toMatchObject({ type: "unreadable", isMissing: true });
    expect(pictureOf(trace).columns.count).toBeGreaterThan(0);
  });

  it("does not take for growth what goes on from another reading than the last", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const followed = readingInMemory(sessionOf(json));
    const renamed = json.spans.map((span) => ({ ...span, spanId: `other-${span.spanId}` }));
    const other = readingInMemory(sessionOf({ ...json, spans: renamed }));
    const updates: SessionUpdate[] = [
      { type: "anew", reading: followed },
      { type: "grown", reading: { ...followed }, changedRows: new Uint32Array() },
      { type: "anew", reading: other },
      { type: "grown", reading: followed, changedRows: new Uint32Array() },
    ];
    const source = { read: async () => updates.shift() as SessionUpdate, forget() {}, dispose() {} };
    const trace = new OpenedTrace({ source, firstEpoch: 1, logger: silentLogger, now: () => nowMs, onNews() {} });
    const epochs: number[] = [];
    while (updates.length > 0) {
      await trace.update();
      epochs.push(pictureOf(trace).epoch);
    }
    expect(epochs).toEqual([1, 1, 2, 3]);
    expect(pictureOf(trace).spans.idOf(0)).toBe(followed.spans.idOf(0));
  });

  it("tells nothing any more once it is disposed", async () => {
    const { trace, news, write } = await opened(await sample("ses_failed_dbt_build.json"));
    const before = news.length;
    trace.dispose();
    await write({});
    expect(news).toHaveLength(before);
  });
});

describe("answers about a picture", () => {
  const ask = async (request: Omit<PanelRequest, "id">) => {
    const { trace } = await opened(await sample("ses_completed_tax_rounding.json"));
    const parts: unknown[] = [];
    const result = await answerRequest(
      { ...request, id: 1 } as PanelRequest,
      () => trace.picture,
      new AbortController().signal,
      (part) => parts.push(part),
    );
    return { result, parts };
  };

  it("find a text in names, arguments, errors and outputs, without regard to case unless it has capitals", async () => {
    const rowsFor = async (text: string) => {
      const query = { ...plainSearch, text };
      const { parts } = await ask({ method: "search", params: { epoch: 1, query } } as Omit<PanelRequest, "id">);
      return (parts as SearchPart[]).reduce((count, { rows }) => count + rows.length, 0);
    };
    expect(await rowsFor("sql_execute")).toBeGreaterThanOrEqual(7);
    const holders = (await sample("ses_completed_tax_rounding.json")).spans.filter((span) =>
      JSON.stringify(span).includes("AssertionError: expected 10.13"),
    );
    expect(await rowsFor("assertionerror: expected 10.13")).toBe(holders.length);
    expect(holders.length).toBeGreaterThan(0);
    expect(await rowsFor("ASSERTIONERROR")).toBe(0);
    expect(await rowsFor("no such text at all")).toBe(0);
  });

  it("refuse rows of an epoch that has passed", async () => {
    await expect(
      ask({ method: "details", params: { epoch: 7, row: 0 } } as Omit<PanelRequest, "id">),
    ).rejects.toBeInstanceOf(StaleEpochError);
  });

  it("refuse a row that does not exist", async () => {
    await expect(
      ask({ method: "details", params: { epoch: 1, row: 4_000 } } as Omit<PanelRequest, "id">),
    ).rejects.toBeInstanceOf(RangeError);
  });

  it("give a payload in parts that make the whole", async () => {
    const part = async (from: number, length: number) =>
      (
        await ask({ method: "payload", params: { epoch: 1, row: 0, field: "raw", from, length } } as Omit<
          PanelRequest,
          "id"
        >)
      ).result as { text: string; totalLength: number };
    const whole = await part(0, 1_000_000);
    const halves = [await part(0, 100), await part(100, 1_000_000)];
    expect(halves.map((half) => half.text).join("")).toBe(whole.text);
    expect(whole.totalLength).toBe(whole.text.length);
  });
});
