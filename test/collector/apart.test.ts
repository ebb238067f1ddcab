// Sessions don't wait for each other: one that is read from the disk, or that a disk is slow for, keeps no other one waiting.
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { OrderedTurns } from "../../src/session/orderedTurns";
import { WeightedTurns } from "../../src/session/weightedTurns";
import { hexId, sentRequest, sentSpan, traceId } from "../importers/otlpPayload";
import { protobufOf } from "../importers/otlpProtobufMessages";
import { post } from "../session/otlpClient";
import { collectorSetup } from "./collectorSetup";

const setup = collectorSetup();
const otherTrace = traceId.replaceAll("a", "b");

async function send(from: number, count: number, trace = traceId): Promise<number> {
  const spans = Array.from({ length: count }, (_, index) =>
    sentSpan({ id: hexId(from + index), trace, attributes: { "input.value": "x".repeat(400) } }),
  );
  const headers = { "Content-Type": "application/x-protobuf" };
  return (await post(setup.port, protobufOf("TraceRequest", sentRequest(spans)), { headers })).status;
}

describe("a session that is reopened", () => {
  it("keeps no other one waiting while what it holds is read, and counts what comes again once", async () => {
    await setup.start();
    for (let from = 1; from <= 20_000; from += 1_000) expect(await send(from, 1_000)).toBe(200);
    await setup.collector.close();
    await setup.start();
    const answered: string[] = [];
    const first = send(1, 1).then((status) => answered.push(`large ${status}`));
    const again = send(20_001, 1).then((status) => answered.push(`large again ${status}`));
    // Both are being read by now, or wait for each other.
    await delay(20);
    await send(1, 1, otherTrace).then((status) => answered.push(`other ${status}`));
    await Promise.all([first, again]);
    expect(answered).toEqual(["other 200", "large 200", "large again 200"]);
    const { trace } = await setup.load(`otlp-${traceId}`);
    expect(trace.spans).toHaveLength(1 + 20_001);
  });
});

describe("sessions that open at the same time", () => {
  it("are all recorded where fewer may be open, each with what was sent for it", async () => {
    await setup.start({ mostOpen: 2 });
    const traces = Array.from({ length: 12 }, (_, index) => index.toString(16).padStart(32, "a"));
    const sent = traces.flatMap((trace) => [send(1, 3, trace), send(2, 3, trace)]);
    expect(new Set(await Promise.all(sent))).toEqual(new Set([200]));
    expect(setup.collector.sessions.length).toBeLessThanOrEqual(2);
    await setup.collector.close();
    for (const trace of traces) {
      const loaded = await setup.load(`otlp-${trace}`);
      expect(loaded.trace.spans.map(({ spanId }) => spanId).slice(1)).toEqual([hexId(1), hexId(2), hexId(3), hexId(4)]);
    }
    expect(setup.problems).toEqual([]);
  });
});

describe("turns", () => {
  it("of one name are in order, whatever becomes of those before, and of different names are not", async () => {
    const turns = new OrderedTurns();
    const log: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = turns.run("a", async () => {
      await gate;
      log.push("a1");
      throw new Error("broken");
    });
    const second = turns.run("a", async () => void log.push("a2"));
    await turns.run("b", async () => void log.push("b"));
    await delay(0);
    expect([turns.isBusy("a"), turns.isBusy("b")]).toEqual([true, false]);
    open();
    await expect(first).rejects.toThrow("broken");
    await second;
    expect(log).toEqual(["b", "a1", "a2"]);
    await turns.oneEnded();
    await delay(0);
    expect(turns.isBusy("a")).toBe(false);
  });

  it("with weights are taken up to the limit in their order, and what is heavier than all is taken alone", async () => {
    const turns = new WeightedTurns(10);
    const log: string[] = [];
    const gates = new Map<string, () => void>();
    const run = (name: string, weight: number) =>
      turns.run(weight, async () => {
        log.push(name);
        await new Promise<void>((resolve) => gates.set(name, resolve));
      });
    const all = [run("six", 6), run("four", 4), run("huge", 50), run("one", 1)];
    await delay(0);
    expect(log).toEqual(["six", "four"]);
    gates.get("six")?.();
    await delay(0);
    expect(log).toEqual(["six", "four"]);
    gates.get("four")?.();
    await delay(0);
    expect(log).toEqual(["six", "four", "huge"]);
    gates.get("huge")?.();
    await delay(0);
    expect(log).toEqual(["six", "four", "huge", "one"]);
    gates.get("one")?.();
    await Promise.all(all);
  });
});
