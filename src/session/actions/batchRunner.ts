// Triggers the batch of a `batch` step and waits until its runs have ended. A further attempt of the step, and the step of a
// session that resumes this one, go on with the same batch: what has finished in it is not run again.

import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeError } from "../../base/logger";
import { triggeredBatchAttribute } from "../../trace/batch/batchIds";
import type { BatchState } from "../../trace/batch/batchState";
import { batchFailure } from "../../trace/batch/progressWords";
import { quantity } from "../../trace/problemList";
import { type Items, ItemsError, itemsOf, itemsOfFile, itemsOfText } from "../batch/items";
import { isInterruption, wordsFor } from "../outcome";
import { durationMs } from "../playbook/durations";
import type { ActionContext, ActionResult } from "./actionRunner";
import type { TriggeredBatch } from "./batchServices";

export interface BatchInput {
  readonly task?: string | undefined;
  readonly playbook?: string | undefined;
  readonly items: readonly unknown[] | { readonly file: string } | { readonly from: string };
  readonly concurrency?: number | undefined;
  readonly max_attempts?: number | undefined;
  readonly backoff?: string | number | undefined;
  readonly wait?: boolean | undefined;
  readonly name?: string | undefined;
}

const tellEveryMs = 10_000;

export async function runBatch(input: BatchInput, context: ActionContext): Promise<ActionResult> {
  const { texts, step, scope, services, stop, isSaved } = context;
  const { concurrency, max_attempts: maxAttempts, wait = true } = input;
  const name = input.name === undefined ? undefined : texts.fill(input.name);
  const task = texts.fill(input.playbook ?? input.task ?? "");
  const playbook = input.playbook === undefined ? undefined : resolve(dirname(step.file), task);
  const what = playbook === undefined ? { task } : { playbook: task };
  let items: Items;
  try {
    items = await itemsFor(input.items, context);
    await refuseSecrets(items, services.mask);
  } catch (error) {
    context.begin({ kind: "span", name: `batch ${name ?? task}`, input: { ...what, items: input.items } });
    if (error instanceof ItemsError) return { failure: error.message, output: "" };
    throw error;
  }
  const told = { ...what, items: items.count, concurrency, maxAttempts, wait };
  context.begin({ kind: "span", name: `batch ${name ?? task}`, input: told });
  if (services.batches === undefined) return { failure: "batches can't be run here", output: "" };
  let batch: TriggeredBatch;
  try {
    batch = await services.batches.trigger({
      task,
      playbook,
      items,
      name,
      settings: {
        concurrency,
        maxAttempts,
        backoffMs: input.backoff === undefined ? undefined : durationMs(input.backoff),
      },
      stepPath: step.path,
      scopeId: scope.ref.id,
      isWaitedFor: wait,
      isSaved,
    });
  } catch (error) {
    return { failure: describeError(error), output: "" };
  }
  const { id } = batch;
  scope.emit({ type: "actionFacts", attributes: { [triggeredBatchAttribute]: { id, name, runCount: items.count } } });
  const found = batch.isFound ? ", which an earlier attempt has triggered" : "";
  scope.emit({ type: "progress", message: `batch ${id}${found}: ${quantity(items.count, "run")}` });
  if (!wait) return resultOf({ id, runCount: items.count });
  const unstop = stop.onRequest((reason) => {
    // Whoever closed the terminal is waited for no longer: the batch stays for whoever resumes the session.
    if (reason.type === "terminalClosed") batch.leave();
    else batch.cancel(wordsFor(reason).by);
  });
  const telling = new AbortController();
  void tell(batch, scope, telling.signal);
  try {
    const state = await batch.ended();
    if (state === undefined) return { failure: "the batch was left as it is", isInterrupted: true, output: "" };
    return endOf(state, isInterruption(stop.reason));
  } catch (error) {
    return { failure: `the batch can't be waited for: ${describeError(error)}`, output: "" };
  } finally {
    telling.abort();
    unstop();
  }
}

async function itemsFor(items: BatchInput["items"], { texts, folder }: ActionContext): Promise<Items> {
  if (Array.isArray(items)) return itemsOf(texts.fillTyped(items) as readonly unknown[]);
  if ("file" in items) return await itemsOfFile(resolve(folder, texts.fill(items.file)));
  const { from } = items as { readonly from: string };
  const value = texts.fillTyped(`{${from}}`);
  if (value === `{${from}}`) throw new ItemsError(`${from} is not there`);
  if (typeof value === "string") return itemsOfText(value);
  if (Array.isArray(value)) return itemsOf(value);
  throw new ItemsError(`${from} is no list of items`);
}

/** What a batch is run for stands in a file of its own, and in the traces of its runs, which know no secrets of ours. */
async function refuseSecrets(items: Items, mask: ActionContext["services"]["mask"]): Promise<void> {
  if (mask.isEmpty) return;
  for await (const { index, payload } of items.lines("")) {
    const text = payload === undefined ? "" : Buffer.from(payload).toString("utf8");
    if (mask.text(text) !== text)
      throw new ItemsError(`item ${index + 1} holds a secret, and items are kept in a file`);
  }
}

async function tell(batch: TriggeredBatch, scope: ActionContext["scope"], signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(tellEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const words = await batch.progress().catch(() => undefined);
    if (words !== undefined && !signal.aborted)
      scope.emit({ type: "progress", message: `batch ${batch.id}: ${words}` });
  }
}

function endOf(state: BatchState, isInterrupted: boolean): ActionResult {
  const { id, status, runCount, counts } = state;
  const { succeeded, cancelled } = counts;
  const failed = counts.failed + counts.prefailed + counts.uncreated;
  const result = resultOf({ id, status, runCount, succeeded, failed, cancelled });
  const failure = batchFailure(state);
  return failure === undefined ? result : { ...result, failure, ...(isInterrupted ? { isInterrupted } : {}) };
}

function resultOf(facts: object): ActionResult {
  return { output: JSON.stringify(facts), json: facts, recordedOutput: facts };
}
