// What happens in a run of a playbook, as events on the bus. Secrets are masked before an event is emitted. Scopes: the
// run; in it its steps; in a step its attempts and its recovery; in these the action, and in that of a `playbook` the steps
// of the other playbook. All of it but `actionOutput` is plain data that has JSON.

import type { TokenSums } from "../../recorder/sessionRecorder";
import type { OutputStream } from "../../trace/outputBurst";
import type { Delivered } from "../bus/delivered";
import type { EventBus } from "../bus/eventBus";
import type { EventScope, RunScope } from "../bus/runScope";
import type { StepResult as StepValues } from "../playbook/stepResult";
import type { TakenEvent } from "../stream/tappedRecorder";

/** Where and what a step is, as the playbook had it when it began. */
export interface StepRef {
  /** Ids of the steps that lead to it: `deploy/build` is the step `build` of the playbook that the step `deploy` runs. */
  readonly path: string;
  readonly id: string;
  /** From 0 on, within its playbook. */
  readonly index: number;
  readonly name: string;
  readonly action: string;
  /** Of the YAML. */
  readonly file: string;
  readonly line: number;
  readonly definitionHash: string;
}

export interface Usage {
  readonly tokens?: TokenSums | undefined;
  readonly costUsd?: number | undefined;
}

/** The span of a step in the session that ran it. */
export interface StepOrigin {
  readonly sessionId: string;
  readonly traceId: string;
  readonly spanId?: string | undefined;
}

export interface StepResult {
  readonly step: StepRef;
  readonly status: "ok" | "failed" | "skipped";
  readonly startMs: number;
  readonly endMs: number;
  /** What later steps can ask of it. */
  readonly values: StepValues;
  /** A secret in the values was masked: whoever restores them has not what later steps had. */
  readonly isMasked?: true;
  /** The same: of the values so much was kept as a checkpoint holds. */
  readonly isCut?: true;
  /** It finished in an earlier session. */
  readonly origin?: StepOrigin;
  /** 0 for a step that was not run. */
  readonly attempts: number;
  /** Of a failed step: what the person is told. */
  readonly message?: string;
  /** The error behind it. */
  readonly rawError?: string;
  /** Somebody stopped the run in the middle of it. */
  readonly isInterrupted?: true;
  readonly skipReason?: string;
  readonly isRecovered?: true;
  readonly usage?: Usage;
}

/** What guardrails say. */
export interface GuardrailNote {
  readonly level: "hint" | "warn" | "stop";
  readonly pattern: string;
  readonly message: string;
}

/** Span of an action: `tool`, or `generation` for a model. */
export type ActionKind = "tool" | "generation" | "span";

export type RunEvent =
  /** What the recorder has taken, and its end: of every session, in a scope of its own. No run records it. */
  | TakenEvent
  | {
      readonly type: "runStarted";
      readonly name: string;
      readonly path: string;
      readonly params: Readonly<Record<string, unknown>>;
      readonly isResumed: boolean;
    }
  /** `isSaved`: a resumed run is to know of it; left out where it is. The same of its result. */
  | { readonly type: "stepStarted"; readonly step: StepRef; readonly isSaved?: false }
  | { readonly type: "attemptStarted"; readonly number: number }
  | {
      readonly type: "attemptFinished";
      readonly number: number;
      readonly failure?: string;
      /** What the person is told in place of it where another one follows. */
      readonly message?: string;
      readonly isInterrupted?: true;
      /** Another one follows after this pause. */
      readonly pauseMs?: number;
    }
  | { readonly type: "recoveryStarted"; readonly name: string }
  | { readonly type: "recoveryFinished"; readonly failure?: string; readonly isInterrupted?: true }
  | {
      readonly type: "actionStarted";
      readonly step: StepRef;
      readonly kind: ActionKind;
      readonly name: string;
      readonly input: unknown;
      readonly model?: string;
    }
  /** A piece of a program's output. It is not recorded by the bus. */
  | { readonly type: "actionOutput"; readonly stream: OutputStream; readonly bytes: Buffer }
  /** A piece of an answer as it comes: it is added to the output of the action's span. Not recorded by the bus either. */
  | { readonly type: "actionText"; readonly text: string }
  /** An action has started a program: what tells later whether that is still there. */
  | { readonly type: "programStarted"; readonly program: Readonly<Record<string, unknown>> }
  | { readonly type: "actionNote"; readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }
  /** Attributes of the action's span that are known before its end. */
  | { readonly type: "actionFacts"; readonly attributes: Readonly<Record<string, unknown>> }
  /** For whoever looks on; not a part of the trace. */
  | { readonly type: "progress"; readonly message: string }
  | {
      readonly type: "actionFinished";
      readonly step: StepRef;
      readonly name: string;
      readonly input: unknown;
      readonly failure?: string;
      readonly isInterrupted?: true;
      /** Of a program it is there line by line already. */
      readonly output?: unknown;
      /** The end of it, for the action log and for guardrails, which compare it. */
      readonly outputEnd: string;
      readonly attributes?: Readonly<Record<string, unknown>>;
      readonly finishReason?: string;
      readonly usage?: Usage;
      readonly durationMs: number;
    }
  /**
   * `scopeId`: of the action at which it was seen; undefined for one that is seen at no action. `spanId`: of what a program
   * did within that action.
   */
  | { readonly type: "guardrail"; readonly finding: GuardrailNote; readonly scopeId?: string; readonly spanId?: string }
  | { readonly type: "problem"; readonly message: string }
  | { readonly type: "stepFinished"; readonly result: StepResult; readonly isSaved?: false }
  | {
      readonly type: "runFinished";
      readonly isOk: boolean;
      readonly error?: string;
      readonly isInterrupted?: true;
      readonly usage?: Usage;
    };

export type RunBus = EventBus<RunEvent>;
export type RunEventScope = EventScope<RunEvent>;
export type PlaybookScope = RunScope<RunEvent>;
export type DeliveredRunEvent = Delivered<RunEvent>;

/** Of these a resumed run has to know; see `EventBusOptions`. */
export function isRecordedEvent(event: RunEvent): boolean {
  if (event.type === "stepStarted" || event.type === "stepFinished") return event.isSaved !== false;
  return event.type === "runStarted" || event.type === "runFinished";
}
