// The text of `JSON.stringify(trace)` in pieces, so that sending a trace needs memory for its largest span, not for all.

import type { TraceFile } from "./traceTypes";

const pieceLength = 65_536;

/**
 * Pieces of at least 64 KiB but the last; joined they are `JSON.stringify(trace)`. Throws what that would throw, once it
 * comes to the value that has no JSON.
 */
export function* jsonPieces(trace: TraceFile): Generator<Uint8Array> {
  let text = "";
  for (const fragment of fragments(trace)) {
    text += fragment;
    if (text.length < pieceLength) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}

function* fragments(trace: object): Generator<string> {
  let separator = "{";
  for (const [key, value] of Object.entries(trace)) {
    if (key === "spans" && Array.isArray(value)) {
      yield `${separator}"spans":[`;
      for (const [index, span] of value.entries()) yield `${index > 0 ? "," : ""}${JSON.stringify(span) ?? "null"}`;
      yield "]";
    } else {
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) continue;
      yield `${separator}${JSON.stringify(key)}:${text}`;
    }
    separator = ",";
  }
  yield separator === "{" ? "{}" : "}";
}
