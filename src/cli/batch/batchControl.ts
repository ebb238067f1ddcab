// `tracekeeper batch cancel|pause|resume|retry`: asks the process that runs the batch. Where none does, this one takes it
// over: to write down what was asked for, or, for a batch that is to go on, to run it to its end.

import { resolve } from "node:path";
import { type BatchChange, BatchOwnedElsewhere } from "../../batch/batchEngine";
import type { BatchHost } from "../../batch/batchHost";
import { controlOwner } from "../../session/batch/controlOwner";
import { serveBatchesApart } from "../../session/batch/serveBatches";
import { defaultDirectory } from "../command";
import { endWithReader, printError, printLine } from "../print";
import { parseWords, UsageError, wholeNumber } from "../usageError";
import { jsonLine, visibleLine } from "../visibleText";
import { tasksOf } from "./batchTasks";
import { findBatch } from "./findBatch";
import { followBatch } from "./followBatch";
import { openCliBatches } from "./openCliBatches";

type Control = "cancel" | "pause" | "resume" | "retry";

const by = "the command line";

export function batchControl(control: Control): (words: readonly string[]) => Promise<number> {
  return (words) => run(control, words);
}

async function run(control: Control, words: readonly string[]): Promise<number> {
  const goesOn = control === "resume" || control === "retry";
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      json: { type: "boolean" },
      quiet: { type: "boolean", short: "q" },
      run: { type: "string", multiple: true },
      task: { type: "string", multiple: true },
      tasks: { type: "string" },
    },
  });
  const [argument, extra] = positionals;
  if (!argument) throw new UsageError(`batch ${control} needs the id of a batch`);
  if (extra !== undefined) throw new UsageError(`batch ${control} takes one batch, and "${extra}" is another one`);
  if (values.run !== undefined && control !== "retry") throw new UsageError("--run is for batch retry");
  if (!goesOn && (values.task ?? values.tasks) !== undefined) {
    throw new UsageError(`batch ${control} runs nothing, so it takes no task`);
  }
  const indexes = values.run?.map((number) => wholeNumber("--run", number, 1) - 1);
  const tasks = await tasksOf(values);
  endWithReader();
  const { directory, id } = await findBatch(argument, resolve(values.dir ?? defaultDirectory));
  const host = openCliBatches(directory, process.cwd(), tasks);
  if (goesOn) await serveBatchesApart(host, directory, printError);
  const isJson = values.json === true;
  let isOurs = true;
  const change = await changed(host, control, id, indexes).catch(async (error: unknown) => {
    if (!(error instanceof BatchOwnedElsewhere)) throw error;
    isOurs = false;
    return await controlOwner(error, control, id, { by, ...(indexes === undefined ? {} : { indexes }) });
  });
  if (!isJson) printLine(visibleLine(change.message));
  const state = isOurs && goesOn ? await host.state(id) : undefined;
  if (state === undefined || state.isFinal) {
    if (isJson) printLine(jsonLine({ type: "change", ...change }));
    await host.dispose();
    process.exit(0);
  }
  const exitCode = await followBatch(host, id, { directory, isQuiet: values.quiet === true, isJson });
  await host.dispose();
  // Whatever is still open keeps nobody waiting.
  process.exit(exitCode);
}

async function changed(
  host: BatchHost,
  control: Control,
  id: string,
  indexes: readonly number[] | undefined,
): Promise<BatchChange> {
  switch (control) {
    case "cancel": {
      const change = await host.cancel(id, by);
      // What an earlier process has left running is stopped by who has the batch.
      await host.goOn(id);
      if (change.isChanged && change.status !== "ABORTED") await host.whenEnded(id);
      return change;
    }
    case "pause":
      return await host.pause(id, by);
    case "resume": {
      const state = await host.state(id);
      if (state !== undefined && !state.isFinal && !state.isPaused) {
        await host.goOn(id);
        return { id, isChanged: true, status: state.status, message: "Nobody worked on the batch; it goes on" };
      }
      const change = await host.unpause(id, by);
      await host.goOn(id);
      return change;
    }
    case "retry":
      return await host.retryFailed(id, indexes, by);
  }
}
