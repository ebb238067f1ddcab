// What is known of a trace batch, as a pure fold of its records, and what is to be done next. A batch has an id only in the
// states in which the server has confirmed one, so that by type nothing can be sent to a batch that nobody has created.

import { assertNever } from "../base/assert";
import type { BatchStart, Family, PublishRecord, RecordOf } from "./publishRecord";

/** So often a batch is initialised on one family of endpoints. */
export const mostAttempts = 3;
export const attemptPauseMs = 200;

interface Begun {
  readonly family: Family;
  /** On which it was to be created; the other one after a fallback. */
  readonly wanted: Family;
  readonly traceId: string;
  readonly isExplicit: boolean;
  readonly start: BatchStart;
}

/** The server has confirmed the batch. */
interface Confirmed extends Begun {
  readonly id: string;
}

export type BatchState =
  | { readonly type: "idle" }
  | (Begun & {
      readonly type: "initialising";
      readonly attempts: number;
    })
  | (Confirmed & { readonly type: "open"; readonly confirmedParts: number })
  | (Confirmed & {
      readonly type: "failing";
      readonly reason: string;
      readonly mayPass: boolean;
      readonly isTold: boolean;
    })
  | { readonly type: "ended"; readonly begun: Begun; readonly end: BatchEnd };

export type BatchEnd =
  | {
      readonly type: "published";
      readonly family: Family;
      readonly id: string;
      readonly accessCode: string | undefined;
      /** When the server confirmed that it is whole, in ms since the epoch. */
      readonly atMs: number;
    }
  /** The server has a batch, and was told, or was to be told, that it is not whole. */
  | {
      readonly type: "failed";
      readonly family: Family;
      readonly id: string;
      readonly reason: string;
      readonly mayPass: boolean;
    }
  /** The server has confirmed nothing. */
  | { readonly type: "off"; readonly family: Family; readonly reason: string; readonly mayPass: boolean };

export type NextStep =
  | { readonly step: "initialise"; readonly attempt: number; readonly afterMs: number }
  | { readonly step: "events"; readonly id: string; readonly part: number }
  | { readonly step: "finalise" | "fail"; readonly id: string };

export const idle: BatchState = { type: "idle" };

/**
 * What is to be done next; undefined where nothing is, or where events have to come first.
 * @param parts in which the events are; undefined while they are not all there
 */
export function nextStep(state: BatchState, parts: number | undefined): NextStep | undefined {
  switch (state.type) {
    case "idle":
    case "ended":
      return undefined;
    case "initialising":
      return {
        step: "initialise",
        attempt: state.attempts + 1,
        afterMs: state.attempts === 0 ? 0 : attemptPauseMs,
      };
    case "open":
      if (parts === undefined) return undefined;
      return state.confirmedParts < parts
        ? { step: "events", id: state.id, part: state.confirmedParts }
        : { step: "finalise", id: state.id };
    case "failing":
      return state.isTold ? undefined : { step: "fail", id: state.id };
    default:
      return assertNever(state);
  }
}

/** A record that does not fit the state changes nothing: it is of a step that was overtaken. */
export function applyRecord(state: BatchState, record: PublishRecord): BatchState {
  switch (record.type) {
    case "job":
      return initialising({ ...record, wanted: record.family }, record.family);
    case "round":
      if (state.type !== "ended") return state;
      return initialising(
        { ...state.begun, traceId: record.traceId, isExplicit: record.isExplicit ?? state.begun.isExplicit },
        state.begun.wanted,
      );
    case "merge":
      return applyMerge(state, record.metadata);
    case "owner":
      return applyOwner(state);
    case "request":
      return applyRequest(state, record);
    case "answer":
      return applyAnswer(state, record);
    case "cut":
      if (state.type === "open") return failing(state, record.reason, false);
      return state.type === "initialising" ? off(state, record.reason, false) : state;
    case "stopped":
      return applyStop(state, record.reason);
    case "ready":
    case "left":
      return state;
    default:
      return assertNever(record);
  }
}

function initialising({ wanted, traceId, isExplicit, start }: Omit<Begun, "family">, family: Family): BatchState {
  return { type: "initialising", family, wanted, traceId, isExplicit, start, attempts: 0 };
}

/** What was said first stays. */
function applyMerge(state: BatchState, metadata: BatchStart["metadata"]): BatchState {
  if (state.type === "idle" || state.type === "ended") return state;
  return { ...state, start: { ...state.start, metadata: { ...metadata, ...state.start.metadata } } };
}

/** A process that takes the batch over has its own attempts; a failure that may have been told is not told again. */
function applyOwner(state: BatchState): BatchState {
  if (state.type === "initialising") return { ...state, attempts: 0 };
  return state.type === "failing" && state.isTold ? failed(state) : state;
}

function applyRequest(state: BatchState, { step, attempt }: RecordOf<"request">): BatchState {
  // Counted when it is made: of an attempt that was killed nobody knows whether it arrived.
  if (state.type === "initialising" && step === "initialise") return { ...state, attempts: attempt };
  if (state.type === "failing" && step === "fail") return { ...state, isTold: true };
  return state;
}

function applyAnswer(state: BatchState, answer: RecordOf<"answer">): BatchState {
  const reason = reasonOf(answer);
  const mayPass = isPassing(answer);
  if (state.type === "initialising" && answer.step === "initialise") {
    // A success without an id is none.
    if (answer.outcome === "confirmed" && answer.batchId !== undefined) {
      return { ...begunOf(state), type: "open", id: answer.batchId, confirmedParts: 0 };
    }
    if (answer.outcome === "unauthorised" && state.family === "authenticated") {
      return initialising(state, "ephemeral");
    }
    if (answer.outcome === "failed" && state.attempts < mostAttempts) return state;
    return off(state, reason, mayPass);
  }
  if (state.type === "open" && answer.step === "events") {
    return answer.outcome === "confirmed"
      ? { ...state, confirmedParts: state.confirmedParts + 1 }
      : failing(state, reason, mayPass);
  }
  if (state.type === "open" && answer.step === "finalise") {
    if (answer.outcome !== "confirmed") return failing(state, reason, mayPass);
    const { family, id } = state;
    return ended(state, { type: "published", family, id, accessCode: answer.accessCode, atMs: answer.at });
  }
  // Whatever the server says to it, nothing more can be done.
  if (state.type === "failing" && answer.step === "fail") return failed(state);
  return state;
}

function applyStop(state: BatchState, reason: string): BatchState {
  switch (state.type) {
    case "initialising":
      return off(state, reason, false);
    case "open":
      return failed({ ...state, reason, mayPass: false });
    case "failing":
      return failed(state);
    case "idle":
    case "ended":
      return state;
    default:
      return assertNever(state);
  }
}

function off(state: Begun, reason: string, mayPass: boolean): BatchState {
  return ended(state, { type: "off", family: state.family, reason, mayPass });
}

function failing(state: Confirmed, reason: string, mayPass: boolean): BatchState {
  return { ...begunOf(state), type: "failing", id: state.id, reason, mayPass, isTold: false };
}

function failed(state: Confirmed & { readonly reason: string; readonly mayPass: boolean }): BatchState {
  const { family, id, reason, mayPass } = state;
  return ended(state, { type: "failed", family, id, reason, mayPass });
}

function ended(state: Begun, end: BatchEnd): BatchState {
  return { type: "ended", begun: begunOf(state), end };
}

function begunOf({ family, wanted, traceId, isExplicit, start }: Begun): Begun {
  return { family, wanted, traceId, isExplicit, start };
}

function reasonOf({ step, status, message }: RecordOf<"answer">): string {
  const what = message ?? (status === undefined ? "no answer" : `status ${status}`);
  return `${stepWords[step]}: ${what}`;
}

const stepWords = {
  initialise: "The batch could not be begun",
  events: "The events could not be sent",
  finalise: "The batch could not be finished",
  fail: "The server could not be told that the batch failed",
} as const;

/** The server asks for another time. */
const laterStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** Whether the same may work later, without anybody changing something. */
function isPassing({ outcome, status }: RecordOf<"answer">): boolean {
  return outcome === "failed" || (status !== undefined && laterStatuses.has(status));
}
