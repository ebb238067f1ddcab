// `S.live` and `S.crash`: lines of JSON whose fields add up. The first line is the writer's identity, written at the start
// of an incarnation; a crash renames the file and appends a second one. A torn line counts for nothing: that the marker
// exists is what matters.

import type { CrashMarker, LiveMarker } from "./evidence";
import { isFields } from "./soundSpan";

export interface CrashNote {
  /** Where the line before may not tell it. */
  readonly incarnation?: number | undefined;
  readonly timeMs: number;
  readonly reason?: string | undefined;
  /** Set by recovery alone: the marker holds only while the journal is not longer than this. */
  readonly journalBytes?: number | undefined;
}

/** First line of a marker. */
export function encodeLiveMarker(identity: LiveMarker): Uint8Array {
  return encodeLine(identity);
}

/** Line that is appended to the marker when the session has crashed. */
export function encodeCrashNote(note: CrashNote): Uint8Array {
  return encodeLine(note);
}

/** The identity in `S.live`; without an instance the empty one, which no writer has. */
export function parseLiveMarker(bytes: Uint8Array): LiveMarker {
  const fields = parseLines(bytes);
  const text = (name: string) => textOf(fields[name]);
  return {
    instance: text("instance") ?? "",
    incarnation: incarnationOf(fields),
    host: text("host"),
    bootId: text("bootId"),
    pidNamespace: text("pidNamespace"),
    pid: numberOf(fields["pid"]),
    processStart: text("processStart"),
    rawSessionId: text("rawSessionId"),
  };
}

export function parseCrashMarker(bytes: Uint8Array): CrashMarker {
  const fields = parseLines(bytes);
  return {
    incarnation: incarnationOf(fields),
    timeMs: numberOf(fields["timeMs"]),
    reason: textOf(fields["reason"]),
    journalBytes: numberOf(fields["journalBytes"]),
  };
}

function encodeLine(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

function parseLines(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let fields: Record<string, unknown> = {};
  // Markers hold two lines; what is longer is no marker of ours, and need not be read to the end.
  for (const line of new TextDecoder().decode(bytes.subarray(0, 65_536)).split("\n")) {
    try {
      const value: unknown = JSON.parse(line);
      if (isFields(value)) fields = { ...fields, ...value };
    } catch {
      // A torn line.
    }
  }
  return fields;
}

function incarnationOf(fields: Readonly<Record<string, unknown>>): number | undefined {
  const value = numberOf(fields["incarnation"]);
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
