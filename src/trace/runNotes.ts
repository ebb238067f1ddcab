// What the span of a playbook's run or of one of its steps says of itself, for the details of that step: taken over from an
// earlier session, skipped, tried more than once, recovered, and the error behind what the person is told.

import { cutText, oneLine } from "./plainText";
import {
  rawErrorAttribute,
  replayedAttribute,
  resumedAttribute,
  skippedAttribute,
  stepAttribute,
} from "./runAttributes";
import type { TraceSpan } from "./schema";
import { asFields, textField } from "./toolCall";

export interface RunNotes {
  /** It finished in that session and was not run in this one. */
  readonly replayedFrom?: string | undefined;
  /** This run goes on with that one. */
  readonly resumedFrom?: string | undefined;
  /** Why it was not run. */
  readonly skipped?: string | undefined;
  /** Where there was more than one. */
  readonly attempts?: number | undefined;
  readonly isRecovered?: boolean | undefined;
  /** What stands behind the message that the playbook has for its failure. */
  readonly rawError?: string | undefined;
}

const longestId = 300;
const longestError = 4_000;

/** Undefined for a span of which there is nothing to say. */
export function runNotes({ attributes, statusMessage }: TraceSpan): RunNotes | undefined {
  if (attributes === undefined) return undefined;
  const facts = asFields(attributes[stepAttribute]) ?? {};
  const { attempts, replayed, recovered } = facts;
  const rawError = textField(attributes, [rawErrorAttribute]);
  const skipped = textField(attributes, [skippedAttribute]);
  const notes: RunNotes = {
    replayedFrom: replayed === true ? (sessionIn(attributes[replayedAttribute]) ?? "") : undefined,
    resumedFrom: sessionIn(attributes[resumedAttribute]),
    skipped: skipped === undefined ? undefined : oneLine(skipped),
    attempts: typeof attempts === "number" && attempts > 1 ? attempts : undefined,
    isRecovered: recovered === true ? true : undefined,
    rawError: rawError === undefined || rawError === statusMessage ? undefined : cutText(rawError, longestError),
  };
  return Object.values(notes).every((note) => note === undefined) ? undefined : notes;
}

function sessionIn(value: unknown): string | undefined {
  const id = textField(asFields(value) ?? {}, ["sessionId"]);
  return id === undefined || id.length > longestId ? undefined : id;
}
