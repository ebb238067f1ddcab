import { describe, expect, it } from "vitest";
import type { ToReader } from "../../src/reader/readerProtocol";
import { watchedPort } from "../../src/reader/watchedPort";
import { HandTicks } from "../support/hangingReader";
import { ScriptedReader } from "./scriptedReader";

/** What is sent to a reader whose end the test holds, and what is told of it. */
function watched() {
  const reader = new ScriptedReader();
  const ticks = new HandTicks();
  const port = watchedPort(reader, ticks.watch);
  const told: string[] = [];
  port.listen({
    onMessage: (message) => told.push(message.type),
    onLost: (reason) => told.push(`lost: ${reason}`),
    onSilence: (isSilent) => told.push(isSilent ? "silent" : "answers"),
  });
  return { reader, ticks, port, told, pings: () => reader.log.filter((line) => line === "ping").length };
}

const call: ToReader = { type: "call", id: 7, trace: 1, name: "update", params: {} };

describe("the watch over a reader", () => {
  it("pings it behind what is asked, and every second until that is answered", () => {
    const { reader, ticks, port, told, pings } = watched();
    port.post(call);
    expect(reader.log).toEqual(["call update of 1", "ping"]);
    for (let second = 0; second < 100; second++) {
      reader.say({ type: "pong" });
      ticks.pass(1);
    }
    expect(pings()).toBe(101);
    reader.say({ type: "pong" });
    reader.say({ type: "result", id: 7, result: undefined });
    ticks.pass(1);
    expect([pings(), ticks.areCounted]).toEqual([101, false]);
    expect(told).toEqual(["result"]);
  });

  it.each([
    { type: "cancel", id: 7 },
    { type: "close", trace: 1 },
  ] as const)("ends when nobody waits any more: $type", (message) => {
    const { reader, ticks, port } = watched();
    port.post(call);
    reader.say({ type: "pong" });
    port.post(message);
    ticks.pass(1);
    expect(ticks.areCounted).toBe(false);
  });

  it("tells of a reader that does not answer, and that it answers again", () => {
    const { reader, ticks, port, told } = watched();
    port.post(call);
    ticks.pass(3);
    expect(told).toEqual([]);
    ticks.pass(1);
    expect(told).toEqual(["silent"]);
    ticks.pass(10);
    reader.say({ type: "pong" });
    expect(told).toEqual(["silent", "answers"]);
    expect(reader.isClosed).toBe(false);
  });

  it("gives up a reader that does not answer for half a minute, and hears nothing of it afterwards", () => {
    const { reader, ticks, port, told } = watched();
    port.post(call);
    ticks.pass(29);
    expect(reader.isClosed).toBe(false);
    ticks.pass(1);
    expect(reader.isClosed).toBe(true);
    reader.say({ type: "pong" });
    reader.say({ type: "result", id: 7, result: undefined });
    reader.lose();
    expect(told).toEqual(["silent", "lost: it did not answer for 30 seconds"]);
    expect(ticks.areCounted).toBe(false);
  });

  it("takes no message but the answer to a ping for a sign of life", () => {
    const { reader, ticks, port, told } = watched();
    port.post(call);
    for (let second = 0; second < 30; second++) {
      reader.say({ type: "part", id: 7, part: second });
      ticks.pass(1);
    }
    expect(told.at(-1)).toContain("lost");
  });

  it("counts nothing while somebody may have stopped the reader in a debugger", () => {
    const { ticks, port, told } = watched();
    port.post(call);
    ticks.mayBeStopped = true;
    ticks.pass(1_000);
    expect(told).toEqual([]);
    ticks.mayBeStopped = false;
    ticks.pass(30);
    expect(told.at(-1)).toContain("lost");
  });

  it("passes on that the reader has ended, and watches it no more", () => {
    const { reader, ticks, port, told } = watched();
    port.post(call);
    reader.lose("it fell over");
    expect(told).toEqual(["lost: it fell over"]);
    expect(ticks.areCounted).toBe(false);
  });

  it("is over when the reader is ended", () => {
    const { reader, ticks, port, told } = watched();
    port.post(call);
    port.close();
    expect([reader.isClosed, ticks.areCounted]).toEqual([true, false]);
    ticks.pass(100);
    expect(told).toEqual([]);
  });
});
