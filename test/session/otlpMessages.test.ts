// Messages that wait for their spans are held in bounded memory, and given up to those spans alone.
import { describe, expect, it } from "vitest";
import type { OtlpEvent } from "../../src/importers/otlpLogs";
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { mapOtlpSpan } from "../../src/importers/otlpSpan";
import { type OtlpMemory, otlpMemory } from "../../src/session/otlpMemory";
import { OtlpSpanLog } from "../../src/session/otlpSpanLog";
import { hexId, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { MemoryRecorder } from "../recorder/memoryRecorder";

function start(memory?: OtlpMemory) {
  const recorder = new MemoryRecorder({ directory: "/", sessionId: "s", traceId: "t", metadata: {} } as never);
  return { recorder, log: new OtlpSpanLog({ recorder, parentSpanId: "own", onProblem: () => {}, memory }) };
}

const mapped = (id: string) => readOtlpRequest(sentRequest([sentSpan({ id })])).spans.map(mapOtlpSpan);

function message(id: string, content: string): OtlpEvent {
  const [span] = readOtlpRequest(sentRequest([sentSpan()])).spans;
  if (span === undefined) throw new Error("No span");
  const attributes = { role: "user", content };
  return { traceId, spanId: id, name: "gen_ai.user.message", timeMs: 1, attributes, origin: span.origin };
}

const large = (index: number) => `${index} ${"x".repeat(400_000)}`;

describe("messages that come before their span", () => {
  it("are held up to a megabyte for a span, and recorded however large they are", () => {
    const { recorder, log } = start();
    const add = (index: number) => log.addEvents([message(hexId(1), large(index))]);
    for (const index of [1, 2]) add(index);
    expect(log.messagesOf(traceId, hexId(1))).toHaveLength(2);
    for (const index of [3, 4]) add(index);
    log.addEvents([message(hexId(1), "short")]);
    // A part of a conversation would be told as the whole.
    expect(log.messagesOf(traceId, hexId(1))).toEqual([]);
    expect(recorder.log.filter((type) => type === "event")).toHaveLength(5);
  });

  it("are held up to 16 MiB in all, for which spans that end make room", () => {
    const { log } = start();
    const held = (id: number) => log.messagesOf(traceId, hexId(id)).length;
    const add = (id: number) => log.addEvents([message(hexId(id), large(id))]);
    for (let id = 1; id <= 50; id++) add(id);
    const all = Array.from({ length: 50 }, (_, index) => held(index + 1));
    expect(all.filter((count) => count === 1)).toHaveLength(Math.floor((16 * 1024 * 1024) / 400_100));
    log.add(mapped(hexId(1)));
    expect(held(1)).toBe(0);
    add(51);
    expect(held(51)).toBe(1);
  });
});

describe("memory for messages", () => {
  it("is shared by all sessions of a process, and given back by those that end", () => {
    const memory = otlpMemory();
    const sessions = Array.from({ length: 4 }, () => start(memory));
    const held = () =>
      sessions.map(
        ({ log }) => Array.from({ length: 15 }, (_, id) => log.messagesOf(traceId, hexId(id))).flat().length,
      );
    for (const { log } of sessions) for (let id = 0; id < 15; id++) log.addEvents([message(hexId(id), large(id))]);
    expect(held()).toEqual([15, 15, 11, 0]);
    sessions[0]?.log.dispose();
    sessions[3]?.log.addEvents([message(hexId(20), large(20))]);
    expect(sessions[3]?.log.messagesOf(traceId, hexId(20))).toHaveLength(1);
    for (const { log } of sessions) log.dispose();
    expect([memory.ids, memory.messages, memory.orphans].map(({ takenBytes }) => takenBytes)).toEqual([0, 0, 0]);
  });
});
