import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { EventBus } from "../../../src/session/bus/eventBus";
import type { RunScope } from "../../../src/session/bus/runScope";
import type { RuntimeState } from "../../../src/session/bus/runtimeState";

type Sample =
  | { readonly type: "finished"; readonly step: string }
  | { readonly type: "started"; readonly step: string }
  | { readonly type: "output"; readonly text: string };

function sampleBus(): EventBus<Sample> {
  return new EventBus<Sample>({
    nowMs: () => 0,
    onHandlerError: (error) => {
      throw error;
    },
    isRecorded: ({ type }) => type !== "output",
  });
}

function runSteps(run: RunScope<Sample>, steps: readonly string[]): void {
  for (const step of steps) {
    const scope = run.open(`${run.ref.id}/${step}`);
    scope.emit({ type: "started", step });
    scope.emit({ type: "output", text: "…" });
    scope.emit({ type: "finished", step });
    scope.close();
  }
}

function pictureOf(state: RuntimeState<Sample> | undefined): unknown {
  return (
    state && {
      sources: state.sources.map(({ id }) => id),
      events: state.events.map(({ seq, event }) => `${seq} ${event.type} ${"step" in event ? event.step : ""}`),
    }
  );
}

const armedPicture = {
  sources: ["run", "run/a", "run/b"],
  events: ["1 started first", "2 started a", "4 finished a", "5 started b", "7 finished b"],
};

function armedRun() {
  const bus = sampleBus();
  const run = bus.openRun("run");
  run.enableRecording();
  run.emit({ type: "started", step: "first" });
  runSteps(run, ["a", "b"]);
  return { bus, run };
}

describe("recording of a run", () => {
  it("is off until it is armed: no source is registered and no event is kept", async () => {
    const bus = sampleBus();
    const run = bus.openRun("run");
    runSteps(run, ["a", "b"]);
    expect(run.runtimeState).toBeUndefined();
    let isWritten = false;
    await run.storeCheckpoint(() => {
      isWritten = true;
    });
    expect(isWritten).toBe(false);
    run.enableRecording();
    expect(run.runtimeState).toBeUndefined();
  });

  it("holds each source once and its events once armed, however often it is armed, and no pieces of output", () => {
    const { run } = armedRun();
    run.enableRecording();
    run.enableRecording();
    expect(pictureOf(run.runtimeState)).toEqual(armedPicture);
  });

  it("belongs to the run that is armed: another run at the same time records nothing", () => {
    const bus = sampleBus();
    const armed = bus.openRun("armed");
    const other = bus.openRun("other");
    armed.enableRecording();
    runSteps(other, ["x"]);
    runSteps(armed, ["a"]);
    runSteps(other, ["y"]);
    expect(other.runtimeState).toBeUndefined();
    expect(pictureOf(armed.runtimeState)).toEqual({
      sources: ["armed/a"],
      events: ["4 started a", "6 finished a"],
    });
  });

  it("is complete when a handler is told of an event", () => {
    const bus = sampleBus();
    const run = bus.openRun("run");
    run.enableRecording();
    const last: unknown[] = [];
    bus.on("checkpoint", ["finished"], () => last.push(run.runtimeState?.events.at(-1)?.event));
    runSteps(run, ["a"]);
    expect(last).toEqual([{ type: "finished", step: "a" }]);
  });

  it("goes on from a restored state without registering its sources again, and numbers on after it", () => {
    const { run } = armedRun();
    const state = JSON.parse(JSON.stringify(run.runtimeState)) as RuntimeState<Sample>;
    const resumed = sampleBus().openRun("run");
    resumed.setRuntimeState(state);
    expect(resumed.isRecording).toBe(true);
    runSteps(resumed, ["b", "c"]);
    expect(pictureOf(resumed.runtimeState)).toEqual({
      sources: [...armedPicture.sources, "run/c"],
      events: [...armedPicture.events, "8 started b", "10 finished b", "11 started c", "13 finished c"],
    });
  });

  it("replays each finished step's event exactly once, marked, to every handler, and records none of them again", async () => {
    const { run } = armedRun();
    const state = run.runtimeState as RuntimeState<Sample>;
    const bus = sampleBus();
    const resumed = bus.openRun("run");
    resumed.setRuntimeState(state);
    const taken: string[] = [];
    bus.on("sync", ["finished"], ({ event, isReplayed }) => taken.push(`sync ${event.step} ${isReplayed}`));
    bus.onAsync(
      "async",
      ["finished"],
      async ({ event, isReplayed }) => void taken.push(`async ${event.step} ${isReplayed}`),
    );
    const isOf = (step: string) => (event: Sample) => event.type === "finished" && event.step === step;
    expect(resumed.replay(isOf("a"))).toBe(1);
    expect(resumed.replay(isOf("a"))).toBe(0);
    expect(resumed.replay(({ type }) => type === "finished")).toBe(1);
    runSteps(resumed, ["c"]);
    expect(resumed.replay(({ type }) => type === "finished")).toBe(0);
    await bus.settled();
    expect(taken.filter((line) => line.startsWith("sync"))).toEqual(["sync a true", "sync b true", "sync c false"]);
    expect(taken.filter((line) => line.startsWith("async a"))).toEqual(["async a true"]);
    expect(resumed.runtimeState?.events).toHaveLength(state.events.length + 2);
  });
});

describe("resetRuntimeState", () => {
  it("drops what was recorded and stays armed, also where there is nothing", () => {
    const { run } = armedRun();
    run.resetRuntimeState();
    expect(run.runtimeState).toBeUndefined();
    run.resetRuntimeState();
    expect(run.isRecording).toBe(true);
    runSteps(run, ["a"]);
    expect(pictureOf(run.runtimeState)).toEqual({ sources: ["run/a"], events: ["8 started a", "10 finished a"] });
  });

  it("does not arm a run that was not armed", () => {
    const run = sampleBus().openRun("run");
    run.resetRuntimeState();
    runSteps(run, ["a"]);
    expect(run.runtimeState).toBeUndefined();
  });

  it("is safe within a delivery: handlers that follow get the event, and what is emitted then is recorded anew", () => {
    const bus = sampleBus();
    const run = bus.openRun("run");
    run.enableRecording();
    const taken: string[] = [];
    bus.on("resetter", ["finished"], ({ event }) => {
      if (event.step !== "a") return;
      run.emit({ type: "started", step: "within" });
      run.resetRuntimeState();
    });
    bus.on("follower", "all", ({ event }) => taken.push(event.type));
    runSteps(run, ["a", "b"]);
    expect(taken).toEqual(["started", "output", "finished", "started", "started", "output", "finished"]);
    expect(pictureOf(run.runtimeState)).toEqual({ sources: ["run/b"], events: ["5 started b", "7 finished b"] });
  });

  it("is refused while a checkpoint is being written, as is another state", async () => {
    const { run } = armedRun();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stored = run.storeCheckpoint(() => held);
    expect(() => run.resetRuntimeState()).toThrow("can't be reset while a checkpoint");
    expect(() => run.setRuntimeState({ sources: [], events: [] })).toThrow("can't be replaced while a checkpoint");
    release();
    await stored;
    run.resetRuntimeState();
    expect(run.runtimeState).toBeUndefined();
  });
});

describe("storeCheckpoint", () => {
  it("writes what is new since the last one, one at a time, with what came while one was written in the next", async () => {
    const { run } = armedRun();
    const written: unknown[] = [];
    let writers = 0;
    const write = async (fresh: RuntimeState<Sample>) => {
      expect(++writers).toBe(1);
      written.push(pictureOf(fresh));
      await turn();
      writers--;
    };
    const first = run.storeCheckpoint(write);
    runSteps(run, ["c"]);
    const second = run.storeCheckpoint(write);
    const third = run.storeCheckpoint(write);
    await Promise.all([first, second, third]);
    expect(written).toEqual([armedPicture, { sources: ["run/c"], events: ["8 started c", "10 finished c"] }]);
  });

  it("writes again what could not be written", async () => {
    const { run } = armedRun();
    await expect(run.storeCheckpoint(() => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
    const written: unknown[] = [];
    await run.storeCheckpoint((fresh) => void written.push(pictureOf(fresh)));
    expect(written).toEqual([armedPicture]);
  });

  it("drops the record and disarms the run once the final one is written, and not where it could not be", async () => {
    const { run } = armedRun();
    const failed = run.storeCheckpoint(() => Promise.reject(new Error("disk full")), { isFinal: true });
    await expect(failed).rejects.toThrow("disk full");
    expect(pictureOf(run.runtimeState)).toEqual(armedPicture);
    await run.storeCheckpoint(() => undefined, { isFinal: true });
    expect(run.runtimeState).toBeUndefined();
    expect(run.isRecording).toBe(false);
    runSteps(run, ["c"]);
    expect(run.runtimeState).toBeUndefined();
  });

  it("writes all of a restored state into the new trace", async () => {
    const { run } = armedRun();
    await run.storeCheckpoint(() => undefined);
    const resumed = sampleBus().openRun("run");
    resumed.setRuntimeState(run.runtimeState as RuntimeState<Sample>);
    const written: unknown[] = [];
    await resumed.storeCheckpoint((fresh) => void written.push(pictureOf(fresh)));
    expect(written).toEqual([armedPicture]);
  });
});
