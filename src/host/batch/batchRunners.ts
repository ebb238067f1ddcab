// Who runs a batch, as far as this window can tell: the process that its log names last, looked for among the processes of
// this machine.

import type { BatchWriter } from "../../trace/batch/batchRecord";
import type { ProbeLiveness } from "../../trace/sessionFiles";
import type { RunnerFacts } from "./batchHeader";

export class BatchRunners {
  readonly #probe: ProbeLiveness;

  constructor(probe: ProbeLiveness) {
    this.#probe = probe;
  }

  /** @param writer as the log of the batch names it */
  of(writer: BatchWriter | undefined): RunnerFacts {
    if (writer === undefined) return { type: "unknown", isReachable: false };
    return {
      type: this.#probe({ ...writer, instance: writer.instance ?? "" }),
      pid: writer.pid,
      host: writer.host,
      isReachable: false,
    };
  }
}
