// `tracekeeper batch run`: triggers a batch, runs it and tells of it until all of its runs have ended.

import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { BatchHost } from "../../batch/batchHost";
import { type Items, itemsOfFile, itemsOfText } from "../../session/batch/items";
import { triggerEngineName } from "../../session/batch/remoteEngineSchema";
import { serveBatchesApart } from "../../session/batch/serveBatches";
import { durationMs, durationWords } from "../../session/playbook/durations";
import type { BatchSettings } from "../../trace/batch/batchRecord";
import { defaultDirectory } from "../command";
import { endWithReader, printError, printLine } from "../print";
import { parseWords, UsageError, wholeNumber } from "../usageError";
import { jsonLine } from "../visibleText";
import { goOnInBackground } from "./backgroundBatch";
import { chosenTask, tasksOf } from "./batchTasks";
import { followBatch } from "./followBatch";
import { engineOf, openCliBatches } from "./openCliBatches";

export async function batchRun(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      items: { type: "string" },
      task: { type: "string", multiple: true },
      tasks: { type: "string" },
      concurrency: { type: "string" },
      attempts: { type: "string" },
      backoff: { type: "string" },
      name: { type: "string" },
      engine: { type: "string" },
      dir: { type: "string" },
      "no-wait": { type: "boolean" },
      quiet: { type: "boolean", short: "q" },
      json: { type: "boolean" },
    },
  });
  const [task, extra] = positionals;
  if (task === undefined) throw new UsageError("batch run needs a task or a playbook");
  if (extra !== undefined) throw new UsageError(`batch run takes one task, and "${extra}" is another word`);
  if (values.items === undefined) throw new UsageError("batch run needs its items: --items <file>");
  const settings = settingsOf(values);
  const folder = process.cwd();
  const engine = engineOf(values.engine);
  const given = await tasksOf(values);
  // Only an installation itself knows its tasks.
  const tasks = engine === triggerEngineName ? given : await chosenTask(task, given, folder);
  const items = await readItems(values.items);
  endWithReader();
  const directory = resolve(values.dir ?? defaultDirectory);
  const host = openCliBatches(directory, folder, tasks, {}, engine);
  await serveBatchesApart(host, directory, printError);
  const { id } = await host.create({ runCount: items.count, name: values.name ?? undefined, settings });
  await streamAll(host, id, items, task);
  if (values["no-wait"] === true) {
    await host.dispose();
    await goOnInBackground(directory, id);
    printLine(values.json === true ? jsonLine({ type: "batch", id, runCount: items.count }) : id);
    process.exit(0);
  }
  const exitCode = await followBatch(host, id, {
    directory,
    isQuiet: values.quiet === true,
    isJson: values.json === true,
  });
  await host.dispose();
  // Whatever is still open keeps nobody waiting.
  process.exit(exitCode);
}

function settingsOf(values: {
  readonly concurrency?: string | undefined;
  readonly attempts?: string | undefined;
  readonly backoff?: string | undefined;
}): Partial<BatchSettings> {
  const { concurrency, attempts, backoff } = values;
  const backoffMs = backoff === undefined ? undefined : durationMs(backoff);
  if (backoff !== undefined && backoffMs === undefined) {
    throw new UsageError(`--backoff takes ${durationWords}, not "${backoff}"`);
  }
  return {
    ...(concurrency === undefined ? {} : { concurrency: wholeNumber("--concurrency", concurrency, 1) }),
    ...(attempts === undefined ? {} : { maxAttempts: wholeNumber("--attempts", attempts, 1) }),
    ...(backoffMs === undefined ? {} : { backoffMs }),
  };
}

async function readItems(path: string): Promise<Items> {
  return await (path === "-" ? text(process.stdin).then(itemsOfText) : itemsOfFile(resolve(path))).catch(asUsage);
}

function asUsage(error: Error): never {
  throw new UsageError(error.message);
}

async function streamAll(host: BatchHost, id: string, items: Items, task: string): Promise<void> {
  const answer = await host.streamItems(id, items.lines(task), new AbortController().signal);
  if (answer.sealed) return;
  const why = "error" in answer ? answer.error : `only ${answer.enqueuedCount} of ${answer.expectedCount} items came`;
  await host.cancel(id).catch(() => undefined);
  throw new Error(`The items could not be handed over: ${why}`);
}
