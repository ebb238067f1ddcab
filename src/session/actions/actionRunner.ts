// What runs an action: it fills in its `with`, says that it begins, and comes back with what became of it. It throws only
// for what is no failure of the action but a mistake of ours.

import type { ProgramRecord, ProgramRunSetup } from "../programRun";
import type { SecretMask } from "../secrets/secretMask";
import type { ActionKind, RunEventScope, StepRef, Usage } from "../steps/runEvent";
import type { StopPauses } from "../stopLadder";
import type { ActionStop } from "./actionStop";
import type { BatchServices } from "./batchServices";

export interface ActionResult {
  /** The raw error; undefined where it did what it was asked for. */
  readonly failure?: string | undefined;
  /** Somebody stopped it. */
  readonly isInterrupted?: boolean | undefined;
  /** For expectations and later steps, unmasked: of a program its standard output, of a request the body. */
  readonly output: string;
  /** For expectations on all that was to be seen: with standard error; `output` where it is left out. */
  readonly wholeOutput?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly status?: number | undefined;
  /** Undefined where the output is no JSON. */
  readonly json?: unknown;
  /** Of the span, where the output is not in the journal already. */
  readonly recordedOutput?: unknown;
  /** Facts for the span. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  readonly finishReason?: string | undefined;
  readonly usage?: Usage | undefined;
}

/** What commands need of the session. */
export interface CommandServices {
  readonly recorder: ProgramRecord["recorder"];
  readonly shown: ProgramRunSetup["shown"];
  readonly pauses: StopPauses;
  /** Told when more was shown, with 1 or 2 when that output is closed. @returns ends it */
  onShown(listener: (closedFd?: number) => void): () => void;
  /** What a command finds in its environment, with where its spans go: below the span of the scope. */
  environment(
    scopeId: string,
    cwd: string,
    changes: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>>;
}

/** What the session lends to actions. */
export interface ActionServices {
  readonly mask: SecretMask;
  readonly fetch: typeof fetch;
  /** Of this process: where `key_env` is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A value of the editor's secret storage that was handed to the session. */
  secret(name: string): string | undefined;
  readonly commands: CommandServices;
  /** Undefined where no batch can be run. */
  readonly batches?: BatchServices | undefined;
}

/** What the texts of a step become once parameters and earlier steps are known. */
export interface ActionTexts {
  fill(text: string): string;
  /** A text that is nothing but a placeholder becomes the value with its type. */
  fillTyped(value: unknown): unknown;
  /** Values in the path and the query are percent-encoded. */
  fillUrl(url: string): string;
  /**
   * A line in which values are read from variables of the environment; they are never text of it.
   * @param shell of the step; the system's where it is left out
   */
  shellLine(
    line: string,
    shell: string | undefined,
  ): { readonly line: string; readonly env: Readonly<Record<string, string>> };
}

export interface ActionContext {
  readonly step: StepRef;
  /** Of the action. */
  readonly scope: RunEventScope;
  readonly texts: ActionTexts;
  /** Where the step's relative paths begin. */
  readonly folder: string;
  /** Of the playbook, filled in. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: ActionStop;
  readonly services: ActionServices;
  /** The step's result is saved: the word for what it has others run, where they have none of their own. */
  readonly isSaved: boolean;
  /** Why this exit code or this status of HTTP is not what the step expects; undefined where it is. */
  unmetBy(outcome: { readonly exitCode?: number; readonly status?: number }): Promise<string | undefined>;
  /** To be called once, as soon as it is known what is done. */
  begin(action: { readonly kind: ActionKind; readonly name: string; readonly input: unknown; model?: string }): void;
  /**
   * Reads another playbook, to be run as a part of this action. What is secret of its parameters is masked from then on.
   * @param path absolute
   */
  openPlaybook(path: string, params: Readonly<Record<string, unknown>>): Promise<OpenedPlaybook>;
}

export type OpenedPlaybook =
  | { readonly type: "sound"; run(): Promise<ActionResult> }
  | { readonly type: "unsound"; readonly failure: string };

export type ActionRunner<Input> = (input: Input, context: ActionContext) => Promise<ActionResult>;
