// What is published survives the death of its process at any call to the file system, and is then finished with nothing sent
// again that is on record as confirmed.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Outbox } from "../../src/publish/outbox";
import type { PublishLog } from "../../src/publish/publishLog";
import type { PublishRecord } from "../../src/publish/publishRecord";
import { retryJob } from "../../src/publish/resumeOutbox";
import { UploadApi } from "../../src/publish/uploadApi";
import { nodeFs, type RecorderFs } from "../../src/recorder/recorderFs";
import { type Fault as FileFault, faultyFs } from "../faults/faultyFs";
import { mortalFs } from "../faults/mortalFs";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { type FailingServer, startFailingServer } from "./failingServer";
import { type OutboxPlace, outboxOf, publishOnce, resume } from "./outboxSetup";
import { SteppingClock } from "./publishClock";

let server: FailingServer;
let folder: TempDir;
let clock: SteppingClock;
let place: OutboxPlace;
beforeEach(async () => {
  server = await startFailingServer();
  folder = await makeTempDir();
  clock = new SteppingClock();
  place = { directory: folder.join("outbox"), url: server.url, clock };
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

const whole = ["T initialise", "T events", "T events", "T finalise"];

/** `initialise`, `events 0`, ... of each answer that is on record as a success. */
function confirmed(records: readonly PublishRecord[]): string[] {
  return records.flatMap((record) =>
    record.type === "answer" && record.outcome === "confirmed" ? [`${record.step} ${record.part ?? ""}`] : [],
  );
}

function asked(from: number): string[] {
  return server.seen.slice(from).map(({ step, body }) => {
    const { batch_sequence: sequence } = (body["batch_metadata"] ?? {}) as { batch_sequence?: number };
    return `${step} ${sequence === undefined ? "" : sequence - 1}`;
  });
}

it("writes what happens before and after each request, and forgets the events once they are published", async () => {
  const outbox = outboxOf(place, "first");
  expect(await publishOnce(place, outbox)).toMatchObject({ type: "published", family: "authenticated" });
  expect(server.asked).toEqual(whole);
  expect(await readdir(place.directory)).toEqual(["0b5c7a52-6d0e-4f4e.publish.ndjson"]);
  const [job] = await outbox.list();
  const types = job?.fold.records.map((record) => ("step" in record ? `${record.type} ${record.step}` : record.type));
  expect(types?.filter((type) => type !== "ready")).toEqual([
    "job",
    "request initialise",
    "answer initialise",
    "request events",
    "answer events",
    "request events",
    "answer events",
    "request finalise",
    "answer finalise",
    "left",
  ]);
  expect(types?.indexOf("ready")).toBe(3);
  expect((await resume(place, outboxOf(place, "second"))).jobs).toEqual([]);
  expect(server.asked).toEqual(whole);
});

/** @returns what the log says as confirmed when the process has died */
async function die(fault: FileFault, at: OutboxPlace): Promise<{ fired: number; calls: number; confirmed: string[] }> {
  const fs = faultyFs(nodeFs, [fault]);
  const mortal = mortalFs(fs);
  await Promise.race([publishOnce(at, outboxOf(at, "first", mortal)).catch(() => undefined), fs.stopped]);
  fs.stop();
  mortal.bury();
  fs.closeAll();
  const [job] = await outboxOf(at, "reader").list();
  return { fired: fs.fired, calls: fs.calls.length, confirmed: confirmed(job?.fold.records ?? []) };
}

it.each([
  ["before", "before" as const],
  ["after half of", { afterBytes: 40 }],
])("a process that dies %s any of its calls sends nothing again that it knew to be confirmed", async (_name, stop) => {
  const wrong: string[] = [];
  let fired = 0;
  let published = 0;
  const isCut = typeof stop === "object";
  for (let at = 0; ; at++) {
    const here = { ...place, directory: folder.join(`outbox-${at}`) };
    const before = server.seen.length;
    const died = await die(isCut ? { on: { name: "write" }, at, stop } : { at, stop }, here);
    if (died.fired === 0) break;
    fired++;
    const between = server.seen.length;
    await resume(here, outboxOf(here, "second"));
    const again = asked(between);
    wrong.push(...died.confirmed.filter((step) => again.includes(step)).map((step) => `${at}: ${step} again`));
    const [job] = await outboxOf(here, "reader").list();
    const state = job?.fold.state;
    const isReady = job?.fold.ready !== undefined;
    if (state?.type === "ended" && state.end.type === "published") published++;
    else if (isReady) wrong.push(`${at}: it is not published`);
    // Without its events the batch that was begun is marked as failed, once.
    else if (died.confirmed.length > 0 && again.join() !== "fail ") wrong.push(`${at}: ${again.join()}`);
    const all = asked(before);
    if (all.some((step) => all.filter((other) => other === step).length > 2)) wrong.push(`${at}: ${all.join()}`);
  }
  expect(wrong).toEqual([]);
  expect(fired).toBeGreaterThan(isCut ? 8 : 30);
  expect(published).toBeGreaterThan(isCut ? 4 : 15);
});

describe("a publication that failed", () => {
  it("is tried again later, in a batch of its own, on the endpoints that were wanted", async () => {
    server.faultOf = (step) => (step === "events" ? "503" : undefined);
    const outbox = outboxOf(place, "first");
    expect(await publishOnce(place, outbox)).toMatchObject({ type: "failed", mayPass: true });
    server.faultOf = () => undefined;
    const early = await resume(place, outbox);
    expect(early.jobs).toEqual([]);
    expect(early.nextMs).toBe(clock.nowMs() + 60_000);
    clock.advance(60_000);
    const before = server.asked.length;
    const { jobs, nextMs } = await resume(place, outbox);
    expect(jobs).toMatchObject([{ session: "/home/ann/s1.json", end: { type: "published", id: "server-round-1" } }]);
    expect(nextMs).toBeUndefined();
    expect(server.asked.slice(before)).toEqual(whole);
  });

  it("waits longer each time, and in the end for a person, whose yes goes before the setting", async () => {
    server.faultOf = () => "no answer";
    server.onSilence = () => void setImmediate(() => clock.advance(30_000));
    const outbox = outboxOf(place, "first");
    await publishOnce(place, outbox);
    const pauses: number[] = [];
    for (
      let next = (await resume(place, outbox)).nextMs;
      next !== undefined;
      next = (await resume(place, outbox)).nextMs
    ) {
      pauses.push(Math.round((next - clock.nowMs()) / 60_000));
      clock.advance(next - clock.nowMs());
    }
    expect(pauses).toEqual([1, 5, 30, 120, 720]);
    server.faultOf = () => undefined;
    const options = {
      outbox,
      clock,
      isEnabled: () => false,
      api: async () => new UploadApi({ baseUrl: server.url, clock }),
      newTraceId: () => "by-hand",
    };
    expect(await retryJob(options, "0b5c7a52-6d0e-4f4e")).toMatchObject({ end: { type: "published" } });
  });

  it("is not tried again where the server refused it", async () => {
    server.faultOf = (step) => (step === "events" ? "422" : undefined);
    const outbox = outboxOf(place, "first");
    await publishOnce(place, outbox);
    clock.advance(86_400_000);
    expect(await resume(place, outbox)).toEqual({ jobs: [], nextMs: undefined });
  });

  it("is left for the next time where nobody knows as whom to send", async () => {
    server.faultOf = () => "500";
    const outbox = outboxOf(place, "first");
    await publishOnce(place, outbox);
    clock.advance(60_000);
    const { jobs } = await resume(place, outbox, { api: () => Promise.reject(new Error("The keyring is locked")) });
    expect(jobs).toMatchObject([{ end: undefined, problem: "The keyring is locked" }]);
    expect((await resume(place, outbox, { isEnabled: () => false })).jobs).toEqual([]);
    server.faultOf = () => undefined;
    expect((await resume(place, outbox)).jobs).toMatchObject([{ end: { type: "published" } }]);
  });

  it("marks its batch as failed where the kept events are damaged", async () => {
    server.faultOf = (step) => (step === "events" ? "500" : undefined);
    const outbox = outboxOf(place, "first");
    await publishOnce(place, outbox);
    const path = folder.join("outbox", "0b5c7a52-6d0e-4f4e.events.ndjson");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("event-1", "event-7"));
    server.faultOf = () => undefined;
    clock.advance(60_000);
    const before = server.asked.length;
    const { jobs } = await resume(place, outbox);
    expect(jobs).toMatchObject([{ end: { type: "failed", reason: expect.stringContaining("not what was kept") } }]);
    expect(server.asked.slice(before)).toEqual(["T initialise", "T fail"]);
  });
});

describe("two processes", () => {
  it("don't both get a publication, although both have found it free", async () => {
    server.faultOf = () => "500";
    await publishOnce(place, outboxOf(place, "first"));
    const id = "0b5c7a52-6d0e-4f4e";
    const first = new Outbox({ ...place, identity: { instance: "aaaa" }, probe: () => "alive" });
    let winner: PublishLog | undefined;
    let logFd: number | undefined;
    const slow: RecorderFs = {
      sync: nodeFs.sync,
      async: {
        ...nodeFs.async,
        // As if its lock were another one: that of a holder who is gone can be had twice.
        async open(path, mode) {
          const fd = await nodeFs.async.open(path.replace(".recover.lock", ".other.lock"), mode);
          if (path.endsWith(".publish.ndjson") && winner === undefined) logFd = fd;
          return fd;
        },
        async close(fd) {
          await nodeFs.async.close(fd);
          if (fd !== logFd || winner !== undefined) return;
          // It has read that nobody has it.
          logFd = undefined;
          winner = await first.take(id);
        },
      },
    };
    const second = new Outbox({ ...place, identity: { instance: "bbbb" }, probe: () => "alive", fs: slow });
    const log = await second.take(id);
    expect(winner).toBeDefined();
    expect(log).toBeUndefined();
    await winner?.close();
    const [job] = await outboxOf(place, "reader").list();
    expect(job?.fold.isLeft).toBe(true);
  });

  it("don't work on one publication: another one takes it when its owner has left it", async () => {
    const outbox = outboxOf(place, "first");
    server.faultOf = () => "500";
    await publishOnce(place, outbox);
    const id = "0b5c7a52-6d0e-4f4e";
    const log = await outbox.take(id);
    expect(log).toBeDefined();
    const alive = new Outbox({
      directory: place.directory,
      identity: { instance: "other" },
      probe: () => "alive",
      clock,
    });
    expect(await alive.take(id)).toBeUndefined();
    expect(await alive.remove(id)).toBe(false);
    expect(await outbox.take(id)).toBeUndefined();
    await log?.close();
    const other = await alive.take(id);
    expect(other).toBeDefined();
    await other?.close();
    expect(await alive.remove(id)).toBe(true);
    expect(await readdir(place.directory)).toEqual([]);
  });
});
