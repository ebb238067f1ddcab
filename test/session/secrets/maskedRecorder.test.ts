import { describe, expect, it } from "vitest";
import type { SessionRecorder } from "../../../src/recorder/sessionRecorder";
import { maskedRecorder } from "../../../src/session/secrets/maskedRecorder";
import { SecretMask } from "../../../src/session/secrets/secretMask";

function recording(secrets: readonly string[]) {
  const calls: unknown[][] = [];
  const target = new Proxy({} as SessionRecorder, {
    get:
      (_target, name) =>
      (...args: unknown[]) =>
        calls.push([name, ...args]),
  });
  return { calls, recorder: maskedRecorder(target, new SecretMask(secrets)) };
}

describe("a masked recorder", () => {
  it("masks what a span says, and neither its ids, nor its times, nor its counts", () => {
    const { calls, recorder } = recording(["0001", "tool", "span"]);
    const json = JSON.stringify({
      spanId: "aaaa0001",
      parentSpanId: "bbbb0001",
      name: "the 0001 tool",
      kind: "tool",
      startTime: 100_010,
      tool: { durationMs: 10_001 },
      tokens: { input: 10_001 },
      input: { pin: 1, code: "0001", tool: "x" },
      attributes: { "a.0001": ["0001"] },
    });
    recorder.span("aaaa0001", json, { kind: "tool", name: "the 0001 tool", isFailed: false, durationMs: 1 });
    const [name, spanId, text, totals] = calls[0] ?? [];
    expect([name, spanId]).toEqual(["span", "aaaa0001"]);
    expect(JSON.parse(String(text))).toEqual({
      spanId: "aaaa0001",
      parentSpanId: "bbbb0001",
      name: "the ••• •••",
      kind: "tool",
      startTime: 100_010,
      tool: { durationMs: 10_001 },
      tokens: { input: 10_001 },
      input: { pin: 1, code: "•••", "•••": "x" },
      attributes: { "a.•••": ["•••"] },
    });
    expect(totals).toMatchObject({ name: "the ••• •••", kind: "tool" });
  });

  it("masks events, links, attributes, texts, metadata, notes, a crash and the end", () => {
    const { calls, recorder } = recording(["hunter22"]);
    recorder.event("a", '{"name":"e","attributes":{"x":"hunter22"}}');
    recorder.link("a", '{"spanId":"b","attributes":{"x":"hunter22"}}');
    recorder.attributes("a", '{"x":"hunter22"}');
    recorder.set("a", '{"output":"hunter22"}');
    recorder.text("a", "hunter22");
    recorder.metadata('{"title":"hunter22"}');
    recorder.note("process-exit", { command: "hunter22" });
    recorder.crash("hunter22");
    const totals = { kind: "session", name: "x", isFailed: true, durationMs: 1 } as const;
    const root = { spanId: "a", json: '{"statusMessage":"hunter22"}', totals };
    void recorder.finish({ status: "error", error: "hunter22", root, summary: { narrative: "hunter22" } });
    expect(calls.map(([name]) => name)).toEqual([
      "event",
      "link",
      "attributes",
      "set",
      "text",
      "metadata",
      "note",
      "crash",
      "finish",
    ]);
    for (const call of calls) {
      expect(JSON.stringify(call)).not.toContain("hunter22");
      expect(JSON.stringify(call)).toContain("•••");
    }
  });

  it("leaves the event of a checkpoint as it is, because a resumed run looks steps up in it", () => {
    const { calls, recorder } = recording(["build"]);
    const json = '{"name":"tracekeeper.checkpoint","attributes":{"step":"build"}}';
    recorder.event("a", json);
    expect(calls).toEqual([["event", "a", json]]);
  });
});
