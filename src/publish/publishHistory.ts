// What happened to a publication, for whoever draws it on an axis of time: each request with its answer, and between them
// fallbacks, later rounds and the hands it went through. Texts of servers are data.

import { applyRecord, type BatchState, idle } from "./batchState";
import type { Family, Outcome, PublishRecord, Step } from "./publishRecord";

export type HistoryEntry =
  | {
      readonly type: "request";
      readonly step: Step;
      readonly family: Family;
      /** From 1, of one round on one family. */
      readonly attempt: number;
      readonly part: number | undefined;
      readonly startMs: number;
      /** Undefined while there is no answer, and where nobody knows of one because the process was killed. */
      readonly endMs: number | undefined;
      readonly outcome: Outcome | undefined;
      readonly status: number | undefined;
      readonly message: string | undefined;
    }
  /** The endpoints of the team refused who asked. */
  | { readonly type: "fallback"; readonly atMs: number }
  /** It was tried anew, the `round`th time. */
  | { readonly type: "round"; readonly atMs: number; readonly round: number }
  /** Another process goes on with it. */
  | { readonly type: "resumed"; readonly atMs: number }
  | { readonly type: "ended"; readonly atMs: number; readonly end: Extract<BatchState, { type: "ended" }>["end"] };

export function publishHistory(records: readonly PublishRecord[]): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  let state: BatchState = idle;
  let rounds = 1;
  for (const record of records) {
    const before = state;
    state = applyRecord(state, record);
    if (record.type === "request") entries.push(requestOf(record));
    else if (record.type === "answer") addAnswer(entries, record);
    else if (record.type === "round") entries.push({ type: "round", atMs: record.at, round: ++rounds });
    else if (record.type === "owner") entries.push({ type: "resumed", atMs: record.at });
    const isFallback =
      before.type === "initialising" && state.type === "initialising" && before.family !== state.family;
    if (isFallback) entries.push({ type: "fallback", atMs: record.at });
    if (state.type === "ended" && before.type !== "ended")
      entries.push({ type: "ended", atMs: record.at, end: state.end });
  }
  return entries;
}

function requestOf({ step, family, attempt, part, at }: Extract<PublishRecord, { type: "request" }>): HistoryEntry {
  const open = { endMs: undefined, outcome: undefined, status: undefined, message: undefined };
  return { type: "request", step, family, attempt, part, startMs: at, ...open };
}

/** An answer is that of the request before it: there is one at a time. */
function addAnswer(entries: HistoryEntry[], answer: Extract<PublishRecord, { type: "answer" }>): void {
  const at = entries.findLastIndex((entry) => entry.type === "request");
  const request = entries[at];
  if (request?.type !== "request" || request.step !== answer.step || request.endMs !== undefined) return;
  const { outcome, status, message } = answer;
  entries[at] = { ...request, endMs: answer.at, outcome, status, message };
}
