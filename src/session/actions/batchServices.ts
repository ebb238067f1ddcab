// What a `batch` step needs of the session: its process runs the batch.

import type { BatchSettings } from "../../trace/batch/batchRecord";
import type { BatchState } from "../../trace/batch/batchState";
import type { Items } from "../batch/items";

export interface StepBatch {
  /** Name of the task; of a playbook what the person wrote. */
  readonly task: string;
  /** Absolute. */
  readonly playbook: string | undefined;
  readonly items: Items;
  readonly name: string | undefined;
  readonly settings: { readonly [K in keyof BatchSettings]?: BatchSettings[K] | undefined };
  readonly stepPath: string;
  /** Of the action, whose span leads to the runs. */
  readonly scopeId: string;
  /** Otherwise the session waits at its end. */
  readonly isWaitedFor: boolean;
  /** Whether runs that are playbooks save the results of their steps where these do not say so. */
  readonly isSaved: boolean;
}

export interface TriggeredBatch {
  readonly id: string;
  /** An earlier attempt, or the session that is resumed, has triggered it. */
  readonly isFound: boolean;
  /** How far it is. */
  progress(): Promise<string | undefined>;
  /** What runs is stopped, and no further attempt begins. */
  cancel(by: string): void;
  /** It is waited for no longer, and stays as it is. */
  leave(): void;
  /** Undefined where it was left. Rejects where nobody can know. */
  ended(): Promise<BatchState | undefined>;
}

export interface BatchServices {
  /** Rejects with why it can't be triggered. */
  trigger(batch: StepBatch): Promise<TriggeredBatch>;
}
