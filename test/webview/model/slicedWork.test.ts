import { describe, expect, it } from "vitest";
import { SlicedWork } from "../../../webview/model/slicedWork";

/** Work whose steps take a ms each, and frames that are run by hand. */
function bench() {
  const state = { nowMs: 0, done: [] as string[], frames: [] as (() => void)[], turns: [] as (() => void)[], steps: 0 };
  const work = new SlicedWork({
    now: () => state.nowMs,
    nextFrame: (run) => state.frames.push(run),
    nextTurn: (run) => state.turns.push(run),
  });
  function* steps(count: number, name: string): Generator<void, string> {
    for (let step = 0; step < count; step++) {
      state.steps++;
      state.nowMs += 1;
      yield;
    }
    return name;
  }
  const start = (count: number, name: string) => work.start(steps(count, name), (result) => state.done.push(result));
  const frame = () => state.frames.shift()?.();
  return { state, work, start, frame };
}

describe("work in slices", () => {
  it("takes a few milliseconds of each frame, and tells its result once", () => {
    const { state, work, start, frame } = bench();
    start(10, "a");
    expect([state.steps, work.isRunning]).toEqual([4, true]);
    frame();
    expect([state.steps, state.frames.length]).toEqual([8, 1]);
    frame();
    expect([state.steps, state.done, work.isRunning]).toEqual([10, ["a"], false]);
    expect(state.frames).toEqual([]);
  });

  it("goes on in the next turn, and takes no frame, where somebody waits for it", () => {
    const { state, work, start } = bench();
    work.start(
      (function* () {
        for (let step = 0; step < 30; step++) {
          state.nowMs += 1;
          yield;
        }
        return "urgent";
      })(),
      (result) => state.done.push(result),
      { isUrgent: true },
    );
    expect([state.turns.length, state.frames.length]).toEqual([1, 0]);
    // What a page has to answer is not kept waiting for longer than a frame.
    expect(state.nowMs).toBeLessThan(16);
    while (state.turns.length > 0) state.turns.shift()?.();
    expect([state.done, state.frames.length]).toEqual([["urgent"], 0]);
    start(10, "other");
    expect([state.turns.length, state.frames.length]).toEqual([0, 1]);
  });

  it("is done at once where it is short, and when somebody needs it", () => {
    const { state, work, start } = bench();
    start(2, "short");
    expect(state.done).toEqual(["short"]);
    start(50, "long");
    work.finish();
    expect([state.done, work.isRunning]).toEqual([["short", "long"], false]);
  });

  it("gives way to other work, of which nothing is told afterwards", () => {
    const { state, work, start, frame } = bench();
    start(50, "old");
    start(6, "new");
    frame();
    expect(state.done).toEqual(["new"]);
    frame();
    start(50, "cancelled");
    work.cancel();
    frame();
    expect([state.done, work.isRunning]).toEqual([["new"], false]);
  });

  it("may be followed by more when it is done", () => {
    const { state, work, start } = bench();
    work.start(
      (function* () {
        yield;
      })(),
      () => start(2, "next"),
    );
    expect(state.done).toEqual(["next"]);
  });

  it("is over when a step fails", () => {
    const { state, work, start } = bench();
    const fails = function* (): Generator<void, void> {
      yield;
      throw new Error("no");
    };
    expect(() => work.start(fails())).toThrow("no");
    expect(work.isRunning).toBe(false);
    start(1, "after");
    expect(state.done).toEqual(["after"]);
  });
});
