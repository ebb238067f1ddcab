import { describe, expect, it } from "vitest";
import { TraceModel } from "../../src/host/panel/traceModel";
import type { PictureFacts } from "../../src/reader/readerProtocol";
import type { Evidence } from "../../src/trace/evidence";
import { deriveState, stalledAfterMs } from "../../src/trace/state";
import { factsOf, scriptedClient } from "../reader/scriptedReader";

const startMs = Date.parse("2026-11-20T23:00:00Z");

const evidence: Evidence = {
  hasSnapshot: true,
  claimedStatus: "running",
  openSpans: 1,
  rootOpen: true,
  lastActivityMs: startMs,
  lastWriteMs: startMs,
  liveness: "unknown",
  truncated: false,
};

/** A model of a trace that the reader found in that state. */
function modelOf(live: boolean) {
  const scripted = scriptedClient();
  let nowMs = startMs;
  let changed = () => {};
  const watchSession = (_key: string, listener: () => void) => {
    changed = listener;
    return { dispose() {} };
  };
  const model = new TraceModel("a", scripted.client, { watchSession }, () => nowMs);
  const facts = { ...factsOf(1), header: { live }, state: deriveState(evidence, startMs), evidence };
  scripted.reader.say({ type: "picture", trace: 1, facts: facts as unknown as PictureFacts });
  return {
    scripted,
    model,
    touch: () => changed(),
    pass(ms: number) {
      nowMs += ms;
    },
    /** What the reader was told since it opened the trace. */
    get told(): string[] {
      return scripted.reader.log.slice(1);
    },
  };
}

describe("what a panel's trace asks of the reader", () => {
  it("is what is new, when a file of the session changed", () => {
    const of = modelOf(false);
    of.touch();
    expect(of.told).toEqual(["call update of 1"]);
  });

  it("is nothing as long as time changes nothing", () => {
    const of = modelOf(false);
    of.pass(1_000);
    of.model.refreshState();
    expect(of.told).toEqual([]);
  });

  it("is the state of now, when time has changed it", () => {
    const of = modelOf(false);
    of.pass(2 * stalledAfterMs);
    of.model.refreshState();
    expect(of.told).toEqual(["refreshState 1"]);
  });

  it("is another look at the files and at the writer of a session that seems to run", () => {
    const of = modelOf(true);
    of.model.refreshState();
    expect(of.told).toEqual(["call update of 1"]);
  });
});
