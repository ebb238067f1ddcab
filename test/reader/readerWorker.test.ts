// The reader as it runs: a built program in a thread of its own, with files on disk.
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Logger, silentLogger } from "../../src/base/logger";
import { columnChunkSchema } from "../../src/protocol/panelMessages";
import { spanDetailsSchema } from "../../src/protocol/panelReplies";
import { ReaderClient } from "../../src/reader/readerClient";
import { type WorkerOptions, workerPort } from "../../src/reader/workerPort";
import { begin } from "../recorder/diskTrace";
import { type BuiltReader, buildReader } from "../support/builtReader";
import { makeTempDir } from "../support/tempDir";

let built: BuiltReader;
beforeAll(async () => {
  built = await buildReader();
});
afterAll(() => built[Symbol.asyncDispose]());

const failed = join(import.meta.dirname, "../fixtures/trace-v2/ses_failed_dbt_build.json");

interface ClientOptions {
  readonly borders?: () => readonly string[] | undefined;
  readonly worker?: WorkerOptions;
  readonly logger?: Logger;
}

function newClient({ borders = () => undefined, worker, logger = silentLogger }: ClientOptions = {}) {
  const client = new ReaderClient({ connect: () => workerPort(built.program, worker), borders, logger });
  return { client, [Symbol.dispose]: () => client.dispose() };
}

/** A trace of that many spans. */
function traceText(count: number, output = "done"): string {
  const spans = Array.from({ length: count }, (_, index) => ({
    spanId: `s${index}`,
    parentSpanId: index === 0 ? null : "s0",
    name: `step ${index % 50}`,
    kind: index === 0 ? "session" : "tool",
    startTime: 1_795_170_000_000 + index,
    endTime: 1_795_170_000_001 + index,
    status: "ok",
    output,
  }));
  const head = { version: 2, traceId: "t", sessionId: "s", startedAt: "2026-11-20T09:00:00Z", metadata: {} };
  return JSON.stringify({ ...head, spans, summary: { status: "completed" } });
}

describe("the reader worker", () => {
  it("reads a trace and says what there is of it", async () => {
    using reader = newClient();
    const trace = reader.client.open(failed);
    await trace.update();
    expect(trace.facts).toMatchObject({
      epoch: 1,
      revision: 1,
      header: { status: "failed", failingStep: { rule: "failed-path", title: expect.stringContaining("dbt.parse") } },
    });
  });

  it("gives columns in arrays of their own and of their exact size", async () => {
    using reader = newClient();
    await using folder = await makeTempDir();
    const key = folder.join("s.json");
    await writeFile(key, traceText(90_000));
    const trace = reader.client.open(key);
    await trace.update();
    const { end, facts } = await trace.call("show", {});
    let rows = 0;
    let messages = 0;
    let texts = 0;
    for (let start = { row: 0, text: 0 }, last = false; !last; messages++) {
      const chunk = await trace.call("columns", { epoch: facts.epoch, start, end });
      expect(columnChunkSchema.safeParse(chunk.columns).success).toBe(true);
      const arrays = Object.values(chunk.columns);
      for (const array of arrays) expect(array.byteLength).toBe(array.buffer.byteLength);
      expect(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(1_000_000);
      expect(chunk.fromRow).toBe(rows);
      rows += chunk.columns.startMs.length;
      texts += chunk.strings.length;
      ({ next: start, last } = chunk);
    }
    expect([rows, texts]).toEqual([end.rows, end.texts]);
    expect(messages).toBeGreaterThan(2);
  });

  it("answers what a panel asks, and says what is stale", async () => {
    using reader = newClient();
    const trace = reader.client.open(failed);
    await trace.update();
    const ask = (epoch: number) =>
      trace.call("request", { panel: 1, request: { method: "details", id: 1, params: { epoch, row: 0 } } });
    expect(spanDetailsSchema.safeParse(await ask(1)).success).toBe(true);
    await expect(ask(2)).rejects.toMatchObject({ kind: "stale" });
  });

  it("follows a file that grows, within the epoch", async () => {
    using reader = newClient();
    await using folder = await makeTempDir();
    const key = folder.join("s.json");
    await writeFile(key, traceText(10));
    const trace = reader.client.open(key);
    await trace.update();
    await writeFile(key, traceText(14));
    await trace.update();
    expect(trace.facts).toMatchObject({ epoch: 1, revision: 2, rowCount: 14 });
    const delta = await trace.call("delta", { epoch: 1, revision: 1 });
    expect(delta?.appended.startMs).toHaveLength(4);
    for (const array of Object.values(delta?.appended ?? {})) expect(array.byteLength).toBe(array.buffer.byteLength);
  });

  it("follows a session of our recorder while it runs, ends and is folded, within one epoch", async () => {
    using reader = newClient();
    await using folder = await makeTempDir();
    const recorded = begin(folder);
    recorded.startTrace("ses_1", { prompt: "Go on" });
    const call = (index: number, isError = false) => {
      const time = { start: Date.now(), end: Date.now() };
      const input = { command: `npm test -- ${index}` };
      const state = isError
        ? ({ status: "error", input, error: "exit 1", time } as const)
        : ({ status: "completed", input, output: `done ${index}`, time } as const);
      recorded.logToolCall({ tool: "bash", callID: `call-${index}`, state });
    };
    call(1);
    const trace = reader.client.open(folder.join("ses_1.json"));
    const readTo = (rows: number) =>
      expect
        .poll(async () => {
          await trace.update();
          return trace.facts?.rowCount;
        })
        .toBe(rows);
    await readTo(2);
    expect(trace.facts?.header).toMatchObject({ status: "running", live: true });
    const { revision = 0 } = trace.facts ?? {};
    call(2);
    call(3, true);
    await readTo(4);
    const delta = await trace.call("delta", { epoch: 1, revision });
    const labels = [...(delta?.appended.label ?? [])].map((label) => label > 0);
    expect([delta?.appended.startMs.length, labels]).toEqual([2, [true, true]]);
    expect((await trace.call("failingStep", {}))?.label).toBe("npm test -- 3");
    await recorded.endTrace("exit 1");
    await expect
      .poll(async () => {
        await trace.update();
        return trace.facts?.header.status;
      })
      .toBe("failed");
    expect(trace.facts).toMatchObject({ epoch: 1, rowCount: 4, header: { live: false, failureCount: 1 } });
    expect(await trace.call("text", { epoch: 1, row: 2, field: "output" })).toBe("done 2");
  });

  it("says of a session that is not there that it is missing", async () => {
    using reader = newClient();
    await using folder = await makeTempDir();
    const trace = reader.client.open(folder.join("gone", "s.json"));
    await trace.update();
    expect(trace.now).toMatchObject({ type: "unreadable", isMissing: true });
  });

  it.each([
    ["sound", 0],
    ["damaged", 40],
  ])("answers for one trace while it reads a large one that is %s", async (_, cutBytes) => {
    using reader = newClient();
    await using folder = await makeTempDir();
    const key = folder.join("s.json");
    const text = traceText(60_000, "done ".repeat(40));
    await writeFile(key, text.slice(0, text.length - cutBytes));
    const small = reader.client.open(failed);
    await small.update();
    const large = reader.client.open(key);
    let isRead = false;
    const reading = large.update().then(() => (isRead = true));
    let answers = 0;
    while (!isRead) {
      expect((await small.call("failingStep", {}))?.name).toBe("dbt.parse");
      answers++;
    }
    await reading;
    expect([large.facts?.rowCount, large.facts?.header.problemCount]).toEqual([60_000, cutBytes === 0 ? 0 : 1]);
    // Were it read in one go, there would be the answer before it and the one behind it.
    expect(answers).toBeGreaterThan(8);
  });

  it("keeps the epoch of a large trace of which most rows changed, and gives the texts of those that are asked for", async () => {
    using reader = newClient();
    await using folder = await makeTempDir();
    const key = folder.join("s.json");
    await writeFile(key, traceText(60_000));
    const trace = reader.client.open(key);
    await trace.update();
    await writeFile(key, traceText(60_000).replaceAll('"ok"', '"error"'));
    await trace.update();
    expect(trace.facts).toMatchObject({ epoch: 1, revision: 2, rowCount: 60_000, lacksTexts: true });
    // A message with so many rows would hold up everybody: all is sent in chunks.
    expect(await trace.call("delta", { epoch: 1, revision: 1 })).toBeUndefined();
    const params = { epoch: 1, rows: [59_999] };
    const texts = await trace.call("request", { panel: 1, request: { method: "texts", id: 1, params } });
    expect(texts).toMatchObject({ outcomes: ["error"] });
  });

  it("says that its memory was not enough, and works on with what it can hold", async () => {
    const errors: string[] = [];
    const logger: Logger = { ...silentLogger, error: (message) => errors.push(String(message)) };
    using reader = newClient({ worker: { heapMegabytes: 24 }, logger });
    await using folder = await makeTempDir();
    const key = folder.join("s.json");
    // Damaged, so that it is read by the reader that makes objects.
    await writeFile(key, traceText(200_000).slice(0, -40));
    const small = reader.client.open(failed);
    await small.update();
    const large = reader.client.open(key);
    await large.update();
    await expect.poll(() => large.now?.type, { timeout: 100_000, interval: 50 }).toBe("lost");
    expect(large.now).toMatchObject({ message: "it ran out of memory (24 MB)" });
    expect(errors).toEqual(Array(2).fill("The reader was lost: it ran out of memory (24 MB)"));
    const step = () => small.call("failingStep", {}).catch(() => undefined);
    await expect.poll(async () => (await step())?.name, { timeout: 100_000, interval: 50 }).toBe("dbt.parse");
  });
});

describe("the reader worker in a workspace that is not trusted", () => {
  /** A folder of the workspace with a trace, one outside of it, and a link from the one into the other. */
  async function places() {
    const folder = await makeTempDir();
    const [inside, outside] = [folder.join("inside"), folder.join("outside")];
    for (const each of [inside, outside]) {
      await mkdir(each);
      await writeFile(join(each, "s.json"), traceText(3, "secret"));
    }
    await symlink(outside, join(inside, "link"));
    await symlink(join(outside, "s.json"), join(inside, "file.json"));
    return { folder, inside, outside };
  }

  it("reads what lies below the workspace and nothing else, links followed", async () => {
    const { folder, inside, outside } = await places();
    await using _folder = folder;
    using reader = newClient({ borders: () => [inside] });
    const read = async (key: string) => {
      const trace = reader.client.open(key);
      await trace.update();
      return [trace.now?.type, trace.facts?.rowCount];
    };
    expect(await read(join(inside, "s.json"))).toEqual(["picture", 3]);
    expect(await read(join(outside, "s.json"))).toEqual(["unreadable", undefined]);
    expect(await read(join(inside, "link", "s.json"))).toEqual(["unreadable", undefined]);
    expect(await read(join(inside, "file.json"))).toEqual(["picture", 0]);
  });

  it("says why a file of the session was not read", async () => {
    const { folder, inside } = await places();
    await using _folder = folder;
    using reader = newClient({ borders: () => [inside] });
    const trace = reader.client.open(join(inside, "file.json"));
    await trace.update();
    expect(trace.facts?.nothing?.message).toContain("Its link leads out of the workspace, which is not trusted");
  });

  it("reads everything once the workspace is trusted", async () => {
    const { folder, inside, outside } = await places();
    await using _folder = folder;
    let borders: readonly string[] | undefined = [inside];
    using reader = newClient({ borders: () => borders });
    const trace = reader.client.open(join(outside, "s.json"));
    await trace.update();
    expect(trace.now?.type).toBe("unreadable");
    borders = undefined;
    await trace.update();
    expect(trace.facts?.rowCount).toBe(3);
  });
});
