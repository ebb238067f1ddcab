// The error that a span ended with, put together from the places where producers write it: its status message, its
// output, its attributes and its exception events.

import { failureMessageAttribute } from "./runAttributes";
import type { TraceSpan } from "./schema";
import { asFields, textField } from "./toolCall";

export interface SpanError {
  /** As written by the producer, or what a step of a playbook says in its place; may have many lines. Never empty. */
  readonly message: string;
  /** The class or code of the error ("TimeoutError", "ENOENT"). */
  readonly type?: string | undefined;
  /** A stack trace that is not part of the message. */
  readonly stack?: string | undefined;
}

/** The attributes of the last exception event; a step that was tried again ends with the last one. */
export function exceptionAttributes(span: TraceSpan): Readonly<Record<string, unknown>> | undefined {
  return span.events?.findLast((event) => event.name === "exception" || event.name.endsWith(".exception"))?.attributes;
}

/** The error text that an output holds as `{error}`; undefined for an output that is a result. */
export function outputError(output: unknown): string | undefined {
  const fields = asFields(output);
  if (fields === undefined) return undefined;
  const error = fields["error"];
  if (typeof error === "string" && error !== "") return error;
  const nested = asFields(error);
  if (nested !== undefined) return textField(nested, ["message", "data", "detail"]) ?? compact(nested);
  return textField(fields, ["stderr"]);
}

/** Undefined for a span that did not fail; a failed span without a word about why has the message "failed". */
export function spanError(span: TraceSpan): SpanError | undefined {
  if (span.status !== "error") return undefined;
  const exception = exceptionAttributes(span);
  const attributes = span.attributes ?? {};
  const message =
    // What whoever wrote the step wants a person to be told stands before what a program or a server said.
    textField(attributes, [failureMessageAttribute]) ??
    nonEmpty(span.statusMessage) ??
    outputError(span.output) ??
    textField(exception ?? {}, ["exception.message"]) ??
    textField(attributes, ["error.message", "exception.message"]) ??
    nonEmpty(span.output);
  const type =
    textField(exception ?? {}, ["exception.type"]) ??
    textField(attributes, ["exception.type", "error.type"]) ??
    undefined;
  const stack =
    textField(exception ?? {}, ["exception.stacktrace"]) ??
    textField(attributes, ["exception.stacktrace", "error.stack", "code.stacktrace"]) ??
    textField(asFields(asFields(span.output)?.["error"]) ?? {}, ["stack"]);
  return {
    message: message ?? type ?? "failed",
    ...(type === undefined ? {} : { type }),
    ...(stack === undefined || message?.includes(stack) === true ? {} : { stack }),
  };
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function compact(value: unknown): string | undefined {
  try {
    return nonEmpty(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
