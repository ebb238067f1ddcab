// A whole collector whose tasks note what they have done, and a proxy before it that cuts connections.
import { createHash } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { TriggerClient } from "@trigger.dev/sdk";
import { expect } from "vitest";
import { BatchHost } from "../../src/batch/batchHost";
import { type BatchCollector, startBatchCollector } from "../../src/collector/batchCollector";
import { RecordingRunner, type TestTask } from "../batch/recordingRunner";
import { makeTempDir, type TempDir } from "../support/tempDir";
import { type Decide, type FaultyProxy, startFaultyProxy } from "./faultyProxy";

export interface TaskServer extends AsyncDisposable {
  readonly folder: TempDir;
  readonly host: BatchHost;
  readonly collector: BatchCollector;
  readonly proxy: FaultyProxy;
  /** A client of one case. */
  client(name: string, decide?: Decide): TriggerClient;
  /** What the tasks of a case wrote, sorted. */
  written(name: string): Promise<readonly string[]>;
}

export async function startTaskServer(limits: { readonly mostStreams?: number } = {}): Promise<TaskServer> {
  const folder = await makeTempDir();
  const directory = folder.join("traces");
  const problems: string[] = [];
  const onProblem = (message: string) => void problems.push(message);
  // Its payload says to which case it belongs and which item of it it is.
  const note: TestTask = async (_, payload) => {
    const { json } = JSON.parse(payload) as { json: { name: string; item: number; fails?: boolean } };
    await appendFile(folder.join(json.name), `${json.item}\n`);
    return json.fails === true ? { outcome: "failed", error: `item ${json.item} failed`, exitCode: 1 } : undefined;
  };
  const measure: TestTask = async ({ payloadType, index }, payload) => {
    const hash = createHash("sha256").update(payload).digest("hex").slice(0, 16);
    await appendFile(folder.join("measured"), `${index} ${payloadType} ${Buffer.byteLength(payload)} ${hash}\n`);
    return undefined;
  };
  const runner = new RecordingRunner({ directory, isRecording: false, tasks: { note, measure } });
  const host = new BatchHost({ directory, runner, settings: { concurrency: 8 }, onProblem });
  const collector = await startBatchCollector({
    directory,
    port: 0,
    batches: host,
    batchLimits: limits,
    onProblem: ({ message }) => onProblem(message),
  });
  const proxy = await startFaultyProxy(collector.port);
  return {
    folder,
    host,
    collector,
    proxy,
    client: (name, decide) =>
      new TriggerClient({ baseURL: proxy.urlFor(name, decide), accessToken: collector.batchEndpoint.key }),
    async written(name) {
      const text = await readFile(folder.join(name), "utf8").catch(() => "");
      return text
        .split("\n")
        .filter(Boolean)
        .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10));
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await collector.close();
      await folder.remove();
      expect(problems).toEqual([]);
    },
  };
}
