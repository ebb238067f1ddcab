// What of a journal's record may be searched of its span: no more than that, but never less.

import { searchedFields, valueHolds } from "../trace/searchSpan";
import { isFields } from "../trace/soundSpan";

type Fields = Readonly<Record<string, unknown>>;

/** Undefined for what is no record. */
export function parsedRecord(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether a text of a span may pass the test because of a record. */
export function recordHolds(record: Fields, test: (text: string) => boolean): boolean {
  const { id, span, set, attributes, text, event } = record;
  if ([id, attributes, text, event].some((value) => valueHolds(value, test))) return true;
  const said = span ?? set;
  if (!isFields(said)) return false;
  return valueHolds(said["spanId"], test) || searchedFields.some((field) => valueHolds(said[field], test));
}
