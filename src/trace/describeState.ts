// The state of a session in words: one for the state, a few for the reasons beside it. English; whoever shows another
// language builds its texts from the same `StateReason`s.

import { assertNever } from "../base/assert";
import type { SessionState, SessionStatus, StateReason } from "./state";

const labels: Readonly<Record<SessionStatus, string>> = {
  running: "Running",
  waiting: "Waiting",
  completed: "Completed",
  failed: "Failed",
  crashed: "Crashed",
  unknown: "Unknown",
};

/** `label` is one word; `detail` joins the reasons with "; " and is empty when there is none. May hold text of the trace. */
export function describeState(state: SessionState, nowMs: number): { label: string; detail: string } {
  return {
    label: labels[state.status],
    detail: state.reasons.map((reason) => describeReason(reason, nowMs)).join("; "),
  };
}

export function describeReason(reason: StateReason, nowMs: number): string {
  switch (reason.type) {
    case "stalled":
      return `no sign of life for ${describeAge(nowMs - reason.sinceMs)}`;
    case "killed":
      return reason.detail === undefined ? "killed" : `killed (${reason.detail})`;
    case "recovered":
      return `recovered ${records(reason.records)}${reason.lost > 0 ? `, ${reason.lost} lost` : ""}`;
    case "lastWrite": {
      const host = reason.host === undefined ? "" : ` on host ${reason.host}`;
      return `last write ${describeAge(nowMs - reason.atMs)} ago${host}`;
    }
    case "claim":
      return `claims “${reason.claimed}”, but ${reason.because}`;
    case "waitingFor":
      return `waiting for ${reason.detail}`;
    case "incomplete":
      return reason.detail;
    default:
      return assertNever(reason, "reason");
  }
}

function records(count: number): string {
  return count === 1 ? "1 record" : `${count} records`;
}

/** "40 s", "12 min", "3 h", "2 d": whole units, rounded down, never negative. */
export function describeAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
