import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { answerRequest, StaleEpochError } from "../../src/host/panel/answerRequest";
import { panelHeader } from "../../src/host/panel/panelHeader";
import { type TraceChange, TraceModel } from "../../src/host/panel/traceModel";
import { type PanelRequest, panelHeaderSchema } from "../../src/protocol/panelMessages";
import { readSession } from "../../src/trace/readSession";
import type { LoadedSession } from "../../src/trace/sessionFiles";

const fixtures = path.resolve(import.meta.dirname, "../fixtures/trace-v2");
const nowMs = Date.parse("2026-11-20T23:00:00Z");
const texts = { timeZone: "UTC", statusLabel: (_status: string, fallback: string) => fallback };

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

/** A store of one session whose content and pace the test decides. */
function fakeStore(first: unknown) {
  let content = first;
  let changed = () => {};
  let gate: Promise<void> | undefined;
  let loads = 0;
  return {
    get loads() {
      return loads;
    },
    hold(until: Promise<void>) {
      gate = until;
    },
    write(next: unknown) {
      content = next;
      changed();
    },
    async load(): Promise<LoadedSession> {
      loads++;
      const now = content;
      await gate;
      if (now instanceof Error) throw now;
      return sessionOf(now);
    },
    watchSession(_key: string, listener: () => void) {
      changed = listener;
      return {
        dispose() {
          changed = () => {};
        },
      };
    },
  };
}

async function opened(first: unknown) {
  const store = fakeStore(first);
  const model = new TraceModel("/t/s.json", store, silentLogger, () => nowMs);
  const changes: TraceChange[] = [];
  model.onDidChange((change) => changes.push(change));
  await model.reload();
  return { store, model, changes };
}

describe("the picture of a session", () => {
  it.each([
    ["ses_failed_dbt_build.json", "Failed", "dbt.parse", "failed-path"],
    ["ses_crashed_migration.json", "Crashed", "generation-step-7", "in-progress"],
    ["ses_loop_same_call.json", "Failed", "bash npm ci", "last-unrecovered"],
    ["ses_completed_tax_rounding.json", "Completed", undefined, undefined],
    ["ses_live_refactor.json", "Unknown", undefined, undefined],
  ])("of %s says %s and names its failing step", async (name, status, title, rule) => {
    const { model } = await opened(await sample(name));
    const picture = model.picture;
    if (!picture) throw new Error("no picture");
    const header = panelHeader(picture, nowMs, texts);
    expect(panelHeaderSchema.safeParse(header).error).toBeUndefined();
    expect(header.statusLabel).toBe(status);
    if (title === undefined) expect(header.failingStep).toBeUndefined();
    else expect(header.failingStep).toMatchObject({ rule, title: expect.stringContaining(title) });
  });

  it("keeps row numbers while spans come and change, and says only what is new", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const { store, model, changes } = await opened({ ...json, spans: json.spans.slice(0, 6) });
    store.write({ ...json, spans: json.spans.slice(0, 9) });
    await model.reload();
    // The change itself starts a read; the one awaited here may find nothing new.
    const change = changes.findLast(({ type }) => type !== "state");
    if (change?.type !== "changed") throw new Error(`expected a change, not ${change?.type}`);
    expect(change.delta.appended.startMs).toHaveLength(3);
    expect(change.picture.epoch).toBe(1);
    expect([change.fromRevision, change.picture.revision]).toEqual([1, 2]);
  });

  it("begins a new epoch when spans disappear, so that no row number means another span", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const { store, model, changes } = await opened(json);
    store.write({ ...json, spans: json.spans.slice(2) });
    await model.reload();
    expect(changes.findLast(({ type }) => type !== "state")).toMatchObject({
      type: "opened",
      picture: { epoch: 2, revision: 1 },
    });
  });

  it("begins a new epoch when the row of missing parents goes away", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const [root, step] = json.spans as Record<string, unknown>[];
    const withParent = (parentSpanId: unknown) => ({ ...json, spans: [root, { ...step, parentSpanId }] });
    const { store, model, changes } = await opened(withParent("not received"));
    expect(model.picture?.columns.count).toBe(3);
    store.write(withParent(root?.["spanId"]));
    await model.reload();
    const picture = changes.findLast(({ type }) => type === "opened");
    expect(picture).toMatchObject({ picture: { epoch: 2, columns: { count: 2 } } });
  });

  it("sends no rows when only the file's time changed", async () => {
    const { store, model, changes } = await opened(await sample("ses_failed_dbt_build.json"));
    store.write(await sample("ses_failed_dbt_build.json"));
    await model.reload();
    expect(changes.at(-1)?.type).toBe("state");
    expect(model.picture?.revision).toBe(1);
  });

  it("reads exactly once more, however many changes come during a read", async () => {
    const json = await sample("ses_failed_dbt_build.json");
    const { store, model } = await opened(json);
    let open = () => {};
    store.hold(new Promise((resolve) => (open = resolve)));
    const before = store.loads;
    const reading = model.reload();
    for (let count = 5; count <= 9; count++) store.write({ ...json, spans: json.spans.slice(0, count) });
    open();
    await reading;
    expect(store.loads - before).toBe(2);
    expect(model.picture?.session.trace.spans).toHaveLength(9);
  });

  it("keeps the last sound picture when the file cannot be read, and tells", async () => {
    const { store, model, changes } = await opened(await sample("ses_failed_dbt_build.json"));
    store.write(Object.assign(new Error("gone"), { code: "ENOENT" }));
    await model.reload();
    expect(changes.at(-1)).toMatchObject({ type: "unreadable", missing: true });
    expect(model.picture?.columns.count).toBeGreaterThan(0);
  });

  it("tells nothing any more once it is disposed", async () => {
    const { store, model, changes } = await opened(await sample("ses_failed_dbt_build.json"));
    const before = changes.length;
    model.dispose();
    store.write({});
    await model.reload();
    expect(changes).toHaveLength(before);
  });
});

describe("answers about a picture", () => {
  const ask = async (request: Omit<PanelRequest, "id">) => {
    const { model } = await opened(await sample("ses_completed_tax_rounding.json"));
    const result = await answerRequest(
      { ...request, id: 1 } as PanelRequest,
      model.picture,
      new AbortController().signal,
    );
    return { model, result };
  };

  it("find a text in names, arguments, errors and outputs, without regard to case unless it has capitals", async () => {
    const rowsFor = async (text: string) => {
      const { result } = await ask({ method: "search", params: { epoch: 1, text } } as Omit<PanelRequest, "id">);
      return [...(result as { rows: Uint32Array }).rows].length;
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
