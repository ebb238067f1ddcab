// Keys that mending a span may put into it (see `trace/repairSpan`): of mended spans they are searched, although no byte of
// the file has them.

import { structuredFields, tokenFields } from "../trace/soundSpan";

const fields = [
  ..."spanId parentSpanId name kind status startTime endTime statusMessage finishReason interrupted cost value".split(
    " ",
  ),
  ...Object.keys(structuredFields),
  ...tokenFields.map((field) => `tokens.${field}`),
  "tool.durationMs",
];

export const mendedKeys: readonly string[] = fields.map((field) => `tracekeeper.${field}`);
