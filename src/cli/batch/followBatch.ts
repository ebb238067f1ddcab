// Tells of a batch that this process runs until it has ended: each run that failed, how far it is, and what came of it.

import { constants } from "node:os";
import { join } from "node:path";
import type { BatchHost } from "../../batch/batchHost";
import { hearSignals } from "../../session/sessionSignals";
import { batchFileNames } from "../../trace/batch/batchIds";
import type { BatchState } from "../../trace/batch/batchState";
import { endWords, progressWords } from "../../trace/batch/progressWords";
import { type RunState, runStates } from "../../trace/batch/runColumns";
import { formatDuration } from "../../trace/formatValue";
import { printError, printLine } from "../print";
import { jsonLine, visibleLine } from "../visibleText";
import { batchObject } from "./batchWords";

export interface FollowOptions {
  readonly directory: string;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

const lookEveryMs = 200;
/** Where lines stay, as in a log. */
const lineEveryMs = 10_000;
/** Of more runs that fail the number is told. */
const mostFailuresTold = 20;

/** @returns the exit code: 0 where all runs succeeded, 1 where one did not, 128 and the signal's number where it was cancelled */
export async function followBatch(host: BatchHost, id: string, options: FollowOptions): Promise<number> {
  const told = new Told(host, id, options);
  let cancelledBy: number | undefined;
  const unhear = hearSignals((signal) => {
    const code = 128 + constants.signals[signal];
    // Nobody is there to read what comes: the batch is left to whoever goes on with it.
    if (signal === "SIGHUP" || cancelledBy !== undefined) {
      void host.dispose().finally(() => process.exit(code));
      return;
    }
    cancelledBy = code;
    told.say("cancelling; once more leaves the batch as it is");
    host.cancel(id, signal).catch((error: Error) => printError(error.message));
  });
  try {
    told.begin();
    const state = await host.whenEnded(id);
    await told.end(state);
    if (cancelledBy !== undefined) return cancelledBy;
    return state.status === "COMPLETED" && state.counts.succeeded === state.runCount ? 0 : 1;
  } finally {
    unhear();
  }
}

class Told {
  readonly #host: BatchHost;
  readonly #id: string;
  readonly #options: FollowOptions;
  readonly #startMs = performance.now();
  readonly #isRewritten = process.stderr.isTTY === true && process.env["TERM"] !== "dumb";
  #timer: NodeJS.Timeout | undefined;
  #states = new Uint8Array();
  #failures = 0;
  #line = "";
  #lineMs = performance.now();
  #isLooking = false;

  constructor(host: BatchHost, id: string, options: FollowOptions) {
    this.#host = host;
    this.#id = id;
    this.#options = options;
  }

  begin(): void {
    this.say(`${this.#id} · tracekeeper batch show ${this.#id}`);
    if (!this.#isSilent) this.#timer = setInterval(() => void this.#look().catch(() => undefined), lookEveryMs);
  }

  async end(state: BatchState): Promise<void> {
    clearInterval(this.#timer);
    this.#tellFailures(state);
    this.#erase();
    const { isJson, isQuiet, directory } = this.#options;
    const file = join(directory, "batches", batchFileNames.log(this.#id));
    if (isJson) printLine(jsonLine(batchObject({ state, file, runner: "alive" }, Date.now())));
    else if (!isQuiet) {
      printError(`${endWords(state)} · ${formatDuration(performance.now() - this.#startMs)}`);
    }
  }

  say(text: string): void {
    if (this.#isSilent) return;
    this.#erase();
    printError(text);
    this.#write();
  }

  get #isSilent(): boolean {
    return this.#options.isQuiet || this.#options.isJson;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const state = await this.#host.state(this.#id);
      if (state === undefined || state.isFinal) return;
      this.#tellFailures(state);
      const line = progressWords(state, Date.now());
      if (this.#isRewritten) {
        this.#erase();
        this.#line = `tracekeeper: ${visibleLine(line)}`.slice(0, (process.stderr.columns || 80) - 1);
        this.#write();
      } else if (performance.now() - this.#lineMs > lineEveryMs) {
        this.#lineMs = performance.now();
        printError(line);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  #tellFailures(state: BatchState): void {
    const codes = state.stateCodes.subarray(0, state.runCount);
    for (let index = 0; index < codes.length; index++) {
      const now = runStates[codes[index] ?? 0] ?? "absent";
      if (isBad(now) && !isBad(runStates[this.#states[index] ?? 0] ?? "absent")) this.#tellFailure(state, index);
    }
    this.#states = Uint8Array.from(codes);
  }

  #tellFailure(state: BatchState, index: number): void {
    if (++this.#failures > mostFailuresTold) return;
    const [error = ""] = (state.errorOf(index) ?? "failed").split("\n");
    const session = state.lastAttempt(index)?.session;
    const where = session === undefined ? "" : ` · tracekeeper show ${session}`;
    this.say(`run ${index + 1} of ${state.runCount} failed: ${error}${where}`);
    if (this.#failures === mostFailuresTold) this.say("runs that fail from here on are told of at the end");
  }

  #erase(): void {
    if (this.#line !== "") process.stderr.write("\r\u001b[K");
  }

  #write(): void {
    process.stderr.write(this.#line);
  }
}

function isBad(state: RunState): boolean {
  return state === "failed" || state === "prefailed" || state === "uncreated";
}
