import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Delivered } from "../../../src/session/bus/delivered";
import { EventBus } from "../../../src/session/bus/eventBus";

type Sample =
  | { readonly type: "begun"; readonly name: string }
  | { readonly type: "said"; readonly text: string }
  | { readonly type: "ended" };

interface Thrown {
  readonly handler: string;
  readonly message: string;
}

function sampleBus() {
  const thrown: Thrown[] = [];
  let nowMs = 1000;
  const bus = new EventBus<Sample>({
    nowMs: () => nowMs++,
    onHandlerError: (error, handler) => thrown.push({ handler, message: (error as Error).message }),
  });
  return { bus, thrown };
}

function textOf({ event }: Delivered<Sample>): string {
  return event.type === "said" ? event.text : event.type;
}

describe("EventBus", () => {
  it("calls synchronous handlers within emit, in the order in which they subscribed", () => {
    const { bus } = sampleBus();
    const calls: string[] = [];
    bus.on("first", "all", (delivered) => calls.push(`first ${textOf(delivered)}`));
    bus.on("second", ["said"], ({ event }) => calls.push(`second ${event.text}`));
    const run = bus.openRun("run");
    run.emit({ type: "begun", name: "x" });
    run.emit({ type: "said", text: "a" });
    expect(calls).toEqual(["first begun", "first a", "second a"]);
  });

  it("delivers what a handler emits after the event that is being delivered, to all handlers in the same order", () => {
    const { bus } = sampleBus();
    const run = bus.openRun("run");
    const seen: Record<string, string[]> = { early: [], late: [] };
    bus.on("early", "all", (delivered) => {
      seen["early"]?.push(textOf(delivered));
      if (textOf(delivered) === "a") run.emit({ type: "said", text: "b" });
    });
    bus.on("late", "all", (delivered) => seen["late"]?.push(textOf(delivered)));
    run.emit({ type: "said", text: "a" });
    expect(seen).toEqual({ early: ["a", "b"], late: ["a", "b"] });
  });

  it("gives an asynchronous handler one event at a time, in order, and waits for it in settled", async () => {
    const { bus } = sampleBus();
    const run = bus.openRun("run");
    const log: string[] = [];
    bus.onAsync("slow", ["said"], async ({ event }) => {
      log.push(`> ${event.text}`);
      await turn();
      log.push(`< ${event.text}`);
    });
    run.emit({ type: "said", text: "a" });
    run.emit({ type: "said", text: "b" });
    expect(log).toEqual([]);
    await bus.settled();
    expect(log).toEqual(["> a", "< a", "> b", "< b"]);
  });

  it("delivers nothing more to an asynchronous handler that was removed in the middle of what waits for it", async () => {
    const { bus } = sampleBus();
    const run = bus.openRun("run");
    const taken: string[] = [];
    const subscription = bus.onAsync("slow", ["said"], async ({ event }) => {
      await turn();
      taken.push(event.text);
      if (event.text === "b") subscription.dispose();
    });
    for (const text of ["a", "b", "c", "d"]) run.emit({ type: "said", text });
    const other: string[] = [];
    bus.onAsync("other", ["said"], async ({ event }) => void other.push(event.text));
    run.emit({ type: "said", text: "e" });
    await bus.settled();
    // The bus waits for nobody who was removed.
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(taken).toEqual(["a", "b"]);
    expect(other).toEqual(["e"]);
  });

  it("keeps handlers that throw, synchronous or not, from harming others, and tells of each error", async () => {
    const { bus, thrown } = sampleBus();
    const run = bus.openRun("run");
    const taken: string[] = [];
    bus.on("thrower", "all", () => {
      throw new Error("one");
    });
    bus.onAsync("rejecter", "all", async () => {
      throw new Error("two");
    });
    bus.on("sound", "all", (delivered) => taken.push(`sound ${textOf(delivered)}`));
    bus.onAsync("soundLater", "all", async (delivered) => void taken.push(`later ${textOf(delivered)}`));
    run.emit({ type: "said", text: "a" });
    run.emit({ type: "said", text: "b" });
    await bus.settled();
    expect(taken).toEqual(["sound a", "sound b", "later a", "later b"]);
    expect(thrown.map(({ handler, message }) => `${handler} ${message}`).sort()).toEqual([
      "rejecter two",
      "rejecter two",
      "thrower one",
      "thrower one",
    ]);
  });

  it("goes on although the report of an error throws, too", () => {
    const bus = new EventBus<Sample>({
      nowMs: () => 0,
      onHandlerError: () => {
        throw new Error("no report");
      },
    });
    let taken = 0;
    bus.on("thrower", "all", () => {
      throw new Error("one");
    });
    bus.on("sound", "all", () => taken++);
    bus.openRun("run").emit({ type: "ended" });
    expect(taken).toBe(1);
  });

  it("delivers nothing to a handler that was removed, also within a delivery, nor to one what came before it", async () => {
    const { bus } = sampleBus();
    const run = bus.openRun("run");
    const taken: string[] = [];
    let remove: () => void = () => undefined;
    bus.on("remover", "all", () => {
      remove();
      bus.on("newcomer", "all", (delivered) => taken.push(`newcomer ${textOf(delivered)}`));
    });
    const removed = bus.on("removed", "all", () => taken.push("removed"));
    remove = () => removed.dispose();
    run.emit({ type: "said", text: "a" });
    expect(taken).toEqual([]);
    run.emit({ type: "said", text: "b" });
    expect(taken).toEqual(["newcomer b"]);
    const slow = bus.onAsync("slow", "all", async () => void taken.push("slow"));
    run.emit({ type: "said", text: "c" });
    slow.dispose();
    await bus.settled();
    expect(taken).not.toContain("slow");
  });

  it("numbers events over the whole bus and within their scope, and names the scope above and the run", () => {
    const { bus } = sampleBus();
    const seen: string[] = [];
    bus.on("seen", "all", ({ seq, scopeSeq, scope }) =>
      seen.push(`${seq} ${scopeSeq} ${scope.id} ${scope.parentId ?? "-"} ${scope.runId}`),
    );
    const run = bus.openRun("run");
    const other = bus.openRun("other");
    const step = run.open("run/step");
    run.emit({ type: "ended" });
    step.emit({ type: "ended" });
    other.emit({ type: "ended" });
    step.emit({ type: "ended" });
    step.open("run/step/1").emit({ type: "ended" });
    expect(seen).toEqual([
      "1 1 run - run",
      "2 1 run/step run run",
      "3 1 other - other",
      "4 2 run/step run run",
      "5 1 run/step/1 run/step run",
    ]);
  });

  it("refuses a scope whose id is open, and events in a scope that is closed with all within it", () => {
    const { bus } = sampleBus();
    const run = bus.openRun("run");
    const attempt = run.open("step").open("attempt");
    expect(() => bus.openRun("run")).toThrow("A scope with the id run is open already");
    expect(() => run.open("attempt")).toThrow("A scope with the id attempt is open already");
    run.close();
    expect(() => attempt.emit({ type: "ended" })).toThrow("The scope attempt is closed");
    expect(() => run.open("again")).toThrow("The scope run is closed");
    expect(bus.openRun("run").open("attempt").ref.parentId).toBe("run");
  });
});
