import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { SessionRecorder } from "../../../src/recorder/sessionRecorder";
import { EventBus } from "../../../src/session/bus/eventBus";
import { readCheckpoint } from "../../../src/session/resume/checkpoint";
import { writeCheckpoints } from "../../../src/session/resume/checkpointWriter";
import { isRecordedEvent, type PlaybookScope, type RunBus, type RunEvent } from "../../../src/session/steps/runEvent";

let bus: RunBus;
let written: string[];
let appended: number;
let health: SessionRecorder["health"]["state"];
let sync: () => Promise<void>;
let errors: unknown[];

/** What checkpoints need of a recorder. */
const recorder = {
  nowMs: () => 1,
  event: (_spanId: string, json: string) => {
    const { name, attributes } = JSON.parse(json) as { name: string; attributes: unknown };
    const checkpoint = readCheckpoint(attributes);
    const events = checkpoint?.state.events.map(({ event }) =>
      event.type === "stepFinished" ? event.result.step.id : event.type,
    );
    written.push(`${name} ${checkpoint?.number} ${events?.join(" ")}`);
  },
  appendNow: () => {
    appended++;
  },
  get health() {
    return { state: health, droppedRecords: 0 };
  },
  sync: () => sync(),
} as unknown as SessionRecorder;

beforeEach(() => {
  bus = new EventBus<RunEvent>({
    nowMs: () => 1,
    onHandlerError: (error) => errors.push(error),
    isRecorded: isRecordedEvent,
  });
  written = [];
  errors = [];
  appended = 0;
  health = "ok";
  sync = async () => undefined;
});

function start(id = "run"): PlaybookScope {
  return bus.openRun(id);
}

function begin(scope: PlaybookScope): void {
  scope.emit({ type: "runStarted", name: "Sample", path: "/a", params: {}, isResumed: false });
}

function finish(scope: PlaybookScope, id: string): void {
  const step = { path: id, id, index: 0, name: id, action: "run", file: "/a", line: 1, definitionHash: "" };
  const values = { isOk: true, isSkipped: false, output: "" };
  scope.emit({ type: "stepFinished", result: { step, status: "ok", startMs: 1, endMs: 1, attempts: 1, values } });
}

describe("checkpoints", () => {
  it("hold what is new since the one before, are appended within the emit, and the last one drops the record", async () => {
    const scope = start();
    writeCheckpoints(bus, scope, { recorder, rootSpanId: "root" });
    scope.enableRecording();
    begin(scope);
    expect(written).toEqual(["tracekeeper.checkpoint 1 runStarted"]);
    await bus.settled();
    finish(scope, "build");
    expect(written.at(-1)).toBe("tracekeeper.checkpoint 2 build");
    expect(appended).toBe(2);
    await bus.settled();
    scope.emit({ type: "runFinished", isOk: true });
    await bus.settled();
    expect(written.at(-1)).toBe("tracekeeper.checkpoint 3 runFinished");
    expect(scope.isRecording).toBe(false);
    expect(scope.runtimeState).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it("are those of their own run", async () => {
    const scope = start();
    const other = start("other");
    writeCheckpoints(bus, scope, { recorder, rootSpanId: "root" });
    scope.enableRecording();
    begin(other);
    finish(other, "theirs");
    await bus.settled();
    expect(written).toEqual([]);
    expect(other.isRecording).toBe(false);
  });

  it("hold a restored state whole, once, and none of its replays", async () => {
    const first = start("first");
    first.enableRecording();
    finish(first, "build");
    const state = first.runtimeState;
    first.close();
    if (state === undefined) throw new Error("Nothing was recorded");
    const scope = start();
    writeCheckpoints(bus, scope, { recorder, rootSpanId: "root" });
    scope.enableRecording();
    scope.setRuntimeState(state);
    begin(scope);
    expect(scope.replay(() => true)).toBe(1);
    await bus.settled();
    finish(scope, "deploy");
    await bus.settled();
    expect(written).toEqual(["tracekeeper.checkpoint 1 build runStarted", "tracekeeper.checkpoint 2 deploy"]);
  });

  it("are waited for while the disk is slow, and held by the next one where they can't be written", async () => {
    const scope = start();
    writeCheckpoints(bus, scope, { recorder, rootSpanId: "root" });
    scope.enableRecording();
    begin(scope);
    await bus.settled();
    health = "degraded";
    let fail: (error: Error) => void = () => undefined;
    sync = () =>
      new Promise((_resolve, reject) => {
        fail = reject;
      });
    finish(scope, "build");
    let isSettled = false;
    const settled = bus.settled().then(() => {
      isSettled = true;
    });
    await turn();
    await turn();
    expect(isSettled).toBe(false);
    fail(new Error("no space left"));
    await settled;
    expect(errors).toEqual([new Error("no space left")]);
    health = "ok";
    finish(scope, "deploy");
    await bus.settled();
    expect(written.at(-1)).toBe("tracekeeper.checkpoint 3 build deploy");
  });
});
