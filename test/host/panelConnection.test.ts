// What a page is sent, by the code of the host and of the reader, in the order in which a page takes it.
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { PanelConnection, type PanelConnectionOptions } from "../../src/host/panel/panelConnection";
import { TraceModel } from "../../src/host/panel/traceModel";
import type { PanelRequest, ViewState } from "../../src/protocol/panelMessages";
import type { ReaderClient } from "../../src/reader/readerClient";
import { readSession } from "../../src/trace/readSession";
import type { TraceSpan } from "../../src/trace/schema";
import { nowMs, spanOf, traceOf } from "../reader/pictures";
import { factsOf, scriptedClient, settled } from "../reader/scriptedReader";
import { localReader } from "../support/localReader";
import { wholeSource } from "../support/wholeSource";
import { FakePanel } from "./fakePanel";

const texts = { timeZone: "UTC", statusLabel: (_status: string, fallback: string) => fallback };

function connect(model: TraceModel, panel: FakePanel, options: Pick<PanelConnectionOptions, "control"> = {}) {
  return new PanelConnection({
    ...options,
    model,
    panel: panel.panel,
    logger: silentLogger,
    texts: {},
    headerTexts: texts,
    onIntent() {},
  });
}

function modelOf(reader: Pick<ReaderClient, "open">): TraceModel {
  return new TraceModel("/t/s.json", reader, { watchSession: () => ({ dispose() {} }) }, () => nowMs);
}

function steps(count: number, name = "step"): TraceSpan[] {
  return Array.from({ length: count }, (_, index) => spanOf(`${name}-${index}`, { name: `${name} ${index}` }));
}

/** A panel of a session whose spans and reading the test decides. */
function opened(first: readonly TraceSpan[], options: Pick<PanelConnectionOptions, "control"> = {}) {
  let spans = first;
  let gate: Promise<void> | undefined;
  const reader = localReader(
    () =>
      wholeSource(async () => {
        await gate;
        const bytes = new TextEncoder().encode(JSON.stringify(traceOf(spans)));
        return readSession(
          { safeId: "s", snapshot: { name: "s.json", bytes, mtimeMs: nowMs }, journals: [] },
          () => "unknown",
        );
      }),
    { now: () => nowMs },
  );
  const model = modelOf(reader);
  const panel = new FakePanel();
  const connection = connect(model, panel, options);
  const ready = (state?: Partial<ViewState>) =>
    panel.say({ type: "ready", ...(state === undefined ? {} : { state: { version: 1, sessionId: "s", ...state } }) });
  return {
    panel,
    model,
    connection,
    ready,
    /** Waits until the page was sent what comes last. */
    until: (line: string, times = 1) =>
      expect.poll(() => panel.log.filter((each) => each === line).length, { timeout: 30_000 }).toBe(times),
    async write(next: readonly TraceSpan[]) {
      spans = next;
      await model.reload();
    },
    hold(until: Promise<void>) {
      gate = until;
    },
    [Symbol.dispose]() {
      connection.dispose();
      model.dispose();
      reader.dispose();
    },
  };
}

function details(id: number, epoch: number, row = 0): PanelRequest {
  return { method: "details", id, params: { epoch, row } };
}

describe("a page of a panel", () => {
  it("is sent a trace in chunks, of which three at most are under way", async () => {
    using drive = opened(steps(150_000));
    drive.panel.hold();
    drive.ready();
    await drive.model.reload();
    drive.panel.takeOne();
    await drive.until("open 1.1");
    expect(drive.panel.log).toEqual(["init", "open 1.1"]);
    drive.panel.takeOne();
    const chunks = () => drive.panel.sent.filter(({ type }) => type === "columns").length;
    await expect.poll(chunks).toBe(3);
    drive.panel.takeOne();
    await expect.poll(chunks).toBe(4);
    drive.panel.release();
    await expect.poll(() => drive.panel.last("columns").last).toBe(true);
    expect(chunks()).toBeGreaterThan(4);
    expect(drive.panel.mostOpen).toBe(3);
    expect(drive.panel.last("open").rowCount).toBe(150_000);
  });

  it("that lags behind is sent the sum of what it lacks, and not every step", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.panel.hold();
    drive.ready();
    drive.panel.takeOne();
    await drive.until("open 1.1");
    for (const count of [6, 7, 9]) await drive.write(steps(count));
    drive.panel.release();
    await drive.until("delta 1.1-4");
    expect(drive.panel.log).toEqual(["init", "open 1.1", "columns 1.1", "delta 1.1-4"]);
    expect(drive.panel.last("delta").appended.startMs).toHaveLength(5);
  });

  it("is sent a new picture where rows lost their numbers while it was sent the old one", async () => {
    using drive = opened(steps(90_000));
    await drive.model.reload();
    drive.panel.hold();
    drive.ready();
    drive.panel.takeOne();
    await drive.until("open 1.1");
    await drive.write(steps(3, "other"));
    drive.panel.release();
    await expect.poll(() => drive.panel.log.at(-1)).toBe("columns 2.1");
    const log = drive.panel.log;
    expect(log.slice(log.indexOf("open 2.1"))).toEqual(["open 2.1", "columns 2.1"]);
    expect(log.filter((line) => line === "columns 1.1").length).toBeLessThanOrEqual(2);
  });

  it("is sent a great change in parts, of which the last one makes the new revision", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    await drive.write(steps(60_000));
    await drive.until("delta 1.1-2");
    const parts = drive.panel.log.filter((line) => line.startsWith("delta"));
    expect(parts.length).toBeGreaterThan(2);
    expect(new Set(parts.slice(0, -1))).toEqual(new Set(["delta 1.1-1"]));
  });

  it("is sent only the header where the rows stayed the same", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    await drive.write(steps(4));
    await drive.until("header 1");
    expect(drive.panel.log).toEqual(["init", "open 1.1", "columns 1.1", "header 1"]);
  });

  it("is told what can be done with its session, also where that comes while the picture is on its way", async () => {
    let canResume = false;
    const control = () => ({ canRunAgain: false, canStop: false, hasTerminal: false, canResume });
    using drive = opened(steps(90_000), { control });
    await drive.model.reload();
    drive.panel.hold();
    drive.ready();
    drive.panel.takeOne();
    await drive.until("open 1.1");
    canResume = true;
    drive.connection.refreshHeader();
    drive.panel.release();
    await drive.until("header 1");
    expect(drive.panel.last("header").header.control?.canResume).toBe(true);
    expect(drive.panel.log.at(-1)).toBe("header 1");
  });

  it("is never told less of its session by a header that comes while a change is on its way", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    const failed = { status: "error", statusMessage: "exit code 3" } as const;
    drive.panel.hold();
    await drive.write([...steps(4), spanOf("late", { name: "late", ...failed })]);
    await drive.until("delta 1.1-2");
    drive.connection.refreshHeader();
    drive.panel.release();
    await drive.until("header 1");
    expect(drive.panel.last("header").header.failingStep?.title).toBe("late");
  });

  it("that was hidden is sent nothing, and everything when it is shown again", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    drive.panel.hide();
    await drive.write(steps(5));
    drive.panel.say(details(1, 1));
    expect(drive.panel.log).toEqual(["init", "open 1.1", "columns 1.1"]);
    drive.panel.show();
    drive.ready();
    await drive.until("columns 1.2");
    expect(drive.panel.log.slice(3)).toEqual(["init", "open 1.2", "columns 1.2"]);
  });

  it("is sent everything again when it asks for that", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    drive.panel.say({ type: "resync", reason: "test" });
    await drive.until("columns 1.1", 2);
    expect(drive.panel.log).toEqual(["init", "open 1.1", "columns 1.1", "open 1.1", "columns 1.1"]);
  });

  it("finds the span that it had selected, also where the trace is read only after it has asked", async () => {
    using drive = opened(steps(4));
    drive.ready({ selectedSpanId: "step-2", selectedRow: 1 });
    await drive.model.reload();
    await drive.until("columns 1.1");
    expect(drive.panel.last("open").restoredRow).toBe(2);
  });

  it("is told that the span it had selected is gone", async () => {
    using drive = opened(steps(4));
    drive.ready({ selectedSpanId: "no such span" });
    await drive.model.reload();
    await drive.until("columns 1.1");
    expect(drive.panel.last("open").restoredRow).toBe(-1);
  });

  it("gets back the row that was selected last, which it may not have written down", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    drive.panel.say({ type: "selected", epoch: 1, row: 3 });
    expect(drive.connection.selected).toMatchObject({ epoch: 1, row: 3 });
    drive.panel.hide();
    drive.ready({ selectedSpanId: "step-1" });
    await drive.until("columns 1.1", 2);
    expect(drive.panel.last("open").restoredRow).toBe(3);
  });

  it("opens at what a jump asked for before there was a page, and goes to what one asks for later", async () => {
    using drive = opened(steps(4));
    drive.connection.reveal({ type: "span", spanId: "step-2" });
    drive.ready();
    await drive.model.reload();
    await drive.until("columns 1.1");
    expect(drive.panel.last("open").revealRow).toBe(2);
    drive.connection.reveal({ type: "span", spanId: "step-3" });
    await drive.until("reveal 1:3");
  });

  it("is told where to go only once it has all of the picture", async () => {
    using drive = opened(steps(4));
    drive.connection.navigate("nextFailure");
    drive.ready();
    await drive.model.reload();
    await drive.until("navigate nextFailure");
    expect(drive.panel.log).toEqual(["init", "open 1.1", "columns 1.1", "navigate nextFailure"]);
  });
});

describe("a question of a page", () => {
  it("is answered while the trace is read again", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    let open = () => {};
    drive.hold(new Promise((resolve) => (open = resolve)));
    const reading = drive.write(steps(5));
    drive.panel.say(details(7, 1));
    await drive.until("reply 7 ok");
    expect(drive.panel.log).not.toContain("delta 1.1-2");
    open();
    await reading;
    await drive.until("delta 1.1-2");
  });

  it("about an epoch that has passed is stale", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    await drive.until("columns 1.1");
    await drive.write(steps(3, "other"));
    drive.panel.say(details(7, 1));
    await drive.until("reply 7 stale");
  });

  it("about a row that is not there is refused in words", async () => {
    using drive = opened(steps(4));
    await drive.model.reload();
    drive.ready();
    drive.panel.say(details(7, 1, 99));
    await drive.until("reply 7 No row 99 in this trace");
  });

  it("that the page gives up is cancelled and not answered", async () => {
    const scripted = scriptedClient();
    const panel = new FakePanel();
    const model = modelOf(scripted.client);
    const connection = connect(model, panel);
    scripted.reader.say({ type: "picture", trace: 1, facts: factsOf(1) });
    panel.say(details(7, 1));
    panel.say({ type: "cancel", id: 7 });
    await settled();
    expect(scripted.reader.log.at(-1)).toBe("cancel");
    scripted.reader.answer("request", {});
    await settled();
    expect(panel.log).toEqual([]);
    connection.dispose();
    scripted.client.dispose();
  });

  it("is cancelled when the page goes", async () => {
    const scripted = scriptedClient();
    const panel = new FakePanel();
    const connection = connect(modelOf(scripted.client), panel);
    panel.say(details(7, 1));
    panel.hide();
    expect(scripted.reader.log.at(-1)).toBe("cancel");
    connection.dispose();
    scripted.client.dispose();
  });

  it("is answered in parts where it has parts", async () => {
    const scripted = scriptedClient();
    const panel = new FakePanel();
    const connection = connect(modelOf(scripted.client), panel);
    panel.say(details(7, 1));
    scripted.reader.say({ type: "part", id: scripted.reader.callOf("request"), part: { rows: Uint32Array.of(1) } });
    scripted.reader.answer("request", {});
    await settled();
    expect(panel.log).toEqual(["part 7", "reply 7 ok"]);
    connection.dispose();
    scripted.client.dispose();
  });
});

describe("a page whose reader or files do not answer", () => {
  it("is told so, also where it comes meanwhile, and again when they do", async () => {
    const scripted = scriptedClient();
    const panel = new FakePanel();
    const model = modelOf(scripted.client);
    const connection = connect(model, panel);
    panel.say({ type: "ready" });
    scripted.reader.say({ type: "delay", trace: 1, isDelayed: true });
    panel.say({ type: "ready" });
    scripted.reader.beSilent(true);
    scripted.reader.beSilent(false);
    scripted.reader.say({ type: "delay", trace: 1, isDelayed: false });
    await settled();
    const told = ["init", "delay of files", "init", "delay of files", "delay of reader", "delay of files"];
    expect(panel.log).toEqual([...told, "delay of nothing"]);
    connection.dispose();
    scripted.client.dispose();
  });

  it("keeps being told so until there is something of the next reader", async () => {
    const scripted = scriptedClient();
    const panel = new FakePanel();
    const model = modelOf(scripted.client);
    const connection = connect(model, panel);
    panel.say({ type: "ready" });
    void model.reload();
    scripted.reader.beSilent(true);
    scripted.reader.lose();
    await settled();
    expect(panel.log).toEqual(["init", "delay of reader"]);
    scripted.reader.say({ type: "unreadable", trace: 1, message: "EIO", isMissing: false });
    await settled();
    expect(panel.log).toEqual(["init", "delay of reader", "delay of nothing", "unavailable unreadable"]);
    connection.dispose();
    scripted.client.dispose();
  });
});

describe("a page of a trace that ends the reader", () => {
  it("keeps its picture over the first time and is told after the second, until the person asks for it", async () => {
    const scripted = scriptedClient();
    const panel = new FakePanel();
    const model = modelOf(scripted.client);
    const connection = connect(model, panel);
    panel.say({ type: "ready" });
    void model.reload();
    scripted.reader.lose();
    await settled();
    expect(panel.log).toEqual(["init"]);
    scripted.reader.lose("it ran out of memory (4096 MB)");
    await settled();
    expect(panel.log).toEqual(["init", "unavailable stopped"]);
    expect(panel.last("unavailable").message).toBe("it ran out of memory (4096 MB)");
    void model.reload();
    await settled();
    expect(scripted.reader.log).toContain("open /t/s.json from epoch 1");
    connection.dispose();
    scripted.client.dispose();
  });
});
