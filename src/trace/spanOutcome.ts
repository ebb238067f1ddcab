// What came of a step, in a few words: "exit 1", "HTTP 500", "timed out", "interrupted", "replayed", "error". A step that went
// well and says nothing special has no outcome.

import { oneLine } from "./plainText";
import { isNotRun, replayedAttribute } from "./runAttributes";
import type { TraceSpan } from "./schema";
import { exceptionAttributes, outputError } from "./spanError";
import { asFields, type Fields, numberField, textField, toolCall } from "./toolCall";

/** How much of each end of a text is searched for an exit code. */
const searchedLength = 1_000;

const exitCodeNames = ["exit_code", "exitCode", "exit", "returncode", "return_code", "returnCode"];

/** Words of tools and shells for an exit code, anywhere in an error text. */
const exitInError =
  /\b(?:exit(?:ed)?|exit_code>|terminated)(?:\s+(?:with|non-zero))*(?:\s+(?:exit\s+)?(?:code|status))?\s*[:=]?\s*(-?\d{1,10})\b/i;
/** The same in the output of a call that counts as successful, where only a line of its own is believed. */
const exitInOutput =
  /^(?:process\s+)?(?:exit(?:ed)?(?:\s+with)?\s*(?:code|status)\s*:?|<exit_code>|exit_code:|command failed with exit code:?)\s*(-?\d{1,10})\b/im;

/** Reasons to stop that mean that the answer is not what was asked for. */
const oddFinish: ReadonlyMap<string, string> = new Map([
  ["length", "length limit"],
  ["max_tokens", "length limit"],
  ["max_output_tokens", "length limit"],
  ["MAX_TOKENS", "length limit"],
  ["content-filter", "content filter"],
  ["content_filter", "content filter"],
  ["SAFETY", "content filter"],
  ["refusal", "refused"],
]);

export function describeOutcome(span: TraceSpan): string {
  if (span.interrupted === true) return "interrupted";
  if (isNotRun(span)) return span.attributes?.[replayedAttribute] === undefined ? "skipped" : "replayed";
  const exitCode = exitCodeOf(span);
  if (exitCode !== undefined && exitCode !== 0) return `exit ${exitCode}`;
  const httpStatus = numberField(span.attributes ?? {}, ["http.response.status_code", "http.status_code"]);
  if (httpStatus !== undefined && httpStatus >= 400) return `HTTP ${httpStatus}`;
  if (span.status !== "error") return span.finishReason === undefined ? "" : (oddFinish.get(span.finishReason) ?? "");
  const message = (span.statusMessage ?? outputError(span.output) ?? "").slice(0, searchedLength);
  const signal = /\bSIG(?:KILL|TERM|INT|SEGV|ABRT|BUS|HUP|PIPE|QUIT|ILL|FPE)\b/.exec(message);
  if (signal !== null) return signal[0];
  if (/\btim(?:ed|e)[ -]?out\b|\bdeadline exceeded\b/i.test(message)) return "timed out";
  return errorType(span) ?? "error";
}

function exitCodeOf(span: TraceSpan): number | undefined {
  const attributes = span.attributes ?? {};
  const named = numberField(attributes, ["process.exit.code", "process.exit_code", ...exitCodeNames]);
  if (named !== undefined) return named;
  const output = asFields(span.output);
  const told =
    output === undefined
      ? undefined
      : (numberField(output, exitCodeNames) ?? numberField(asFields(output["metadata"]) ?? {}, exitCodeNames));
  if (told !== undefined) return told;
  if (span.status === "error") {
    return (
      findCode(exitInError, span.statusMessage) ??
      findCode(exitInError, outputError(span.output) ?? textIn(span.output))
    );
  }
  return span.kind === "tool" && toolCall(span).action === "shell"
    ? findCode(exitInOutput, textIn(span.output))
    : undefined;
}

function findCode(pattern: RegExp, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const code = pattern.exec(text.slice(0, searchedLength))?.[1];
  if (code !== undefined || text.length <= searchedLength) return code === undefined ? undefined : Number(code);
  const last = pattern.exec(text.slice(-searchedLength))?.[1];
  return last === undefined ? undefined : Number(last);
}

function textIn(output: unknown): string | undefined {
  return typeof output === "string"
    ? output
    : textField(asFields(output) ?? ({} satisfies Fields), ["output", "content", "text"]);
}

/** The class of the error without its package; undefined where it is long or says no more than "error". */
function errorType(span: TraceSpan): string | undefined {
  const type =
    textField(exceptionAttributes(span) ?? {}, ["exception.type"]) ??
    textField(span.attributes ?? {}, ["error.type", "exception.type"]);
  if (type === undefined) return undefined;
  const short = oneLine(type.slice(type.lastIndexOf(".") + 1), 41);
  return short === "" || short.length > 40 || /^(?:error|exception|_other)$/i.test(short) ? undefined : short;
}
