// A span that came counts once however many others came since, in memory that all sessions share.
import { describe, expect, it } from "vitest";
import type { OtlpEvent } from "../../src/importers/otlpLogs";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { Fingerprints, fingerprintOf } from "../../src/session/fingerprints";
import { OtlpIds } from "../../src/session/otlpIds";
import { OtlpSpanLog } from "../../src/session/otlpSpanLog";
import { SharedBytes } from "../../src/session/sharedBytes";
import { hexId, type SpanParts, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { MemoryRecorder } from "../recorder/memoryRecorder";

const otherTrace = "f".repeat(32);
/** As many as a session that remembers ids in full has long forgotten. */
const many = 140_000;

class CountingRecorder extends MemoryRecorder {
  readonly calls: string[] = [];

  override span(...given: Parameters<MemoryRecorder["span"]>): void {
    this.calls.push(`span ${given[0]}`);
    super.span(...given);
  }

  override event(spanId: string, json: string): void {
    this.calls.push(`event ${spanId}`);
    super.event(spanId, json);
  }
}

function started() {
  const recorder = new CountingRecorder({ directory: "/", sessionId: "s", traceId: "t", metadata: {} } as never);
  const json = { spanId: "own", parentSpanId: null, name: "own", kind: "session", startTime: 0 };
  recorder.begin("own", JSON.stringify(json), { kind: "session", name: "own" });
  const log = new OtlpSpanLog({ recorder, parentSpanId: "own", onProblem: () => {} });
  const send = (...parts: readonly SpanParts[]) =>
    log.add(readOtlpRequest(sentRequest(parts.map(sentSpan))).spans.map(mapOtlpSpan));
  return { recorder, log, send };
}

const [template] = readOtlpRequest(sentRequest([sentSpan()])).spans.map(mapOtlpSpan);

describe("a span that came long ago", () => {
  const { recorder, log, send } = started();
  send({ id: hexId(1), name: "first" });
  if (template === undefined) throw new Error("No span");
  for (let index = 0; index < many; index++) {
    log.add([{ ...template, span: { ...template.span, spanId: hexId(1000 + index), parentSpanId: null } }]);
  }
  recorder.calls.length = 0;

  it("counts once when it is sent again", () => {
    send({ id: hexId(1), name: "first" });
    send({ id: hexId(1000 + 5), name: "first" });
    expect(recorder.calls).toEqual([]);
  });

  it("gets the records of logs that come for it, and none begins it again", () => {
    const [span] = readOtlpRequest(sentRequest([sentSpan()])).spans;
    if (span === undefined) throw new Error("No span");
    const event: OtlpEvent = { traceId, spanId: hexId(1), name: "log", timeMs: 1, attributes: {}, origin: span.origin };
    log.addEvents([event]);
    expect(recorder.calls).toEqual([`event ${hexId(1)}`]);
    expect(log.openSpans).toBe(0);
    recorder.calls.length = 0;
  });

  it("keeps its id where another trace uses that again", () => {
    send({ id: hexId(1), trace: otherTrace, name: "other" });
    send({ id: hexId(1), trace: otherTrace, name: "other" });
    expect(recorder.calls).toEqual([`span ${hexId(1)}-${otherTrace}`]);
  });
});

describe("ids", () => {
  it("that were not recorded after all are new when they come again, whatever came meanwhile", () => {
    const ids = new OtlpIds("00000000ffffffff", new SharedBytes(2 ** 24));
    ids.add("t", "refused");
    for (let index = 0; index < 5_000; index++) ids.add("t", `span ${index}`);
    ids.forget("t", "refused");
    expect(ids.find("t", "refused")).toBeUndefined();
    for (let index = 0; index < 5_000; index++) expect(ids.find("t", `span ${index}`)).toBe(`span ${index}`);
    // Another trace may have it as its own now.
    expect(ids.add("u", "refused")).toBe("refused");
  });

  it("are never more than the memory that sessions share, and of every session the latest are known", () => {
    const mostBytes = 256 * 1024;
    const memory = new SharedBytes(mostBytes);
    const sessions = Array.from({ length: 8 }, (_, index) => new OtlpIds(`${index}0000000ffffffff`, memory));
    for (let index = 0; index < 20_000; index++) {
      for (const ids of sessions) ids.add("t", `span ${index}`);
      expect(memory.takenBytes).toBeLessThan(mostBytes + sessions.length * 2 * 1024);
    }
    for (const ids of sessions) expect(ids.find("t", "span 19999")).toBe("span 19999");
    for (const ids of sessions) ids.dispose();
    expect(memory.takenBytes).toBe(0);
  });
});

describe("fingerprints", () => {
  it("tell what was added from what was not", () => {
    const table = new Fingerprints(1024);
    const most = 300_000;
    for (let index = 0; index < most; index++) {
      if (table.isFull) table.resize(table.capacity * 2);
      table.add(fingerprintOf(traceId, hexId(index)));
    }
    // Had two of them the same, there would be fewer.
    expect(table.count).toBe(most);
    let [missing, mistaken] = [0, 0];
    for (let index = 0; index < most; index++) {
      if (!table.has(fingerprintOf(traceId, hexId(index)))) missing++;
      if (table.has(fingerprintOf(traceId, hexId(most + index)))) mistaken++;
      if (table.has(fingerprintOf(otherTrace, hexId(index)))) mistaken++;
    }
    expect([missing, mistaken]).toEqual([0, 0]);
  });

  it("are found behind those that were deleted", () => {
    const table = new Fingerprints(8);
    const colliding = [1, 2, 3, 4].map((high) => ({ high, low: 5 }));
    for (const each of colliding) table.add(each);
    for (const gone of colliding.slice(0, 2)) table.delete(gone);
    expect(colliding.map((each) => table.has(each))).toEqual([false, false, true, true]);
    for (const each of colliding) table.add(each);
    expect(table.count).toBe(4);
  });

  it("depend on where one text ends and the other begins", () => {
    expect(fingerprintOf("ab", "c")).not.toEqual(fingerprintOf("a", "bc"));
    expect(fingerprintOf("", "abc")).not.toEqual(fingerprintOf("abc", ""));
  });
});
