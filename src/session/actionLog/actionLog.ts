// The handler of the bus that writes each action of a run into a file of its own, `action_<n>.json`. Numbers go on where an
// earlier run with the same id ended, and no file is ever overwritten. The run waits for it between two steps, so where a
// disk takes nothing the log is given up and the run goes on.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Disposable } from "../../base/disposable";
import { OutOfTime, withLimit } from "../../recorder/withLimit";
import type { Delivered, EventOf } from "../bus/delivered";
import type { RunBus, RunEvent } from "../steps/runEvent";
import { createFile } from "./createFile";
import { openRunFolder, type RunFolder } from "./runFolder";

export interface ActionLogRequest {
  /** Of the trace. */
  readonly directory: string;
  readonly runId: string;
  readonly sessionId: string;
  /** Raw id of the folder in which an earlier session of the run logged; the run's where left out. */
  readonly folderId?: string | undefined;
  /** Called once, before the first action is logged, with the raw id of the folder. */
  readonly onFolder?: (rawId: string) => void;
}

/** What a file holds. */
export interface LoggedAction {
  readonly version: 1;
  readonly runId: string;
  readonly sessionId: string;
  readonly number: number;
  readonly step: { readonly path: string; readonly name: string; readonly file: string; readonly line: number };
  readonly action: string;
  readonly input: unknown;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly status: "ok" | "failed" | "interrupted";
  readonly error?: string | undefined;
  /** The end of it. */
  readonly output: string;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  readonly usage?: object | undefined;
}

/** So long the run waits for an action to be logged. */
const mostWaitMs = 10_000;

type Finished = Delivered<EventOf<RunEvent, "actionFinished">>;

export class ActionLog {
  readonly #request: ActionLogRequest;
  #folder: RunFolder | undefined;
  #last: number | undefined;
  #isGivenUp = false;

  constructor(request: ActionLogRequest) {
    this.#request = request;
  }

  /** Undefined before the first action. */
  get folder(): string | undefined {
    return this.#folder?.path;
  }

  listen(bus: RunBus): Disposable {
    return bus.onAsync("actionLog", ["actionFinished"], async (delivered) => {
      if (delivered.scope.runId !== this.#request.runId || this.#isGivenUp) return;
      try {
        await withLimit(mostWaitMs, () => this.#write(delivered));
      } catch (error) {
        if (!(error instanceof OutOfTime)) throw error;
        // What hangs may still come to an end, and then its number is taken: nothing more is written beside it.
        this.#isGivenUp = true;
        throw new Error("the disk takes nothing; no further action of this run is logged", { cause: error });
      }
    });
  }

  /** To be called when nothing is logged any more. */
  async close(): Promise<void> {
    const folder = this.#folder;
    this.#folder = undefined;
    await folder?.release();
  }

  async #write(delivered: Finished): Promise<void> {
    const { directory, runId, folderId = runId, onFolder } = this.#request;
    if (this.#folder === undefined) {
      this.#folder = await openRunFolder(directory, folderId);
      onFolder?.(this.#folder.rawId);
    }
    const { path } = this.#folder;
    this.#last ??= await lastNumber(path);
    let number = this.#last + 1;
    while (!(await createFile(join(path, `action_${number}.json`), this.#textOf(delivered, number)))) number++;
    this.#last = number;
  }

  #textOf({ event, timeMs }: Finished, number: number): string {
    const { runId, sessionId } = this.#request;
    const { step, failure, isInterrupted, durationMs, attributes, usage, input, outputEnd } = event;
    const logged: LoggedAction = {
      version: 1,
      runId,
      sessionId,
      number,
      step: { path: step.path, name: step.name, file: step.file, line: step.line },
      action: event.name,
      input,
      startedAt: new Date(timeMs - durationMs).toISOString(),
      durationMs: Math.round(durationMs * 1000) / 1000,
      status: failure === undefined ? "ok" : isInterrupted === true ? "interrupted" : "failed",
      error: failure,
      output: outputEnd,
      attributes,
      usage,
    };
    return `${JSON.stringify(logged, undefined, 2)}\n`;
  }
}

async function lastNumber(path: string): Promise<number> {
  let last = 0;
  for (const name of await readdir(path)) {
    const number = /^action_([1-9]\d{0,14})\.json$/.exec(name)?.[1];
    if (number !== undefined) last = Math.max(last, Number(number));
  }
  return last;
}
