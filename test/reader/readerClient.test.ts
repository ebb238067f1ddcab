import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReaderError } from "../../src/reader/readerClient";
import { factsOf, scriptedClient, settled } from "./scriptedReader";

/** The kind and the words of what a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof ReaderError ? `${error.kind}: ${error.message}` : String(error);
  }
  return "none";
}

describe("the line to the reader", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("starts one reader for all traces, with the first of them", () => {
    const { client, readers } = scriptedClient();
    expect(client.isRunning).toBe(false);
    client.open("a");
    client.open("b");
    expect(readers).toHaveLength(1);
    expect(readers[0]?.log).toEqual(["open a from epoch 1", "open b from epoch 1"]);
  });

  it("ends the reader a minute after the last trace was closed, and not when one was opened meanwhile", () => {
    const { client, readers } = scriptedClient();
    const first = client.open("a");
    const second = client.open("b");
    first.dispose();
    vi.advanceTimersByTime(120_000);
    expect(client.isRunning).toBe(true);
    second.dispose();
    vi.advanceTimersByTime(59_000);
    const third = client.open("c");
    vi.advanceTimersByTime(120_000);
    expect(client.isRunning).toBe(true);
    third.dispose();
    vi.advanceTimersByTime(60_000);
    expect(client.isRunning).toBe(false);
    expect(readers.map(({ isClosed }) => isClosed)).toEqual([true]);
    client.open("d");
    expect(readers).toHaveLength(2);
  });

  it("gives each call its own answer, in whatever order they come", async () => {
    const scripted = scriptedClient();
    const trace = scripted.client.open("a");
    const row = trace.call("rowOf", { spanId: "x" });
    const text = trace.call("text", { epoch: 1, row: 0, field: "input" });
    scripted.reader.answer("text", "an input");
    scripted.reader.answer("rowOf", { epoch: 1, row: 7 });
    expect(await Promise.all([row, text])).toEqual([{ epoch: 1, row: 7 }, "an input"]);
  });

  it("hands on parts ahead of the answer, and none after it", async () => {
    const scripted = scriptedClient();
    const parts: unknown[] = [];
    const request = { method: "summary", id: 1, params: { epoch: 1 } } as const;
    const call = scripted.client
      .open("a")
      .call("request", { panel: 1, request }, { onPart: (part) => parts.push(part) });
    const id = scripted.reader.callOf("request");
    scripted.reader.say({ type: "part", id, part: "one" });
    scripted.reader.answer("request", "all");
    scripted.reader.say({ type: "part", id, part: "late" });
    expect(await call).toBe("all");
    expect(parts).toEqual(["one"]);
  });

  it("refuses a call that the reader refuses, with its words", async () => {
    const scripted = scriptedClient();
    const call = scripted.client.open("a").call("rowOf", { spanId: "x" });
    scripted.reader.fail("rowOf", "stale", "The trace was replaced meanwhile");
    expect(await refusal(call)).toBe("stale: The trace was replaced meanwhile");
  });

  it("refuses a call at once when nobody waits for it any more, and tells the reader", async () => {
    const scripted = scriptedClient();
    const abort = new AbortController();
    const call = scripted.client.open("a").call("rowOf", { spanId: "x" }, { signal: abort.signal });
    abort.abort();
    expect(await refusal(call)).toBe("aborted: Nobody waits for it any more");
    expect(scripted.reader.log.at(-1)).toBe("cancel");
    scripted.reader.answer("rowOf", { epoch: 1, row: 7 });
  });

  it("tells where files may be read before anything else, and again only when that changes", () => {
    let folders: readonly string[] | undefined = ["/w"];
    const scripted = scriptedClient({ borders: () => folders });
    const trace = scripted.client.open("a");
    void trace.update();
    folders = undefined;
    void trace.update();
    void trace.update();
    expect(scripted.reader.fullLog).toEqual([
      "borders /w",
      "open a from epoch 1",
      "call update of 1",
      "borders none",
      "call update of 1",
      "call update of 1",
    ]);
  });

  it("opens a session once for several questions at the same time, and closes it after the last", async () => {
    const scripted = scriptedClient();
    const one = scripted.client.once("a", (trace) => trace.call("rowOf", { spanId: "x" }));
    const other = scripted.client.once("a", (trace) => trace.call("wholeOutput", {}));
    scripted.reader.answer("update", undefined);
    await settled();
    scripted.reader.answer("rowOf", { epoch: 1, row: 7 });
    await one;
    expect(scripted.reader.log).not.toContain("close 1");
    scripted.reader.answer("wholeOutput", { text: "", leftOut: 0 });
    await other;
    expect(scripted.reader.log).toEqual([
      "open a from epoch 1",
      "call update of 1",
      "call rowOf of 1",
      "call wholeOutput of 1",
      "close 1",
    ]);
  });

  it("asks the trace that somebody looks at, and opens none beside it", async () => {
    const scripted = scriptedClient();
    scripted.client.open("a");
    scripted.reader.say({ type: "picture", trace: 1, facts: factsOf(1) });
    const row = scripted.client.once("a", (trace) => trace.call("rowOf", { spanId: "x" }));
    scripted.reader.answer("rowOf", { epoch: 1, row: 7 });
    expect(await row).toEqual({ epoch: 1, row: 7 });
    expect(scripted.reader.log).toEqual(["open a from epoch 1", "call rowOf of 1"]);
  });

  it("refuses what is under way when the window closes, and everything after that", async () => {
    const scripted = scriptedClient();
    const trace = scripted.client.open("a");
    const call = trace.call("rowOf", { spanId: "x" });
    scripted.client.dispose();
    expect(await refusal(call)).toBe("lost: The reader stopped: the window is closing");
    expect(scripted.reader.isClosed).toBe(true);
    expect(await refusal(trace.call("rowOf", { spanId: "x" }))).toBe("aborted: The trace is closed");
    expect(scripted.readers).toHaveLength(1);
  });
});

describe("a reader that is lost", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Two traces of which both have a picture. */
  async function twoOpened() {
    const scripted = scriptedClient();
    const a = scripted.client.open("a");
    const b = scripted.client.open("b");
    for (const [key, epoch] of [
      ["a", 1],
      ["b", 4],
    ] as const)
      scripted.reader.say({ type: "picture", trace: scripted.reader.traceOf(key), facts: factsOf(epoch) });
    return { scripted, a, b };
  }

  /** The newest reader reads what was opened in it. */
  async function readAgain(scripted: ReturnType<typeof scriptedClient>, key: string, epoch: number): Promise<void> {
    await settled();
    const { reader } = scripted;
    reader.say({ type: "picture", trace: reader.traceOf(key), facts: factsOf(epoch) });
    reader.answer("update", undefined);
    await settled();
  }

  it("refuses what is under way and says why", async () => {
    const { scripted, a } = await twoOpened();
    const call = a.call("rowOf", { spanId: "x" });
    scripted.reader.lose("it ran out of memory (4096 MB)");
    expect(await refusal(call)).toBe("lost: The reader stopped: it ran out of memory (4096 MB)");
  });

  it("is replaced, and the traces are opened again one after the other, in epochs that were not before", async () => {
    const { scripted, a, b } = await twoOpened();
    scripted.reader.lose();
    await settled();
    expect(scripted.reader.log).toEqual(["open a from epoch 2", "call update of 1"]);
    await readAgain(scripted, "a", 2);
    expect(scripted.reader.log.slice(2)).toEqual(["open b from epoch 5", "call update of 2"]);
    await readAgain(scripted, "b", 5);
    expect(scripted.readers).toHaveLength(2);
    expect([a.facts?.epoch, b.facts?.epoch]).toEqual([2, 5]);
  });

  it("keeps the pictures that the panels have until there are new ones", async () => {
    const { scripted, a } = await twoOpened();
    let told = 0;
    a.onDidChange(() => told++);
    scripted.reader.lose();
    await settled();
    expect([a.now?.type, told]).toEqual(["picture", 0]);
  });

  it("twice in a row over one trace leaves that one closed, says so, and opens the others", async () => {
    const { scripted, a, b } = await twoOpened();
    void a.update();
    scripted.reader.lose();
    await settled();
    scripted.reader.lose("it ran out of memory (4096 MB)");
    await settled();
    expect(a.now).toEqual({ type: "lost", message: "it ran out of memory (4096 MB)" });
    expect(scripted.readers).toHaveLength(3);
    expect(scripted.reader.log).toEqual(["open b from epoch 5", "call update of 2"]);
    await readAgain(scripted, "b", 5);
    expect([b.now?.type, scripted.readers.length]).toEqual(["picture", 3]);
  });

  it("over a trace that was read and asked about in between is still twice in a row, within a minute", async () => {
    const { scripted, a } = await twoOpened();
    void a.update();
    scripted.reader.lose();
    await readAgain(scripted, "a", 2);
    await readAgain(scripted, "b", 5);
    void a.call("rowOf", { spanId: "x" }).catch(() => undefined);
    scripted.reader.lose();
    expect(a.now?.type).toBe("lost");
  });

  it("is still twice in a row where reading the trace again took long", async () => {
    const { scripted, a } = await twoOpened();
    void a.update();
    scripted.reader.lose();
    vi.advanceTimersByTime(600_000);
    await readAgain(scripted, "a", 2);
    vi.advanceTimersByTime(59_000);
    void a.update();
    scripted.reader.lose();
    expect(a.now?.type).toBe("lost");
  });

  it("leaves the other traces no longer closed than files take that do not answer", async () => {
    const { scripted, a, b } = await twoOpened();
    scripted.reader.lose();
    await settled();
    expect(scripted.reader.log).not.toContain("open b from epoch 5");
    scripted.reader.say({ type: "delay", trace: scripted.reader.traceOf("a"), isDelayed: true });
    await readAgain(scripted, "b", 5);
    expect([a.delay, b.delay, b.facts?.epoch]).toEqual(["files", undefined, 5]);
  });

  it("is forgotten after a minute in which the trace was read", async () => {
    const { scripted, a } = await twoOpened();
    void a.update();
    scripted.reader.lose();
    await readAgain(scripted, "a", 2);
    await readAgain(scripted, "b", 5);
    vi.advanceTimersByTime(60_000);
    void a.update();
    scripted.reader.lose();
    await settled();
    expect(a.now?.type).toBe("picture");
    expect(scripted.reader.log).toEqual(["open a from epoch 3", "call update of 1"]);
  });

  it("is not forgotten while the trace has not been read since, however long that takes", async () => {
    const { scripted, a } = await twoOpened();
    void a.update();
    scripted.reader.lose();
    await settled();
    vi.advanceTimersByTime(600_000);
    scripted.reader.lose();
    expect(a.now?.type).toBe("lost");
  });

  it("blames no trace of which nothing was asked", async () => {
    const { scripted, a, b } = await twoOpened();
    for (let time = 0; time < 2; time++) {
      const call = refusal(a.call("rowOf", { spanId: "x" }));
      scripted.reader.lose();
      await call;
    }
    expect([a.now?.type, b.now?.type]).toEqual(["lost", "picture"]);
  });

  it("opens a trace that was left closed when the person asks for it", async () => {
    const { scripted, a } = await twoOpened();
    for (let time = 0; time < 2; time++) {
      void a.update();
      scripted.reader.lose();
      await settled();
    }
    expect(a.now?.type).toBe("lost");
    const before = scripted.reader.log.length;
    void a.update();
    expect(scripted.reader.log.slice(before)).toEqual(["open a from epoch 2", "call update of 1"]);
    await readAgain(scripted, "a", 2);
    expect(a.now?.type).toBe("picture");
  });

  it("opens no trace again that was closed meanwhile", async () => {
    const { scripted, a, b } = await twoOpened();
    scripted.reader.lose();
    a.dispose();
    b.dispose();
    await settled();
    expect(scripted.readers).toHaveLength(1);
  });

  it("has nothing more to say", async () => {
    const { scripted, a } = await twoOpened();
    const lost = scripted.reader;
    const trace = lost.traceOf("a");
    lost.lose();
    await settled();
    lost.say({ type: "picture", trace, facts: factsOf(9) });
    expect(a.facts?.epoch).toBe(1);
  });
});
