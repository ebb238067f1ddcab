// A recorder that stands before another one and does something with each record. What holds no text of the session goes
// straight through; whoever stands there says of every record what becomes of it, so that none is forgotten.

import type { SessionRecorder } from "../recorder/sessionRecorder";

type GoesThrough =
  | "safeId"
  | "rawId"
  | "traceId"
  | "incarnation"
  | "path"
  | "phase"
  | "health"
  | "nowMs"
  | "appendNow"
  | "stopSnapshots"
  | "sync"
  | "flush";

export function recorderAround(
  recorder: SessionRecorder,
  records: Omit<SessionRecorder, GoesThrough>,
): SessionRecorder {
  return {
    safeId: recorder.safeId,
    rawId: recorder.rawId,
    traceId: recorder.traceId,
    incarnation: recorder.incarnation,
    path: recorder.path,
    get phase() {
      return recorder.phase;
    },
    get health() {
      return recorder.health;
    },
    nowMs: () => recorder.nowMs(),
    appendNow: () => recorder.appendNow(),
    stopSnapshots: () => recorder.stopSnapshots(),
    sync: () => recorder.sync(),
    flush: () => recorder.flush(),
    ...records,
  };
}
