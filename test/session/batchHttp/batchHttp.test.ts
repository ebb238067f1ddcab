// The batch API over HTTP: both phases, what is told afterwards, control, and what is refused with which status.
import { readdir, stat } from "node:fs/promises";
import { batch, configure, runs } from "@trigger.dev/sdk";
import { describe, expect, it } from "vitest";
import type { StreamAnswer } from "../../../src/batch/batchEngine";
import { type RawClient, rawClient, token } from "../otlpClient";
import { type BatchServer, item, startBatchServer } from "./batchServer";

const bearer = { Authorization: `Bearer ${token}` };

async function whenStatus(server: BatchServer, id: string, status: string): Promise<Record<string, unknown>> {
  let json: Readonly<Record<string, unknown>> = {};
  await expect
    .poll(async () => {
      json = (await server.send("GET", `/api/v1/batches/${id}`)).json;
      return json["status"];
    })
    .toBe(status);
  return json;
}

/** A client that has sent the first item, and goes on to send. */
async function halfStream(server: BatchServer, id: string): Promise<RawClient> {
  const line = `${JSON.stringify(item(0))}\n`;
  const client = rawClient(server.port);
  client.send(
    `POST /api/v3/batches/${id}/items HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(line).toString(16)}\r\n${line}\r\n`,
  );
  await expect
    .poll(async () => (await server.send("GET", `/api/v1/batches/${id}`)).json["counts"])
    .toMatchObject({ waiting: 1 });
  return client;
}

describe("the two phases", () => {
  it("create a batch, take its items, seal it and run it to its end", async () => {
    await using server = await startBatchServer();
    const created = await server.send("POST", "/api/v3/batches", { runCount: 3, taskIdentifiers: ["ok"] });
    expect(created.status).toBe(202);
    const id = String(created.json["id"]);
    expect(created.json).toEqual({
      id: expect.stringMatching(/^batch_[0-9A-Za-z]{21}$/),
      runCount: 3,
      isCached: false,
    });
    const answer = await server.stream(id, [item(0), item(2), item(1)]);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ id, sealed: true, itemsAccepted: 3, itemsDeduplicated: 0, runCount: 3 });
    await whenStatus(server, id, "COMPLETED");
    // The SDK checks what it is told.
    configure({ baseURL: server.url, accessToken: token });
    expect(await batch.retrieve(id)).toMatchObject({
      id,
      status: "COMPLETED",
      runCount: 3,
      runs: [0, 1, 2].map((index) => `${id.replace("batch", "run")}_${index}`),
      processing: { completedAt: expect.any(Date), errors: [] },
    });
  });

  it("answer the second phase again as success, and run nothing twice", async () => {
    await using server = await startBatchServer();
    const id = await server.create(2);
    await server.stream(id, [item(0), item(1)]);
    await whenStatus(server, id, "COMPLETED");
    const again = await server.stream(id, [item(0), item(1)]);
    expect(again).toMatchObject({
      status: 200,
      json: { sealed: true, itemsAccepted: 0, itemsDeduplicated: 0, runCount: 2 },
    });
    expect(server.batches.runner.begun).toHaveLength(2);
  });

  it("keep what came before a missing item, so that the rest completes it", async () => {
    await using server = await startBatchServer();
    const id = await server.create(3);
    const part = await server.stream(id, [item(0), item(1)]);
    expect(part).toMatchObject({
      status: 200,
      json: { id, sealed: false, itemsAccepted: 2, itemsDeduplicated: 0, enqueuedCount: 2, expectedCount: 3 },
    });
    const whole = await server.stream(id, [item(0), item(1), item(2)]);
    expect(whole.json).toMatchObject({ sealed: true, itemsAccepted: 1, itemsDeduplicated: 2 });
  });

  it("keep what came before the connection was cut", async () => {
    await using server = await startBatchServer();
    const id = await server.create(2);
    const client = await halfStream(server, id);
    client.socket.destroy();
    await expect
      .poll(async () => (await server.batches.host.state(id))?.streams.map(({ status }) => status))
      .toEqual([499]);
    const rest = await server.stream(id, [item(0), item(1)]);
    expect(rest.json).toMatchObject({ sealed: true, itemsAccepted: 1, itemsDeduplicated: 1 });
  });

  it("name the line that is none, and take the batch again", async () => {
    await using server = await startBatchServer();
    const id = await server.create(2);
    const table: readonly (readonly [unknown, number, RegExp])[] = [
      ["{", 400, /^Line 2: /],
      ["\u0000", 400, /^Line 2: /],
      [{ index: 2, task: "ok" }, 422, /^Line 2: .*outside/],
      [{ index: -1, task: "ok" }, 422, /^Line 2: /],
      [{ task: "ok" }, 422, /^Line 2: /],
      ["[]", 422, /^Line 2: /],
    ];
    for (const [line, status, message] of table) {
      const answer = await server.stream(id, [item(0), line]);
      expect([line, answer.status]).toEqual([line, status]);
      expect(answer.json).toMatchObject({ error: expect.stringMatching(message), line: 2, sealed: false });
    }
    expect((await server.stream(id, [item(0), item(1)])).json).toMatchObject({ sealed: true, itemsDeduplicated: 1 });
  });

  it("make an item that is too large a run that has failed, and go on", async () => {
    await using server = await startBatchServer();
    const id = await server.create(2);
    const large = `{"index":1,"task":"ok","payload":"${"x".repeat(3_145_728)}"}`;
    expect((await server.stream(id, [item(0), large])).json).toMatchObject({ sealed: true, itemsAccepted: 2 });
    const details = await whenStatus(server, id, "COMPLETED");
    expect(details).toMatchObject({
      successfulRunCount: 2,
      failedRunCount: 0,
      runErrors: [{ index: 1, taskIdentifier: "ok", errorCode: "PAYLOAD_TOO_LARGE" }],
    });
  });

  it("know a batch again by its key, and a request by its own", async () => {
    await using server = await startBatchServer();
    const id = await server.create(1, { idempotencyKey: "nightly" });
    const again = await server.send("POST", "/api/v3/batches", { runCount: 1, idempotencyKey: "nightly" });
    expect(again).toMatchObject({ status: 202, json: { id, isCached: false, idempotencyKey: "nightly" } });
    await server.stream(id, [item(0)]);
    const cached = await server.send("POST", "/api/v3/batches", { runCount: 1, idempotencyKey: "nightly" });
    expect(cached).toMatchObject({ status: 200, json: { id, isCached: true } });
    const headers = { "x-trigger-request-idempotency-key": "one-call" };
    const one = await server.send("POST", "/api/v3/batches", { runCount: 1 }, { headers });
    const other = await server.send("POST", "/api/v3/batches", { runCount: 1 }, { headers });
    expect(other.json["id"]).toBe(one.json["id"]);
    expect((await server.send("POST", "/api/v3/batches", { runCount: 1 })).json["id"]).not.toBe(one.json["id"]);
  });
});

describe("what is told", () => {
  it("of a run is what the SDK demands, in each of its states", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using server = await startBatchServer({
      start: {
        settings: { concurrency: 1 },
        runs: {
          tasks: {
            hold: async () => {
              await held;
              return undefined;
            },
          },
        },
      },
    });
    const id = await server.create(4);
    const delayed = { ...item(1), options: { delay: "1d", tags: ["one"], payloadType: "application/super+json" } };
    await server.stream(id, [item(0, "hold"), delayed, item(2, "fail"), item(3, "unknown")]);
    const runId = (index: number) => `${id.replace("batch", "run")}_${index}`;
    configure({ baseURL: server.url, accessToken: token });
    const run = (index: number) => runs.retrieve(runId(index));
    await expect.poll(async () => (await server.batches.host.state(id))?.processingCompletedAt).toBeDefined();
    await expect.poll(async () => (await run(0)).status).toBe("EXECUTING");
    expect(await run(1)).toMatchObject({ status: "DELAYED", isQueued: true, tags: ["one"], payload: { index: 1 } });
    expect(await run(2)).toMatchObject({ status: "QUEUED", batchId: id, attemptCount: 0 });
    expect(await run(3)).toMatchObject({ status: "FAILED", isFailed: true, isCompleted: true });
    release();
    await expect.poll(async () => (await run(0)).status).toBe("COMPLETED");
    await expect.poll(async () => (await run(2)).status).toBe("FAILED");
    expect(await run(2)).toMatchObject({ error: { message: "item 2 failed" }, attemptCount: 1 });
    expect((await server.send("GET", `/api/v1/runs/${runId(2)}/result`)).json).toMatchObject({ ok: false });
    await server.send("POST", `/api/v1/batches/${id}/cancel`, {});
    await expect.poll(async () => (await run(1)).status).toBe("CANCELED");
    expect(await run(1)).toMatchObject({ isCancelled: true, isFailed: true });
    await expect(runs.retrieve(runId(4))).rejects.toMatchObject({ status: 404 });
    const { json } = await server.send("GET", `/api/v1/batches/${id}/results`);
    expect(json["items"]).toMatchObject([{ ok: true }, { ok: false }, { ok: false }, { ok: false }]);
  });

  it("of all batches is a list, the newest first, page by page", async () => {
    await using server = await startBatchServer();
    const ids: string[] = [];
    for (let count = 1; count <= 5; count++) ids.unshift(await server.create(count, { name: `batch ${count}` }));
    const listed: unknown[] = [];
    for (let after = "", pages = 0; pages < 5; pages++) {
      const { json } = await server.send("GET", `/api/v1/batches?page[size]=2${after}`);
      listed.push(...(json["data"] as { id: string }[]).map((each) => each.id));
      const { next } = json["pagination"] as { next?: string };
      if (next === undefined) break;
      after = `&page[after]=${next}`;
    }
    expect(listed).toEqual(ids);
    expect((await server.send("GET", "/api/v1/batches?page[size]=0")).status).toBe(400);
    expect((await server.send("GET", "/api/v1/batches?page[after]=batch_x")).status).toBe(400);
  });

  it("of a batch that is not there is nothing", async () => {
    await using server = await startBatchServer();
    for (const path of ["/api/v2/batches/batch_x", "/api/v1/batches/batch_x", "/api/v1/batches/batch_x/results"]) {
      expect((await server.send("GET", path)).status).toBe(404);
    }
    expect((await server.stream("batch_x", [item(0)])).status).toBe(404);
    expect((await server.send("POST", "/api/v1/batches/batch_x/cancel", {})).status).toBe(404);
    expect((await server.send("GET", "/api/v3/runs/run_x")).status).toBe(404);
  });
});

describe("control", () => {
  it("pauses, goes on, tries failed runs again and cancels", async () => {
    await using server = await startBatchServer();
    const id = await server.create(2);
    const control = async (name: string, body: object = {}) =>
      (await server.send("POST", `/api/v1/batches/${id}/${name}`, body)).json;
    expect(await control("pause", { by: "ann" })).toMatchObject({ id, isChanged: true });
    expect(await control("pause")).toMatchObject({ isChanged: false });
    await server.stream(id, [item(0, "fail-once"), item(1)]);
    expect(server.batches.runner.begun).toEqual([]);
    expect(await control("resume")).toMatchObject({ isChanged: true });
    await whenStatus(server, id, "COMPLETED");
    expect(await control("retry", { indexes: [0] })).toMatchObject({ isChanged: true });
    await expect.poll(async () => (await server.batches.host.state(id))?.counts.succeeded).toBe(2);
    expect(await control("cancel")).toMatchObject({ isChanged: false });
    expect((await server.send("POST", `/api/v1/batches/${id}/retry`, { indexes: [7] })).status).toBe(422);
    expect((await server.send("POST", `/api/v1/batches/${id}/retry`, { indexes: "all" })).status).toBe(422);
  });
});

describe("a large payload", () => {
  const name = "trigger/packet_abc/payload.json";
  const encoded = encodeURIComponent(name);
  const upload = async (server: BatchServer, body: unknown, type = "application/super+json", as = encoded) => {
    const { json } = await server.send("PUT", `/api/v2/packets/${as}`);
    const path = String(json["presignedUrl"]).slice(server.url.length);
    return {
      path,
      json,
      answer: await server.send("PUT", path, body, { headers: { "Content-Type": type, Authorization: undefined } }),
    };
  };

  it("is put where its client is told to without the key, named in the item, and reaches the run", async () => {
    const seen: string[] = [];
    await using server = await startBatchServer({
      start: {
        runs: {
          tasks: {
            look: async ({ payloadType }, payload) => {
              seen.push(`${payloadType} ${payload.length}`);
              return undefined;
            },
          },
        },
      },
    });
    const text = JSON.stringify({ json: { text: "x".repeat(300_000) } });
    const { json, answer } = await upload(server, text);
    expect(json).toEqual({ presignedUrl: expect.stringContaining(server.url), storagePath: name });
    expect(answer.status).toBe(200);
    const id = await server.create(1);
    const named = { index: 0, task: "look", payload: name, options: { payloadType: "application/store" } };
    await server.stream(id, [named]);
    await whenStatus(server, id, "COMPLETED");
    expect(seen).toEqual([`application/super+json ${text.length}`]);
    const run = await server.send("GET", `/api/v3/runs/${id.replace("batch", "run")}_0`);
    const url = String(run.json["payloadPresignedUrl"]);
    const got = await server.send("GET", url.slice(server.url.length), "", { headers: { Authorization: undefined } });
    expect(got).toMatchObject({ status: 200, text, headers: { "content-type": "application/super+json" } });
  });

  it("can be fetched again, and is a file that its person alone can read", async () => {
    await using server = await startBatchServer();
    await upload(server, "hello", "text/plain");
    const { json } = await server.send("GET", `/api/v1/packets/${encoded}`);
    const path = String(json["presignedUrl"]).slice(server.url.length);
    const got = await server.send("GET", path, "", { headers: { Authorization: undefined } });
    expect(got).toMatchObject({ status: 200, text: "hello", headers: { "content-type": "text/plain" } });
    const folder = server.batches.folder.join("batches", "packets");
    const [file = ""] = await readdir(folder);
    expect(file).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(`${folder}/${file}`)).mode & 0o777).toBe(0o600);
  });

  it("that is not there makes a run that has failed", async () => {
    await using server = await startBatchServer();
    const id = await server.create(1);
    await server.stream(id, [{ index: 0, task: "ok", payload: "gone", options: { payloadType: "application/store" } }]);
    expect(await whenStatus(server, id, "COMPLETED")).toMatchObject({ runErrors: [{ errorCode: "PAYLOAD_MISSING" }] });
  });

  it("is taken with the leave of its own path alone, and only while that holds", async () => {
    let nowMs = Date.now();
    await using server = await startBatchServer({ nowMs: () => nowMs });
    const { path, answer } = await upload(server, "x");
    expect(answer.status).toBe(200);
    const other = path.replace(/[0-9a-f]{64}/, "0".repeat(64));
    const unsigned = { headers: { Authorization: undefined } };
    expect((await server.send("PUT", other, "x", unsigned)).status).toBe(401);
    expect((await server.send("GET", path, "", unsigned)).status).toBe(401);
    expect((await server.send("PUT", path.replace(/signature=.*/, "signature="), "x", unsigned)).status).toBe(401);
    nowMs += 16 * 60_000;
    expect((await server.send("PUT", path, "x", unsigned)).status).toBe(401);
  });

  it("that is too large is refused, and leaves nothing", async () => {
    await using server = await startBatchServer({ limits: { packetBytes: 1_000 } });
    const { answer } = await upload(server, "x".repeat(1_001));
    expect(answer).toMatchObject({ status: 413 });
    expect(await readdir(server.batches.folder.join("batches", "packets"))).toEqual([]);
  });
});

describe("a request that is none", () => {
  it("is told what it lacks", async () => {
    await using server = await startBatchServer();
    const id = await server.create(1);
    const items = `/api/v3/batches/${id}/items`;
    const ndjson = { headers: { "Content-Type": "application/x-ndjson" } };
    const table: readonly (readonly [string, string, unknown, Parameters<BatchServer["send"]>[3], number])[] = [
      ["GET", items, "", {}, 405],
      ["PUT", "/api/v3/batches", {}, {}, 405],
      ["GET", `/api/v1/batches/${id}/cancel`, "", {}, 405],
      ["POST", items, item(0), {}, 415],
      ["POST", items, "", { headers: { "Content-Type": undefined } }, 415],
      ["POST", items, "x", { headers: { ...ndjson.headers, "Content-Encoding": "gzip" } }, 415],
      ["POST", items, "", ndjson, 400],
      ["POST", "/api/v3/batches", "{", {}, 400],
      ["POST", "/api/v3/batches", "[]", {}, 422],
      ["POST", "/api/v3/batches", {}, {}, 422],
      ["POST", "/api/v3/batches", { runCount: 0 }, {}, 400],
      ["POST", "/api/v3/batches", { runCount: 1.5 }, {}, 400],
      ["POST", "/api/v3/batches", { runCount: 100_001 }, {}, 400],
      ["POST", "/api/v3/batches", { runCount: 1, idempotencyKey: "k".repeat(2_049) }, {}, 422],
      ["POST", "/api/v3/batches", { runCount: 1, settings: { concurrency: 0 } }, {}, 422],
      ["POST", "/api/v3/batches", { runCount: 1, x: "x".repeat(131_072) }, {}, 413],
      ["POST", "/api/v3/batches", { runCount: 1 }, { headers: { "Content-Type": "text/plain" } }, 415],
      ["GET", "/api/v9/batches", "", {}, 404],
      ["GET", "/api", "", {}, 404],
      ["GET", "/api/v2/batches/..%2f..%2fx", "", {}, 404],
      ["PUT", `/api/v2/packets/${"x".repeat(1_025)}`, "", {}, 404],
      ["PUT", "/api/v2/packets/%E0%A4%A", "", {}, 404],
    ];
    for (const [method, path, body, options, status] of table) {
      const answer = await server.send(method, path, body, options);
      expect([method, path, body, answer.status]).toEqual([method, path, body, status]);
      expect(answer.json["error"]).toEqual(expect.any(String));
    }
    expect(await server.send("GET", items)).toMatchObject({ headers: { allow: "POST" } });
    expect(server.problems).toEqual([]);
  });

  it("is refused without the key, whatever it asks for", async () => {
    await using server = await startBatchServer();
    const id = await server.create(1);
    const paths = [
      "/api/v3/batches",
      `/api/v3/batches/${id}/items`,
      `/api/v2/batches/${id}`,
      "/api/nothing",
      "/api/v1/batches",
    ];
    for (const path of paths) {
      for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
        for (const Authorization of [undefined, "Bearer wrong", token, `Basic ${token}`]) {
          const answer = await server.send(method, path, "", { headers: { Authorization } });
          expect([path, method, answer.status]).toEqual([path, method, 401]);
        }
      }
    }
    expect((await server.send("GET", `/api/v2/batches/${id}`, "", { headers: bearer })).status).toBe(200);
  });

  it("is told to come again where there are too many", async () => {
    await using server = await startBatchServer({ limits: { mostStreams: 1 } });
    const id = await server.create(2);
    const held = await halfStream(server, id);
    const answer = await server.stream(id, [item(0)]);
    expect(answer.status).toBe(429);
    expect(answer.headers).toMatchObject({
      "retry-after": "1",
      "x-ratelimit-limit": "1",
      "x-ratelimit-remaining": "0",
    });
    expect(Number(answer.headers["x-ratelimit-reset"]) - Date.now()).toBeLessThanOrEqual(1_000);
    held.socket.destroy();
    await expect.poll(async () => (await server.stream(id, [item(0), item(1)])).status).toBe(200);
  });
});

it("an answer says what the engine says, with nothing that is not meant for the client", async () => {
  const answer: StreamAnswer = {
    status: 422,
    sealed: false,
    id: "batch_x",
    itemsAccepted: 1,
    itemsDeduplicated: 0,
    error: "The batch is ABORTED",
    batchStatus: "ABORTED",
  };
  await using server = await startBatchServer({
    batches: { streamItems: async () => answer } as never,
  });
  expect(await server.stream("batch_x", [item(0)])).toMatchObject({
    status: 422,
    json: { error: "The batch is ABORTED", batchStatus: "ABORTED", itemsAccepted: 1 },
  });
});
