// A reader that really hangs, in a thread of its own: what the panels' side notices, and what becomes of the traces.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger";
import { ReaderClient } from "../../src/reader/readerClient";
import type { RemoteTrace } from "../../src/reader/remoteTrace";
import { watchedPort } from "../../src/reader/watchedPort";
import { workerPort } from "../../src/reader/workerPort";
import type { BuiltReader } from "../support/builtReader";
import { buildHangingReader, HandTicks } from "../support/hangingReader";
import { makeTempDir } from "../support/tempDir";
import { spanOf, traceOf } from "./pictures";

let built: BuiltReader;
beforeAll(async () => {
  built = await buildHangingReader();
});
afterAll(() => built[Symbol.asyncDispose]());

const patience = { timeout: 100_000, interval: 20 };

/** Traces of two steps each, opened and read. */
async function opened(...names: readonly string[]) {
  const folder = await makeTempDir();
  const ticks = new HandTicks();
  let started = 0;
  const client = new ReaderClient({
    connect: () => {
      started++;
      return watchedPort(workerPort(built.program), ticks.watch);
    },
    borders: () => undefined,
    logger: silentLogger,
  });
  const traces: RemoteTrace[] = [];
  for (const name of names) {
    await writeFile(folder.join(name), JSON.stringify(traceOf([spanOf("one"), spanOf("two")])));
    const trace = client.open(folder.join(name));
    await trace.update();
    expect(trace.facts?.rowCount).toBe(2);
    traces.push(trace);
  }
  return {
    client,
    ticks,
    traces,
    started: () => started,
    /** From now on reading the trace hangs. */
    tell: (trace: RemoteTrace, how: "loop") => writeFile(`${trace.key}.${how}`, ""),
    heal: (trace: RemoteTrace) => rm(`${trace.key}.loop`, { force: true }),
    /** The reader hangs over the trace, this time. */
    async hangs(trace: RemoteTrace) {
      await expect.poll(() => existsSync(`${trace.key}.hangs`), patience).toBe(true);
      await rm(`${trace.key}.hangs`);
    },
    async [Symbol.asyncDispose]() {
      client.dispose();
      await folder.remove();
    },
  };
}

async function stepOf(trace: RemoteTrace): Promise<number> {
  return (await trace.call("rowOf", { spanId: "two" })).row;
}

describe("a reader that hangs", () => {
  it("is noticed and replaced, and its traces are read again", async () => {
    await using drive = await opened("a.json", "b.json");
    const { ticks, traces, tell, heal, hangs } = drive;
    const [a, b] = traces as [RemoteTrace, RemoteTrace];
    await tell(a, "loop");
    const update = a.update();
    await hangs(a);
    ticks.pass(3);
    expect([a.delay, b.delay]).toEqual([undefined, undefined]);
    ticks.pass(2);
    expect([a.delay, b.delay]).toEqual(["reader", "reader"]);
    const waiting = stepOf(b);
    await heal(a);
    ticks.pass(30);
    await expect(waiting).rejects.toMatchObject({
      kind: "lost",
      message: "The reader stopped: it did not answer for 30 seconds",
    });
    await update;
    await expect.poll(() => [a.facts?.epoch, b.facts?.epoch], patience).toEqual([2, 2]);
    expect([a.delay, b.delay, drive.started()]).toEqual([undefined, undefined, 2]);
    expect([await stepOf(a), await stepOf(b)]).toEqual([1, 1]);
  });

  it("over a trace again and again gives that trace up with a message, and reads the others", async () => {
    await using drive = await opened("a.json", "b.json");
    const { ticks, traces, tell, hangs } = drive;
    const [a, b] = traces as [RemoteTrace, RemoteTrace];
    await tell(a, "loop");
    void a.update();
    await hangs(a);
    ticks.pass(31);
    await hangs(a);
    ticks.pass(31);
    expect(a.now).toEqual({ type: "lost", message: "it did not answer for 30 seconds" });
    expect(a.delay).toBeUndefined();
    await expect.poll(() => b.facts?.epoch, patience).toBe(2);
    expect([await stepOf(b), drive.started()]).toEqual([1, 3]);
    expect(existsSync(`${a.key}.hangs`)).toBe(false);
  });

  it("is read again when the person asks for the trace that was given up", async () => {
    await using drive = await opened("a.json");
    const { ticks, traces, tell, heal, hangs } = drive;
    const [a] = traces as [RemoteTrace];
    await tell(a, "loop");
    void a.update();
    for (let time = 0; time < 2; time++) {
      await hangs(a);
      ticks.pass(31);
    }
    expect(a.now?.type).toBe("lost");
    await heal(a);
    await a.update();
    expect([a.now?.type, await stepOf(a)]).toEqual(["picture", 1]);
  });

  // A read that the system does not give back cannot be ended, only left alone.
  it.skipIf(process.platform === "win32")("in a read that never returns is replaced just so", async () => {
    await using drive = await opened("a.json", "b.json");
    const { ticks, traces, hangs } = drive;
    const [a, b] = traces as [RemoteTrace, RemoteTrace];
    const pipe = `${a.key}.pipe`;
    execFileSync("mkfifo", [pipe]);
    const release = await open(pipe, "r+");
    try {
      void a.update();
      await hangs(a);
      ticks.pass(31);
      // The next one hangs over it too.
      await hangs(a);
      ticks.pass(31);
      expect(a.now?.type).toBe("lost");
      await expect.poll(() => b.facts?.epoch, patience).toBe(2);
      expect(await stepOf(b)).toBe(1);
    } finally {
      // Both threads come back, see that they are over, and end.
      await rm(pipe);
      await release.write("12");
      await release.close();
    }
  });

  it("that only works for long is left alone as long as it turns in between", async () => {
    await using drive = await opened("a.json");
    const { ticks, traces, client } = drive;
    const [a] = traces as [RemoteTrace];
    for (let second = 0; second < 100; second++) {
      // Its answer comes behind the one to the ping before it.
      await stepOf(a);
      ticks.pass(1);
      expect(a.delay).toBeUndefined();
    }
    expect([client.isRunning, drive.started(), a.facts?.epoch]).toEqual([true, 1, 1]);
  });
});
