// The messages between the extension host and the reader worker. Both ends are built together, so nothing is checked on
// arrival. A call and its result are derived from one map and cannot mismatch.

import type { FirstTexts, PanelRequest } from "../protocol/panelMessages";
import type { PayloadField } from "../protocol/payloadMessages";
import type { Evidence } from "../trace/evidence";
import type { FailingStepRule } from "../trace/failures";
import type { GuardrailSettings } from "../trace/guardrails/guardrail";
import type { OutputLink } from "../trace/outputLinks";
import type { OutputRange, OutputText } from "../trace/outputText";
import type { Place } from "../trace/place";
import type { SessionState } from "../trace/state";
import type { ChunkEnd, ChunkStart, ColumnsMessage } from "./columnChunks";
import type { DeltaPart, DeltaStart } from "./deltaParts";
import type { HeaderFacts } from "./headerFacts";
import type { WholeText } from "./spanReader";

/** What the host keeps of a picture. */
export interface PictureFacts {
  /** Another one for each picture of an epoch, also where its rows are the same. */
  readonly serial: number;
  readonly epoch: number;
  readonly revision: number;
  readonly rowCount: number;
  readonly lacksTexts: boolean;
  readonly header: HeaderFacts;
  readonly state: SessionState;
  /** From which the state follows; time changes it. */
  readonly evidence: Evidence;
  /** Files are there and were read, but nothing of a trace is in them. */
  readonly nothing?: { readonly isTrace: boolean; readonly message: string } | undefined;
}

/** What a jump asks for. */
export type Reveal = { readonly type: "failingStep" } | { readonly type: "span"; readonly spanId: string };

/** A step with the places that it names, in the order of `findPlaces`. */
export interface StepSource {
  readonly name: string;
  readonly places: readonly Place[];
}

export interface FailingStepSource extends StepSource {
  readonly row: number;
  readonly rule: FailingStepRule;
  readonly label: string;
  readonly message: string;
}

interface RowRef {
  readonly epoch: number;
  readonly row: number;
}

/** A field of a span, or an entry of it by its number at each level. */
interface TextOfRow extends RowRef {
  readonly field: PayloadField;
  readonly path?: readonly number[] | undefined;
}

interface PayloadName {
  readonly spanId: string;
  readonly name: string;
}

/** What a payload document is made of. */
export type DocumentField = Exclude<PayloadField, "diff"> | "diffOld" | "diffNew";

/** Calls about a trace: what is sent and what comes back. */
export interface ReaderCalls {
  /** Looks what is new; settles when a panel could be told. */
  update: { params: Record<never, never>; result: undefined };
  /** Where the spans are that a panel wants to see first; rows are -1 where there is no such span. */
  show: {
    params: { readonly restored?: string | undefined; readonly reveal?: Reveal | undefined };
    result: {
      readonly facts: PictureFacts;
      readonly end: ChunkEnd;
      readonly restoredRow?: number | undefined;
      readonly revealRow: number;
      /** Of the rows around the one that a panel selects. */
      readonly texts?: FirstTexts | undefined;
    };
  };
  columns: {
    params: { readonly epoch: number; readonly start: ChunkStart; readonly end: ChunkEnd };
    result: ColumnsMessage;
  };
  /**
   * What came between two revisions, in parts: from `revision` to the one of now for the first part, which says with
   * `until` which that is. Undefined where so old a revision is not remembered, so that all has to be sent.
   */
  delta: {
    params: {
      readonly epoch: number;
      readonly revision: number;
      readonly until?: number | undefined;
      readonly start?: DeltaStart | undefined;
    };
    result: (DeltaPart & { readonly facts: PictureFacts; readonly until: number }) | undefined;
  };
  /** A question of a panel, handed on as it is. A newer search of the same panel supersedes one that runs. */
  request: {
    params: {
      readonly panel: number;
      readonly request: PanelRequest;
      /** How loops are told; the defaults without it. */
      readonly guardrails?: GuardrailSettings | undefined;
    };
    result: unknown;
  };
  rowOf: { params: { readonly spanId: string }; result: { readonly epoch: number; readonly row: number } };
  /**
   * With `outputLine` the place of that line's link `link`, of which there may be none; without `link` the first place
   * that the line links to, or the step's own.
   */
  source: {
    params: RowRef & { readonly outputLine?: number | undefined; readonly link?: number | undefined };
    result: StepSource | undefined;
  };
  failingStep: { params: Record<never, never>; result: FailingStepSource | undefined };
  link: {
    params: { readonly epoch: number; readonly line: number; readonly link: number };
    result: OutputLink["target"] | undefined;
  };
  /** The text of a payload, whole. */
  text: { params: TextOfRow; result: string | undefined };
  /** What the link at a place of a shown text leads to. */
  textLink: {
    params: TextOfRow & { readonly offset: number };
    result: { readonly name: string; readonly target: OutputLink["target"] } | undefined;
  };
  payloadName: {
    params: TextOfRow;
    result: (PayloadName & Pick<WholeText, "extension">) | undefined;
  };
  /** Undefined for a row without a span; no `path`: it made no edit. */
  edit: { params: RowRef; result: (PayloadName & { readonly path?: string | undefined }) | undefined };
  document: {
    params: { readonly spanId: string; readonly field: DocumentField; readonly path?: readonly number[] | undefined };
    result: string | undefined;
  };
  outputText: { params: { readonly epoch: number; readonly range: OutputRange }; result: OutputText | undefined };
  wholeOutput: { params: Record<never, never>; result: OutputText };
}

export type CallName = keyof ReaderCalls;
export type CallParams<Name extends CallName> = ReaderCalls[Name]["params"];
export type CallResult<Name extends CallName> = ReaderCalls[Name]["result"];

export type ToReader =
  /** Where files may be read, undefined for everywhere; holds for all that comes after it. */
  | { readonly type: "borders"; readonly folders: readonly string[] | undefined }
  | { readonly type: "open"; readonly trace: number; readonly key: string; readonly firstEpoch: number }
  | { readonly type: "close"; readonly trace: number }
  /** The time may have changed the state. */
  | { readonly type: "refreshState"; readonly trace: number }
  | {
      readonly type: "call";
      readonly id: number;
      readonly trace: number;
      readonly name: CallName;
      readonly params: unknown;
    }
  | { readonly type: "cancel"; readonly id: number }
  /** Answered at the next turn of the reader's event loop. */
  | { readonly type: "ping" };

export type FailureKind = "stale" | "aborted" | "other";

export type FromReader =
  | { readonly type: "picture"; readonly trace: number; readonly facts: PictureFacts }
  | { readonly type: "unreadable"; readonly trace: number; readonly message: string; readonly isMissing: boolean }
  /** A part of a result, ahead of it. */
  | { readonly type: "part"; readonly id: number; readonly part: unknown }
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | { readonly type: "failed"; readonly id: number; readonly kind: FailureKind; readonly message: string }
  /** The files of the trace do not answer while it is read, or do again. */
  | { readonly type: "delay"; readonly trace: number; readonly isDelayed: boolean }
  | { readonly type: "pong" }
  | { readonly type: "log"; readonly level: "debug" | "info" | "warn" | "error"; readonly message: string };
