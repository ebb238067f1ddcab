import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { badlyEndedStep } from "../../src/store/launchedPlaybook";
import { folder, journal, listOnce, memory, setUp, tearDown } from "./listedFolder";
import { largeBytes, makeTrace } from "./support";

beforeEach(setUp);
afterEach(tearDown);

const origin = { type: "playbook", label: "night", path: "/home/ann/night.playbook.yaml" };
const launch = { "tracekeeper.launch": { id: "a", origin, capture: {} } };
const failed = { "tracekeeper.playbook": { name: "Night", failedStep: { id: "build", index: 3 } } };

async function writeSnapshot(id: string, attributes: unknown, padding?: number): Promise<void> {
  const trace = makeTrace(id, padding === undefined ? {} : { padding }) as { spans: Record<string, unknown>[] };
  const [root, ...others] = trace.spans;
  const { spans: _, ...rest } = trace;
  await folder.write(`d/${id}.json`, JSON.stringify({ ...rest, spans: [{ ...root, attributes }, ...others] }));
}

const playbooks = async (): Promise<unknown> =>
  Object.fromEntries((await listOnce({ memory: memory() })).map(({ safeId, playbook }) => [safeId, playbook]));

describe("the playbook of a session", () => {
  it("is told by the root of its snapshot or of its journal, also from what is remembered", async () => {
    await writeSnapshot("small", { ...launch, ...failed });
    await writeSnapshot("large", { ...launch, ...failed }, largeBytes);
    await writeSnapshot("other", { "tracekeeper.launch": { origin: { type: "command", path: "/bin/sh" } } });
    const span = {
      spanId: "r",
      parentSpanId: null,
      name: "night",
      kind: "session" as const,
      startTime: 1,
      attributes: launch,
    };
    const begun = [{ t: "begin" as const, span }];
    await folder.write("d/running.1.journal.ndjson", journal(begun));
    await folder.write(
      "d/ended.1.journal.ndjson",
      journal([...begun, { t: "attributes", id: "r", attributes: failed }]),
    );
    const expected = {
      small: { path: origin.path, failedStep: 3 },
      large: { path: origin.path, failedStep: 3 },
      other: undefined,
      running: { path: origin.path, failedStep: undefined },
      ended: { path: origin.path, failedStep: 3 },
    };
    expect(await playbooks()).toEqual(expected);
    expect(await playbooks()).toEqual(expected);
  });

  describe("that was killed", () => {
    const lastStep = (index: number, isOver = false) => ({
      "tracekeeper.lastStep": { id: `s${index}`, index, isOver },
    });
    const told = (index: number, isOver?: boolean) =>
      ({ t: "attributes", id: "r", attributes: lastStep(index, isOver) }) as const;
    const root = { spanId: "r", parentSpanId: null, name: "night", kind: "session" as const, startTime: 1 };
    const begin = { t: "begin", span: { ...root, attributes: launch } } as const;
    /** More than is read of a journal from its ends. */
    const much = Array.from({ length: 400 }, () => ({ t: "text", id: "r", text: "x".repeat(100) }) as const);
    const steps = async () =>
      Object.fromEntries(
        (await listOnce({ memory: memory() })).map(({ safeId, playbook, state }) => [
          safeId,
          badlyEndedStep(playbook, state),
        ]),
      );

    it("was at the step that its journal tells last, unless that one was over", async () => {
      await folder.write("d/open.1.journal.ndjson", journal([begin, told(0), told(0, true), told(1)]));
      await folder.write("d/over.1.journal.ndjson", journal([begin, told(0), told(0, true)]));
      await folder.write("d/early.1.journal.ndjson", journal([begin]));
      const ended = { t: "finish", status: "completed" } as const;
      await folder.write("d/ended.1.journal.ndjson", journal([begin, told(0), ended]));
      await folder.write("d/tail.1.journal.ndjson", journal([begin, told(0), ...much, told(4)]));
      const expected = { open: 1, over: undefined, early: undefined, ended: undefined, tail: 4 };
      expect(await steps()).toEqual(expected);
      // The second time from what is remembered.
      expect(await steps()).toEqual(expected);
    });

    it("was at no step that anybody knows where what was read may be outdated", async () => {
      await folder.write("d/head.1.journal.ndjson", journal([begin, told(0), ...much]));
      expect(await steps()).toEqual({ head: undefined });
    });

    it.each([
      ["tells of all before the records that were read of the journal", 380, 2],
      ["is older than these", 20, undefined],
    ])("was at the step that its snapshot tells where that %s", async (_what, seq, expected) => {
      await folder.write("d/s.1.journal.ndjson", journal([begin, told(0), ...much]));
      const writer = { instance: "abcdef", incarnation: 1, seq, offsetBytes: 1000, rawSessionId: "raw" };
      const trace = { version: 2, traceId: "t", sessionId: "raw", writer };
      const spans = [{ ...root, status: "ok", attributes: { ...launch, ...lastStep(2) } }];
      await folder.write("d/s.json", JSON.stringify({ ...trace, spans, summary: { status: "running" } }));
      expect(await steps()).toEqual({ s: expected });
    });
  });

  it("is not believed where it has another shape", async () => {
    await writeSnapshot("text", { "tracekeeper.launch": "playbook" });
    await writeSnapshot("number", { "tracekeeper.launch": { origin: { type: "playbook", path: 1 } } });
    await writeSnapshot("negative", { ...launch, "tracekeeper.playbook": { failedStep: { index: -1 } } });
    expect(await playbooks()).toEqual({
      text: undefined,
      number: undefined,
      negative: { path: origin.path, failedStep: undefined },
    });
  });
});
