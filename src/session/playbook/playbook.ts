// A playbook as it is run: checked, defaults in place, durations in milliseconds, placeholders not filled yet. Every step
// knows where it stands in the YAML.

import type { ActionInput, ActionName } from "../actions/actions";

export interface Playbook {
  readonly name: string;
  readonly description?: string;
  /** As it was handed to `parsePlaybook`. */
  readonly path: string;
  readonly params: readonly Parameter[];
  /** What it says itself; the rest comes from the settings. */
  readonly guardrails?: PlaybookGuardrails;
  /** What it says itself of the results of its steps; see `isStepSaved`. */
  readonly checkpoints?: boolean;
  /** For all `run` steps; values may hold placeholders. */
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the playbook's folder, or absolute. */
  readonly cwd: string;
  readonly steps: readonly Step[];
}

export const parameterTypes = ["string", "number", "boolean", "path"] as const;
export type ParameterType = (typeof parameterTypes)[number];
export type ParameterValue = string | number | boolean;
/** By parameter, null where one may be left out and is; read with `Object.hasOwn`, for the names come from a file. */
export type ParameterValues = Readonly<Record<string, ParameterValue | null>>;

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly description?: string;
  readonly default?: ParameterValue;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  readonly options?: readonly ParameterValue[];
  readonly place: Place;
}

/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** The last line that holds something of it. */
  readonly endLine: number;
}

interface StepBase {
  readonly id: string;
  readonly name: string;
  readonly expect: Expectations;
  readonly timeoutMs?: number;
  readonly retries: Retries;
  /** A CEL expression; the step is skipped where it is false. */
  readonly condition?: string;
  readonly failureMessage?: string;
  readonly recover?: Recovery;
  readonly onFailure: "abort" | "continue";
  /** What it says itself of its result; see `isStepSaved`. */
  readonly checkpoints?: boolean;
  readonly place: Place;
  /** Of all that decides what the step does, see `definitionHash`. */
  readonly definitionHash: string;
}

export type ActionUse<A extends ActionName> = A extends ActionName
  ? { readonly action: A; readonly with: ActionInput<A> }
  : never;

export type Step = StepBase & ActionUse<ActionName>;

export type Recovery = ActionUse<"run" | "model"> & { readonly timeoutMs?: number; readonly place: Place };

/** All of those given must hold. */
export interface Expectations {
  readonly exitCodes?: readonly number[];
  /** An RE2 regular expression, sought in the step's output. */
  readonly outputMatches?: string;
  readonly json?: readonly JsonExpectation[];
  /** Relative to the step's `cwd`. */
  readonly filesExist?: readonly string[];
  readonly statuses?: readonly ExpectedStatus[];
}

/** Holds where the path (RFC 9535) finds exactly one value and it equals this one, deeply. */
export interface JsonExpectation {
  readonly path: string;
  readonly equals: unknown;
}

/** A status, or a class of them such as `2xx`. */
export type ExpectedStatus = number | `${1 | 2 | 3 | 4 | 5}xx`;

export interface Retries {
  /** After the first attempt. */
  readonly times: number;
  readonly backoffMs: number;
  /** The pause grows by it after each attempt. */
  readonly factor: number;
  readonly maxMs: number;
}

export const noRetries: Retries = { times: 0, backoffMs: 1000, factor: 2, maxMs: 30_000 };

/** The same shape as the settings of guardrails; what is left out comes from those. */
export interface PlaybookGuardrails {
  readonly consecutiveErrors?: number;
  readonly window?: number;
  readonly repeats?: { readonly hint?: number; readonly warn?: number; readonly stop?: number };
  readonly cycle?: { readonly maxLength?: number; readonly times?: number };
  readonly stuckRevisitGap?: number;
  readonly failureCluster?: { readonly failures?: number; readonly window?: number };
  readonly budget?: { readonly timeMs?: number; readonly costUsd?: number; readonly tokens?: number };
}
