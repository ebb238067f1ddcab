// The fields of a span as the scanner knows them: their numbers, which are the places of their names in `fieldNames`, which
// of them a span must have, whose bytes can be asked for, and what is looked at within them.

import { outputAttribute } from "./outputBurst";
import { cutAttribute } from "./producerMarks";
import { attemptAttribute, replayedAttribute, skippedAttribute, stepAttribute } from "./runAttributes";
import { fieldsOfAim } from "./scanAim";
import { ScanNames } from "./scanNames";
import { WatchedFields } from "./scanPayload";
import { rangedFields } from "./scanRows";
import { tokenFields } from "./soundSpan";
import { FLAG, kindCodes, statusCodes } from "./spanColumns";
import { toolNameAttributes } from "./toolCall";

export const SPAN_ID = 0;
export const PARENT_ID = 1;
export const NAME = 2;
export const KIND = 3;
export const START = 4;
export const END = 5;
export const STATUS = 6;
export const INTERRUPTED = 7;
export const FINISH_REASON = 8;
export const COST = 9;
export const MODEL = 10;
export const TOKENS = 11;
export const TOOL = 12;
export const ATTRIBUTES = 13;
export const STATUS_MESSAGE = 14;
export const EVENTS = 15;
export const LINKS = 16;
export const INPUT = 17;
export const OUTPUT = 18;
export const UNKNOWN = 19;
export const fieldNames = new ScanNames([
  "spanId",
  "parentSpanId",
  "name",
  "kind",
  "startTime",
  "endTime",
  "status",
  "interrupted",
  "finishReason",
  "cost",
  "model",
  "tokens",
  "tool",
  "attributes",
  "statusMessage",
  "events",
  "links",
  "input",
  "output",
]);
export const required = (1 << SPAN_ID) | (1 << PARENT_ID) | (1 << NAME) | (1 << KIND) | (1 << START) | (1 << STATUS);
/** For each field its place in `rangedFields`; -1 for one that is always small. */
export const rangeOf = new Int8Array(UNKNOWN + 1).fill(-1);
rangeOf[ATTRIBUTES] = rangedFields.indexOf("attributes");
rangeOf[STATUS_MESSAGE] = rangedFields.indexOf("statusMessage");
rangeOf[EVENTS] = rangedFields.indexOf("events");
rangeOf[LINKS] = rangedFields.indexOf("links");
rangeOf[INPUT] = rangedFields.indexOf("input");
rangeOf[OUTPUT] = rangedFields.indexOf("output");

export const kindNames = new ScanNames(kindCodes);
export const statusNames = new ScanNames(statusCodes);
export const watchedModel = new WatchedFields({ modelId: "text", providerId: "text", variant: "text" });
export const watchedTokens = new WatchedFields(
  Object.fromEntries(tokenFields.map((field) => [field, "number"] as const)),
);
export const watchedTool = new WatchedFields({ callId: "text", durationMs: "number" });
export const watchedAttributes = new WatchedFields({
  [cutAttribute]: "odd",
  [outputAttribute]: "mark",
  [stepAttribute]: "mark",
  [attemptAttribute]: "mark",
  [replayedAttribute]: "mark",
  [skippedAttribute]: "mark",
  ...Object.fromEntries(toolNameAttributes.map((name) => [name, "mark"] as const)),
});
export const watchedInput = new WatchedFields(Object.fromEntries(fieldsOfAim.map((name) => [name, "aim"] as const)));
/** Of attributes that are a flag of their span: the bit of the mark and that of the flag. */
export const flaggedMarks = [
  [markOf(outputAttribute), FLAG.output],
  [markOf(stepAttribute), FLAG.step],
  [markOf(attemptAttribute), FLAG.attempt],
  [markOf(replayedAttribute), FLAG.notRun],
  [markOf(skippedAttribute), FLAG.notRun],
] as const;

function markOf(attribute: string): number {
  return 1 << watchedAttributes.names.findText(attribute);
}
