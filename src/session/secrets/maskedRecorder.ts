// A recorder that masks secrets in all that goes into the journal: the one place where a run's own spans, its output, its
// events and what its programs send over OTLP pass. What the format itself lays down stays as it is: a secret `0001` must
// not break an id or a time.

import type { SessionEnd, SessionRecorder } from "../../recorder/sessionRecorder";
import { checkpointEvent } from "../../trace/runAttributes";
import { recorderAround } from "../recorderAround";
import type { SecretMask } from "./secretMask";

/** Fields of a span, of an event and of a link that hold no text of the run. */
const fixedFields: ReadonlySet<string> = new Set([
  "spanId",
  "parentSpanId",
  "traceId",
  "kind",
  "startTime",
  "endTime",
  "timeMs",
  "status",
  "interrupted",
  "finishReason",
  "tokens",
  "cost",
  "tool",
]);

/** Values as a program or a server gave them. */
const payloads: ReadonlySet<string> = new Set(["input", "output"]);

/** Beginning of the events of checkpoints, which hold what was masked when it was emitted, and what a resumed run needs. */
const checkpointStart = `{"name":"${checkpointEvent}"`;

export function maskedRecorder(recorder: SessionRecorder, mask: SecretMask): SessionRecorder {
  const json = (text: string) => maskedJson(text, mask);
  const named = <T extends { readonly name: string }>(facts: T): T =>
    mask.hides(facts.name) ? { ...facts, name: mask.text(facts.name) } : facts;
  return recorderAround(recorder, {
    begin: (spanId, text, { replacedByEnd, ...facts }) => {
      const begun = json(text);
      // The end of another text is no longer the end of this one.
      const kept = begun === text && replacedByEnd !== undefined ? { replacedByEnd } : {};
      recorder.begin(spanId, begun, { ...named(facts), ...kept });
    },
    end: (spanId, text, totals) => recorder.end(spanId, json(text), named(totals)),
    span: (spanId, text, totals) => recorder.span(spanId, json(text), named(totals)),
    set: (spanId, text) => recorder.set(spanId, json(text)),
    attributes: (spanId, text) => recorder.attributes(spanId, maskedObject(text, mask, noFields)),
    event: (spanId, text) => recorder.event(spanId, text.startsWith(checkpointStart) ? text : json(text)),
    link: (spanId, text) => recorder.link(spanId, json(text)),
    // Pieces of a stream come here masked; see `MaskedStream`.
    text: (spanId, text) => recorder.text(spanId, mask.text(text)),
    metadata: (text) => recorder.metadata(maskedObject(text, mask, noFields)),
    note: (type, fields) => recorder.note(type, mask.value(fields) as Readonly<Record<string, unknown>>),
    finish: (end) => recorder.finish(maskedEnd(end, mask)),
    crash: (reason, options) => recorder.crash(mask.text(reason), options),
    source: (end) => recorder.source(maskedEnd(end, mask)),
  });
}

const noFields: ReadonlySet<string> = new Set();

function maskedJson(text: string, mask: SecretMask): string {
  return maskedObject(text, mask, fixedFields);
}

/** @param fixed fields that stay as they are */
function maskedObject(text: string, mask: SecretMask, fixed: ReadonlySet<string>): string {
  // The texts were made by `JSON.stringify`, whose way to write a secret is one of its forms.
  if (mask.isEmpty || !mask.hides(text)) return text;
  const object = JSON.parse(text) as Record<string, unknown>;
  const fields = Object.entries(object).map(([name, value]) => {
    if (fixed.has(name)) return [name, value];
    return [mask.text(name), mask.value(value, { numbers: payloads.has(name) })];
  });
  return JSON.stringify(Object.fromEntries(fields));
}

function maskedEnd({ root, error, summary, ...end }: SessionEnd, mask: SecretMask): SessionEnd {
  return {
    ...end,
    ...(root === undefined ? {} : { root: { ...root, json: maskedJson(root.json, mask) } }),
    ...(error === undefined ? {} : { error: mask.text(error) }),
    ...(summary === undefined ? {} : { summary: mask.value(summary) as Record<string, unknown> }),
  };
}
