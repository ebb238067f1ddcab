// The real SDK of trigger.dev against a whole collector: batches of every size, large payloads, keys, and connections that
// are cut after the server has done its work. What ran is judged by what the tasks themselves wrote.
import { createHash } from "node:crypto";
import { TriggerClient } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { post, rawClient } from "../session/otlpClient";
import { sound } from "./faultyProxy";
import { startTaskServer, type TaskServer } from "./taskServer";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const payloads = (name: string, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, item) => ({ payload: { name, item, ...more } }));

async function whenCompleted(client: TriggerClient, id: string) {
  return await vi.waitFor(
    async () => {
      const retrieved = await client.batch.retrieve(id);
      if (retrieved.status !== "COMPLETED") throw new Error(`The batch is ${retrieved.status}`);
      return retrieved;
    },
    { interval: 200, timeout: 120_000 },
  );
}

const isItems = (path: string) => path.endsWith("/items");
const phases = (server: TaskServer, name: string) => server.proxy.log(name).filter((line) => line.startsWith("POST"));
const create = "POST /api/v3/batches";
const items = "POST /api/v3/batches/batch/items";

let server: TaskServer;
beforeAll(async () => {
  server = await startTaskServer();
});
afterAll(() => server[Symbol.asyncDispose]());

// Its pauses before it tries again are seconds: all cases wait at the same time.
describe.concurrent("the SDK", () => {
  it.for([1, 4, 100, 1_000])(
    "triggers a batch of one task with %i items, and hears that it completed",
    async (count) => {
      const name = `one${count}`;
      const client = server.client(name);
      const { batchId, runCount } = await client.tasks.batchTrigger("note", payloads(name, count));
      expect(runCount).toBe(count);
      const batch = await whenCompleted(client, batchId);
      expect(batch).toMatchObject({ runCount: count, processing: { errors: [] } });
      expect(new Set(batch.runs).size).toBe(count);
      expect(await server.written(name)).toEqual(numbers(count));
      expect(phases(server, name)).toEqual([`${create} 202`, `${items} 200`]);
    },
  );

  it.for([1, 4, 100, 1_000])("triggers a batch of several tasks with %i items from a stream", async (count) => {
    const name = `several${count}`;
    const client = server.client(name);
    async function* stream() {
      for (const { payload } of payloads(name, count)) yield { id: "note", payload };
    }
    const all = payloads(name, count).map(({ payload }) => ({ id: "note", payload }));
    // A list and a stream go different ways in it.
    const { batchId } = count === 4 ? await client.batch.trigger(all) : await client.batch.trigger(stream());
    await whenCompleted(client, batchId);
    expect(await server.written(name)).toEqual(numbers(count));
  });

  it("sees each run, and why one has failed", async () => {
    const client = server.client("runs");
    const failing = [...payloads("runs", 1), ...payloads("runs", 1, { fails: true }), ...payloads("runs", 1)];
    const { batchId } = await client.tasks.batchTrigger("note", failing);
    const batch = await whenCompleted(client, batchId);
    const runs = await Promise.all(batch.runs.map((id) => client.runs.retrieve(id)));
    expect(runs.map(({ status, batchId: of }) => [status, of])).toEqual([
      ["COMPLETED", batchId],
      ["FAILED", batchId],
      ["COMPLETED", batchId],
    ]);
    expect(runs[1]).toMatchObject({ error: { message: "item 0 failed" }, attemptCount: 1, taskIdentifier: "note" });
    expect(runs[0]).toMatchObject({ payload: { name: "runs", item: 0 }, isSuccess: true });
    const listed: string[] = [];
    for await (const run of client.runs.list({ batch: batchId, limit: 2 })) listed.push(`${run.id} ${run.status}`);
    expect(listed).toEqual(runs.map(({ id, status }) => `${id} ${status}`));
  });

  it("uploads payloads of 128 KiB and more apart, and each reaches its run as it was", async () => {
    const client = server.client("large");
    const sent = [131_072 - 2, 131_072, 600_000, 4 * 1024 * 1024].map((length) => "ä".repeat(length / 2));
    const { batchId } = await client.tasks.batchTrigger("measure", [
      ...sent.map((payload) => ({ payload })),
      { payload: { text: "x".repeat(200_000), at: new Date(0) } },
      { payload: undefined },
    ]);
    const batch = await whenCompleted(client, batchId);
    const measured = (await server.written("measured")).map((line) => line.split(" "));
    expect(measured.map(([index, type, length]) => [index, type, Number(length)])).toEqual([
      ...sent.map((text, index) => [String(index), "text/plain", Buffer.byteLength(text)]),
      ["4", "application/super+json", expect.closeTo(200_000, -3)],
      ["5", "application/json", 0],
    ]);
    const hashes = sent.map((text) => createHash("sha256").update(text).digest("hex").slice(0, 16));
    expect(measured.slice(0, 4).map(([, , , hash]) => hash)).toEqual(hashes);
    expect(server.proxy.log("large").filter((line) => line.startsWith("PUT"))).toHaveLength(4);
    // The SDK fetches what is too large for the answer itself.
    expect((await client.runs.retrieve(batch.runs[3] ?? "")).payload).toBe(sent[3]);
  });

  it("ends in success where the answer to the first phase is lost, with one batch", async () => {
    const client = server.client("lostFirst", ({ path, earlier }) =>
      !isItems(path) && path.endsWith("/batches") && earlier === 0 ? { type: "after" } : sound,
    );
    const { batchId } = await client.tasks.batchTrigger("note", payloads("lostFirst", 7));
    await whenCompleted(client, batchId);
    expect(await server.written("lostFirst")).toEqual(numbers(7));
    expect(phases(server, "lostFirst")).toEqual([`${create} after`, `${create} 202`, `${items} 200`]);
    // No other case has so many items.
    const all = await Promise.all((await server.host.list()).map((id) => server.host.state(id)));
    expect(all.filter((state) => state?.runCount === 7).map((state) => state?.id)).toEqual([batchId]);
  });

  it("ends in success where the answer to the second phase is lost, also more than once", async () => {
    const client = server.client("lostSecond", ({ path, earlier }) =>
      isItems(path) && earlier < 2 ? { type: "after" } : sound,
    );
    const { batchId } = await client.tasks.batchTrigger("note", payloads("lostSecond", 100));
    await whenCompleted(client, batchId);
    expect(await server.written("lostSecond")).toEqual(numbers(100));
    expect(phases(server, "lostSecond").slice(1)).toEqual([`${items} after`, `${items} after`, `${items} 200`]);
    const streams = (await server.host.state(batchId))?.streams ?? [];
    expect(streams.map(({ isRetrySuccess, accepted }) => [isRetrySuccess, accepted])).toEqual([
      [undefined, 100],
      [true, 0],
      [true, 0],
    ]);
  });

  it("ends in success where the connection is cut in the middle of the items, and sends all of them again", async () => {
    const cuts = [20_000, 70_000, 120_000];
    const client = server.client("cut", ({ path, earlier }) => {
      const bytes = isItems(path) ? cuts[earlier] : undefined;
      return bytes === undefined ? sound : { type: "within", bytes };
    });
    const { batchId } = await client.tasks.batchTrigger("note", payloads("cut", 100, { filling: "x".repeat(2_000) }));
    await whenCompleted(client, batchId);
    expect(await server.written("cut")).toEqual(numbers(100));
    expect(phases(server, "cut").slice(1)).toEqual([
      `${items} within`,
      `${items} within`,
      `${items} within`,
      `${items} 200`,
    ]);
    const streams = (await server.host.state(batchId))?.streams ?? [];
    expect(streams.at(-1)?.deduplicated).toBeGreaterThan(20);
    expect(streams.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(100);
  });

  it("ends in success where a request never arrives", async () => {
    const client = server.client("before", ({ earlier, method }) =>
      method === "POST" && earlier === 0 ? { type: "before" } : sound,
    );
    const { batchId } = await client.tasks.batchTrigger("note", payloads("before", 4));
    await whenCompleted(client, batchId);
    expect(await server.written("before")).toEqual(numbers(4));
  });

  it("fails at once where the batch was aborted, and nothing has run", async () => {
    const client = server.client("aborted", async ({ path }) => {
      const id = /batch_\w+/.exec(path)?.[0];
      if (isItems(path) && id !== undefined) await server.host.cancel(id);
      return sound;
    });
    await expect(client.tasks.batchTrigger("note", payloads("aborted", 4))).rejects.toMatchObject({
      name: "BatchTriggerError",
      phase: "stream",
      apiError: { status: 422 },
      message: expect.stringContaining("ABORTED"),
    });
    expect(await server.written("aborted")).toEqual([]);
    expect(phases(server, "aborted")).toEqual([`${create} 202`, `${items} 422`]);
  });

  it("fails where the batch was aborted between two attempts of the second phase", async () => {
    const client = server.client("abortedLater", async ({ path, earlier }) => {
      const id = /batch_\w+/.exec(path)?.[0];
      if (!isItems(path) || id === undefined) return sound;
      if (earlier === 0) return { type: "within", bytes: 300 };
      await server.host.cancel(id);
      return sound;
    });
    await expect(client.tasks.batchTrigger("note", payloads("abortedLater", 10))).rejects.toMatchObject({
      apiError: { status: 422 },
    });
    expect(await server.written("abortedLater")).toEqual([]);
  });

  it("fails at once with a wrong key", async () => {
    const client = new TriggerClient({ baseURL: server.proxy.urlFor("stranger"), accessToken: "tk_wrong" });
    await expect(client.tasks.batchTrigger("note", payloads("stranger", 1))).rejects.toMatchObject({
      phase: "create",
      apiError: { status: 401 },
    });
    expect(phases(server, "stranger")).toEqual([`${create} 401`]);
  });

  it("gets the same batch for the same key, and sends no items again", async () => {
    const client = server.client("keyed");
    const options = { idempotencyKey: "nightly" };
    const first = await client.batch.trigger([{ id: "note", payload: { name: "keyed", item: 0 } }], options);
    await whenCompleted(client, first.batchId);
    const second = await client.batch.trigger([{ id: "note", payload: { name: "keyed", item: 0 } }], options);
    expect(second.batchId).toBe(first.batchId);
    expect(await server.written("keyed")).toEqual(["0"]);
    expect(phases(server, "keyed")).toEqual([`${create} 202`, `${items} 200`, `${create} 200`]);
  });

  it("runs an item once whose key has come before", async () => {
    const client = server.client("keyedItems");
    const one = (item: number, key: string) => ({
      payload: { name: "keyedItems", item },
      options: { idempotencyKey: key },
    });
    const first = await client.tasks.batchTrigger("note", [one(0, "a"), one(1, "b")]);
    await whenCompleted(client, first.batchId);
    const second = await client.tasks.batchTrigger("note", [one(0, "a"), one(2, "c")]);
    await whenCompleted(client, second.batchId);
    expect(await server.written("keyedItems")).toEqual(["0", "1", "2"]);
  });

  it("waits and tries again where too many streams are open", async () => {
    await using small = await startTaskServer({ mostStreams: 1 });
    const { key } = small.collector.batchEndpoint;
    const headers = { Authorization: `Bearer ${key}` };
    const { json } = await post(small.collector.port, { runCount: 2 }, { path: "/api/v3/batches", headers });
    const line = '{"index":0,"task":"note"}\n';
    const held = rawClient(small.collector.port);
    held.send(
      `POST /api/v3/batches/${json["id"]}/items HTTP/1.1\r\nHost: 127.0.0.1:${small.collector.port}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n${line.length.toString(16)}\r\n${line}\r\n`,
    );
    await vi.waitFor(async () => {
      const state = await small.host.state(String(json["id"]));
      if (state?.itemCount !== 1) throw new Error("Its item has not come");
    });
    const client = small.client("busy", ({ path, earlier }) => {
      // The other one goes while this client waits.
      if (isItems(path) && earlier === 1) held.socket.destroy();
      return sound;
    });
    const { batchId } = await client.tasks.batchTrigger("note", payloads("busy", 4));
    await whenCompleted(client, batchId);
    expect(await small.written("busy")).toEqual(numbers(4));
    const answers = phases(small, "busy").slice(1);
    expect(answers[0]).toBe(`${items} 429`);
    expect(answers.at(-1)).toBe(`${items} 200`);
  });
});
