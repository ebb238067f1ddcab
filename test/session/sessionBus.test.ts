// The bus that every session has: what the recorder has taken is told on it, in order, and nobody who hears of it can harm
// the recording.
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSessionRecorder } from "../../src/recorder/openSession";
import { nodeFs } from "../../src/recorder/recorderFs";
import { SessionBus } from "../../src/session/sessionBus";
import { makeTempDir, type TempDir } from "../support/tempDir";

let folder: TempDir;
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

function openRecorder(problems: string[]) {
  const recorder = openSessionRecorder({
    directory: folder.path,
    sessionId: "s1",
    traceId: "t1",
    metadata: {},
    mode: "start",
    fsync: "interval",
    fs: nodeFs,
    machine: undefined,
    onProblem: ({ message }) => problems.push(message),
  });
  if (recorder === undefined) throw new Error(problems.join("; "));
  return recorder;
}

const root = JSON.stringify({ spanId: "r", parentSpanId: null, name: "root", kind: "session", startTime: 1 });

it("tells what the recorder has taken, and its end once, after all that was told of it", async () => {
  const told: string[] = [];
  const { bus, recorder } = open();
  bus.on("follower", ["recorded", "recordEnded"], ({ event }) => {
    told.push(event.type === "recorded" ? `${event.record.op} ${event.record.spanId}` : `ended ${event.status}`);
  });
  recorder.begin("r", root, { kind: "session", name: "root" });
  recorder.note("waiting", {});
  recorder.set("r", `{"name":"other"}`);
  await recorder.finish({ status: "error", error: "no" });
  recorder.crash("late");
  expect(told).toEqual(["begin r", "note ", "set r", "ended error"]);
});

it("tells what a handler had recorded once all handlers have what that was about", async () => {
  const told: string[] = [];
  const { bus, recorder } = open();
  bus.on("recorder", ["progress"], () => recorder.set("r", `{"name":"other"}`));
  bus.on("follower", ["recorded"], ({ event }) => told.push(event.record.op));
  bus.on("last", ["progress"], ({ event }) => told.push(event.message));
  recorder.begin("r", root, { kind: "session", name: "root" });
  bus.openRun("run").emit({ type: "progress", message: "half" });
  expect(told).toEqual(["begin", "half", "set"]);
  await recorder.finish({ status: "completed" });
});

it("records on although whoever hears of it throws, and records nothing of that without an end", async () => {
  const { bus, recorder } = open();
  bus.on("follower", ["recorded", "recordEnded"], () => {
    throw new Error("gone");
  });
  recorder.begin("r", root, { kind: "session", name: "root" });
  const path = await recorder.finish({ status: "completed" });
  const { spans } = JSON.parse(await readFile(path ?? "", "utf8")) as { spans: { spanId: string }[] };
  expect(spans.map(({ spanId }) => spanId)).toEqual(["r"]);
});

function open() {
  const problems: string[] = [];
  const session = new SessionBus({
    record: () => {
      throw new Error("Nothing of a follower belongs into the record");
    },
  });
  return { bus: session.bus, recorder: session.telling(openRecorder(problems)) };
}
