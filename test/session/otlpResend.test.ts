// What could not be taken because something threw is to be sent again, and is recorded then.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { OtlpEvent } from "../../src/importers/otlpLogs";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { OtlpExchange } from "../../src/session/otlpExchange";
import { OtlpSpanLog } from "../../src/session/otlpSpanLog";
import { hexId, type SpanParts, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { MemoryRecorder } from "../recorder/memoryRecorder";
import { post } from "./otlpClient";
import { request } from "./otlpReceiverSetup";

type RecordCall = "begin" | "span" | "end" | "event" | "set";

class FailingRecorder extends MemoryRecorder {
  /** The next call of it throws, before anything is recorded. */
  failing: RecordCall | undefined;
  readonly recorded: string[] = [];

  override begin(...given: Parameters<MemoryRecorder["begin"]>): void {
    this.#note("begin", given[0]);
    super.begin(...given);
  }

  override span(...given: Parameters<MemoryRecorder["span"]>): void {
    this.#note("span", given[0]);
    super.span(...given);
  }

  override end(...given: Parameters<MemoryRecorder["end"]>): void {
    this.#note("end", given[0]);
    super.end(...given);
  }

  override event(...given: Parameters<MemoryRecorder["event"]>): void {
    this.#note("event", given[0]);
    super.event(...given);
  }

  override set(...given: Parameters<MemoryRecorder["set"]>): void {
    this.#note("set", given[0]);
    super.set(...given);
  }

  #note(call: RecordCall, id: string): void {
    if (this.failing === call) {
      this.failing = undefined;
      throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
    }
    this.recorded.push(`${call} ${id}`);
  }
}

function start() {
  const recorder = new FailingRecorder({ directory: "/", sessionId: "s", traceId: "t", metadata: {} } as never);
  const json = { spanId: "own", parentSpanId: null, name: "own", kind: "session", startTime: 0 };
  recorder.begin("own", JSON.stringify(json), { kind: "session", name: "own" });
  recorder.recorded.length = 0;
  return { recorder, log: new OtlpSpanLog({ recorder, parentSpanId: "own", onProblem: () => {} }) };
}

const mapped = (...spans: readonly SpanParts[]) =>
  readOtlpRequest(sentRequest(spans.map(sentSpan))).spans.map(mapOtlpSpan);

function event(id: string): OtlpEvent {
  const [span] = readOtlpRequest(sentRequest([sentSpan()])).spans;
  if (span === undefined) throw new Error("No span");
  return { traceId, spanId: id, name: "log", timeMs: 1, attributes: { text: "hello" }, origin: span.origin };
}

const [a, b, c] = [hexId(1), hexId(2), hexId(3)];

describe("what was not recorded because something threw", () => {
  it("is recorded when it comes again: spans, those after them too", () => {
    const { recorder, log } = start();
    const spans = mapped({ id: a }, { id: b }, { id: c });
    log.add(spans.slice(0, 1));
    recorder.failing = "span";
    expect(() => log.add(spans)).toThrow("EIO");
    log.add(spans);
    expect(recorder.recorded).toEqual([`span ${a}`, `span ${b}`, `span ${c}`]);
  });

  it("is recorded when it comes again: the end of a span that has begun", () => {
    const { recorder, log } = start();
    log.add(mapped({ id: a, isOpen: true }));
    recorder.failing = "end";
    expect(() => log.add(mapped({ id: a }))).toThrow("EIO");
    log.add(mapped({ id: a }));
    expect(recorder.recorded.filter((call) => !call.startsWith("set"))).toEqual([`begin ${a}`, `end ${a}`]);
  });

  it("is recorded when it comes again: that children which came before are below their parent", () => {
    const { recorder, log } = start();
    log.add(mapped({ id: b, parent: a }, { id: c, parent: a }));
    recorder.recorded.length = 0;
    recorder.failing = "set";
    expect(() => log.add(mapped({ id: a }))).toThrow("EIO");
    for (const _ of [1, 2]) log.add(mapped({ id: a }));
    expect(recorder.recorded).toEqual([`span ${a}`, `set ${b}`, `set ${c}`]);
  });

  it("is recorded when it comes again: the same for a parent of which a log tells first", () => {
    const { recorder, log } = start();
    log.add(mapped({ id: b, parent: a }, { id: c, parent: a }));
    recorder.recorded.length = 0;
    recorder.failing = "set";
    expect(() => log.addEvents([event(a)])).toThrow("EIO");
    for (const _ of [1, 2]) log.addEvents([event(a)]);
    log.add(mapped({ id: a }));
    expect(recorder.recorded.filter((call) => / (?:f0*2|f0*3)$/.test(call))).toEqual([`set ${b}`, `set ${c}`]);
  });

  it.each(["begin", "event"] as const)("is recorded when it comes again: an event, whose %s threw", (call) => {
    const { recorder, log } = start();
    recorder.failing = call;
    expect(() => log.addEvents([event(a)])).toThrow("EIO");
    for (const _ of [1, 2]) log.addEvents([event(a)]);
    expect(recorder.recorded).toEqual([`begin ${a}`, `event ${a}`]);
  });
});

describe("a request that nobody refused, but that threw", () => {
  it("is to be sent again, and told once", async () => {
    const problems: string[] = [];
    const exchange = new OtlpExchange({ onProblem: ({ message }) => void problems.push(message) });
    let failures = 2;
    const server = createServer((sent, response) => {
      void exchange.handle(sent, response, "traces", {
        refuse: () => undefined,
        takeEvents: () => Promise.reject(new Error("Nothing is sent")),
        async take() {
          if (failures-- > 0) throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
          return { recorders: [], refused: 0, reason: undefined };
        },
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const _ of [1, 2]) {
      const answer = await post(port, request(1));
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    }
    expect((await post(port, request(1))).status).toBe(200);
    expect(problems).toEqual(["Spans could not be received: EMFILE: too many open files"]);
    server.close();
  });
});
