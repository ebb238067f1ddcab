// Failures one after the other, and failures that lie close together.

import type { GuardrailSettings } from "./guardrail";

export interface FailureSign {
  readonly pattern: "consecutive-errors" | "failure-cluster";
  readonly failures: number;
  readonly actions: readonly number[];
}

export class FailureRuns {
  readonly #settings: GuardrailSettings;
  /** The failures since the last success, as many as are told of. */
  #run: number[] = [];
  /** By the number of the action modulo the window: the number of a failure, -1 for a success. */
  readonly #cluster: number[];
  #clustered = 0;
  #isClusterTold = false;
  #count = 0;

  constructor(settings: GuardrailSettings) {
    this.#settings = settings;
    this.#cluster = new Array<number>(settings.failureCluster.window).fill(-1);
  }

  /** Those that begin with this action. */
  add(index: number, isFailed: boolean): readonly FailureSign[] {
    const signs: FailureSign[] = [];
    const cluster = this.#addToCluster(index, isFailed);
    if (cluster !== undefined) signs.push(cluster);
    const { consecutiveErrors } = this.#settings;
    if (!isFailed) this.#run = [];
    else if (this.#run.length < consecutiveErrors) {
      this.#run.push(index);
      const failures = this.#run.length;
      if (failures === consecutiveErrors) signs.push({ pattern: "consecutive-errors", failures, actions: this.#run });
    }
    return signs;
  }

  #addToCluster(index: number, isFailed: boolean): FailureSign | undefined {
    const slot = this.#count++ % this.#cluster.length;
    if ((this.#cluster[slot] ?? -1) >= 0) this.#clustered--;
    this.#cluster[slot] = isFailed ? index : -1;
    if (isFailed) this.#clustered++;
    const failures = this.#clustered;
    if (failures < this.#settings.failureCluster.failures) {
      this.#isClusterTold = false;
      return undefined;
    }
    if (this.#isClusterTold) return undefined;
    this.#isClusterTold = true;
    const actions = this.#cluster.filter((failed) => failed >= 0).sort((a, b) => a - b);
    return { pattern: "failure-cluster", failures, actions };
  }
}
