// Whole files given to an importer, and a short text of the tree that comes of it.

import { readFileSync } from "node:fs";
import { finish } from "../../src/base/steps";
import { detectFormat } from "../../src/importers/detectFormat";
import { importSession, loadedSession } from "../../src/importers/importSession";
import type { Problem } from "../../src/trace/problem";
import type { TraceSpan } from "../../src/trace/schema";
import type { LoadedSession } from "../../src/trace/sessionFiles";

const folder = new URL("../fixtures/", import.meta.url);

export function fixture(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}

/** Lines of records as a file has them. */
export function linesOf(...records: readonly unknown[]): Buffer {
  return Buffer.from(
    records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join(""),
  );
}

/** @param pieces of the file, one after the other */
export function importPieces(pieces: readonly Uint8Array[], name = "file.jsonl"): LoadedSession {
  const format = detectFormat(Buffer.concat(pieces));
  if (format === "trace" || format === "unknown" || format === "empty") throw new Error(`That is ${format}`);
  const session = importSession(format);
  const file = session.addFile();
  for (const piece of pieces) for (const _ of file.push(piece));
  return finish(loadedSession(session, name, undefined));
}

export function importWhole(bytes: Uint8Array, name?: string): LoadedSession {
  return importPieces([bytes], name);
}

/** One line a span: kind, name, seconds from the start to the end, and what is special. */
export function treeText({ trace: { spans } }: LoadedSession): string[] {
  const originMs = Math.min(...spans.map(({ startTime }) => startTime));
  const seconds = (ms: number | undefined) => (ms === undefined ? "…" : String((ms - originMs) / 1000));
  const lines: string[] = [];
  const add = (parentId: string | null, depth: number) => {
    for (const span of spans) {
      if (span.parentSpanId !== parentId) continue;
      const tokens = span.tokens && ` ${span.tokens.input}+${span.tokens.output}`;
      const status = span.status === "error" ? ` ✗ ${span.statusMessage ?? ""}` : "";
      const head = `${"  ".repeat(depth)}${span.kind} ${shortened(span.name)}`;
      lines.push(`${head} ${seconds(span.startTime)}-${seconds(span.endTime)}${tokens ?? ""}${status}`);
      add(span.spanId, depth + 1);
    }
  };
  add(null, 0);
  return lines;
}

export function spanNamed({ trace }: LoadedSession, name: string): TraceSpan {
  const span = trace.spans.find((each) => each.name === name);
  if (span === undefined) throw new Error(`No span ${name}`);
  return span;
}

/** Code, place and words of each. */
export function problemText(problems: readonly Problem[]): string[] {
  return problems.map(({ code, message, offsetBytes, count }) => {
    const times = count !== undefined && count > 1 ? ` ×${count}` : "";
    return `${code} @${offsetBytes ?? "?"} ${message}${times}`;
  });
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
