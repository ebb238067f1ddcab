// A recorder that tells of each record after it was taken. Whoever is told may throw: the recording goes on.

import type { JsonObjectText, SessionRecorder } from "../../recorder/sessionRecorder";
import { recorderAround } from "../recorderAround";
import type { StreamRecord } from "./streamEvent";

type Operation = StreamRecord["op"];

/** A record before anybody has looked into it. */
export interface TakenRecord {
  readonly op: Operation;
  readonly timeMs: number;
  /** Empty for the trace as a whole. */
  readonly spanId: string;
  /** Of a note. */
  readonly name?: string;
  readonly json: JsonObjectText;
  readonly text?: string;
}

export type TakenEvent =
  | { readonly type: "recorded"; readonly record: TakenRecord }
  | { readonly type: "recordEnded"; readonly status: "completed" | "error" | "crashed"; readonly error?: string };

export function tappedRecorder(recorder: SessionRecorder, take: (event: TakenEvent) => void): SessionRecorder {
  const quietly = (event: TakenEvent) => {
    try {
      take(event);
    } catch {
      // Who follows a session must never be its end.
    }
  };
  const tell = (op: Operation, spanId: string, json: JsonObjectText, more: Partial<TakenRecord> = {}) =>
    quietly({ type: "recorded", record: { op, spanId, timeMs: recorder.nowMs(), json, ...more } });
  const tellEnd = (status: "completed" | "error" | "crashed", error: string | undefined) =>
    quietly({ type: "recordEnded", status, ...(error === undefined ? {} : { error }) });
  return recorderAround(recorder, {
    begin: (spanId, json, facts) => {
      recorder.begin(spanId, json, facts);
      tell("begin", spanId, json);
    },
    end: (spanId, json, totals) => {
      recorder.end(spanId, json, totals);
      tell("end", spanId, json);
    },
    span: (spanId, json, totals) => {
      recorder.span(spanId, json, totals);
      tell("span", spanId, json);
    },
    set: (spanId, json) => {
      recorder.set(spanId, json);
      tell("set", spanId, json);
    },
    attributes: (spanId, json) => {
      recorder.attributes(spanId, json);
      tell("attributes", spanId, json);
    },
    event: (spanId, json) => {
      recorder.event(spanId, json);
      tell("event", spanId, json);
    },
    link: (spanId, json) => {
      recorder.link(spanId, json);
      tell("link", spanId, json);
    },
    text: (spanId, text) => {
      recorder.text(spanId, text);
      tell("text", spanId, "{}", { text });
    },
    metadata: (json) => {
      recorder.metadata(json);
      tell("metadata", "", json);
    },
    note: (type, fields) => {
      recorder.note(type, fields);
      tell("note", "", JSON.stringify(fields) as JsonObjectText, { name: type });
    },
    finish: async (end) => {
      const { root } = end;
      const path = await recorder.finish(end);
      if (root !== undefined) tell("end", root.spanId, root.json);
      // What a follower is told of the end is on the disk.
      tellEnd(recorder.phase === "crashed" ? "crashed" : end.status, end.error);
      return path;
    },
    crash: (reason, options) => {
      recorder.crash(reason, options);
      if (recorder.phase === "crashed") tellEnd("crashed", reason);
    },
    source: (end) => recorder.source(end),
  });
}
