// The events of a followed session as lines: steps as they begin and end, indented as they are nested, and between them
// the output of programs line by line. Nothing in a text can act on the terminal that shows it.

import { describeSpan } from "../../trace/describeSpan";
import { formatDuration } from "../../trace/formatValue";
import { isOutputRoot } from "../../trace/outputBurst";
import { visibleControls } from "../../trace/plainText";
import { type TraceSpan, traceSpanSchema } from "../../trace/schema";
import type { StreamEvent, StreamRecord } from "./streamEvent";

export interface Piece {
  readonly text: string;
  readonly style?: "strong" | "faint" | "error" | "errorStrong" | "good" | "warning" | "live" | undefined;
}

interface OpenSpan {
  readonly span: TraceSpan;
  readonly depth: number;
  /** Of a program's output: what has no line end yet. */
  rest: string;
}

const mostDepth = 12;
/** A line without an end is shown in pieces. */
const mostRestLength = 16 * 1024;

export class FollowedLines {
  readonly #paint: (pieces: readonly Piece[]) => string;
  readonly #open = new Map<string, OpenSpan>();

  /** @param paint makes the line that is shown: colours, and what fits */
  constructor(paint: (pieces: readonly Piece[]) => string) {
    this.#paint = paint;
  }

  of(event: StreamEvent): readonly string[] {
    switch (event.type) {
      case "hello":
        return [this.#line(0, [{ text: visibleLine(event.title), style: "strong" }])];
      case "record":
        return this.#record(event.record);
      case "gap":
        return [this.#line(0, [{ text: `… ${event.records} records were not delivered`, style: "warning" }])];
      case "end":
        return [this.#line(0, endPieces(event))];
    }
  }

  #record(record: StreamRecord): readonly string[] {
    switch (record.op) {
      case "begin":
        return this.#begin(record.spanId, record.span);
      case "end":
        return this.#end(record.spanId, record.span);
      case "span":
        return [...this.#begin(record.spanId, record.span, true), ...this.#end(record.spanId, record.span)];
      case "text":
        return this.#text(record.spanId, record.text);
      case "set": {
        const known = this.#open.get(record.spanId);
        const span = known && spanOf({ ...known.span, ...record.fields });
        if (known !== undefined && span !== undefined) this.#open.set(record.spanId, { ...known, span });
        return [];
      }
      case "event":
        return this.#event(record.spanId, record.fields);
      case "attributes":
      case "link":
      case "metadata":
      case "note":
        return [];
    }
  }

  #begin(spanId: string, fields: Readonly<Record<string, unknown>>, isWhole = false): readonly string[] {
    const { output, status, statusMessage, ...beginning } = fields;
    const span = spanOf({ ...beginning, status: "ok" });
    if (span === undefined) return [];
    const parent = span.parentSpanId === null ? undefined : this.#open.get(span.parentSpanId);
    const depth = parent === undefined ? 0 : Math.min(mostDepth, parent.depth + (isOutput(parent.span) ? 0 : 1));
    this.#open.set(spanId, { span, depth, rest: "" });
    if (isOutput(span) || parent === undefined || (isWhole && span.kind !== "text")) return [];
    return [this.#line(depth, [{ text: "● ", style: "live" }, ...words(span)])];
  }

  #end(spanId: string, fields: Readonly<Record<string, unknown>>): readonly string[] {
    const open = this.#open.get(spanId);
    if (open === undefined) return [];
    this.#open.delete(spanId);
    const { depth } = open;
    if (isOutput(open.span)) {
      const output = typeof fields["output"] === "string" ? fields["output"] : "";
      const text = open.rest + output;
      return text === "" ? [] : this.#output(depth, text.replace(/\n$/, "").split("\n"), open.span);
    }
    const span = spanOf({ ...open.span, ...fields });
    // The last word of the session tells of its root.
    if (span === undefined || span.parentSpanId === null) return [];
    const { outcome } = describeSpan(span);
    const isFailed = span.status === "error";
    const tookMs = span.endTime === undefined ? Number.NaN : span.endTime - span.startTime;
    const facts = [
      isFailed ? (span.statusMessage ?? outcome) : outcome,
      Number.isFinite(tookMs) ? formatDuration(tookMs) : "",
    ];
    const told = facts
      .filter((fact) => fact !== "")
      .map(visibleLine)
      .join(" · ");
    const mark: Piece = isFailed ? { text: "✗ ", style: "error" } : { text: "✓ ", style: "good" };
    return [this.#line(depth, [mark, ...words(span), { text: told === "" ? "" : `  ${told}`, style: "faint" }])];
  }

  #text(spanId: string, text: string): readonly string[] {
    const open = this.#open.get(spanId);
    if (open === undefined || !isOutput(open.span)) return [];
    const lines = (open.rest + text).split("\n");
    open.rest = lines.pop() ?? "";
    if (open.rest.length > mostRestLength) {
      lines.push(open.rest);
      open.rest = "";
    }
    return this.#output(open.depth, lines, open.span);
  }

  #event(spanId: string, fields: Readonly<Record<string, unknown>>): readonly string[] {
    const { name, attributes } = fields;
    if (name !== "tracekeeper.guardrail" || typeof attributes !== "object" || attributes === null) return [];
    const { level, message } = attributes as Readonly<Record<string, unknown>>;
    const text = visibleLine(`${String(level)}: ${String(message)}`);
    return [this.#line((this.#open.get(spanId)?.depth ?? 0) + 1, [{ text: `! ${text}`, style: "warning" }])];
  }

  #output(depth: number, lines: readonly string[], { name }: TraceSpan): readonly string[] {
    const bar: Piece = name === "stderr" ? { text: "┃ ", style: "error" } : { text: "│ ", style: "faint" };
    return lines.map((line) =>
      this.#line(depth, [bar, { text: visibleLine(line.replace(/\r$/, "").replaceAll("\t", "    ")) }]),
    );
  }

  #line(depth: number, pieces: readonly Piece[]): string {
    return this.#paint([{ text: "  ".repeat(depth) }, ...pieces]);
  }
}

/** Line ends and tabs are pictures too. */
function visibleLine(text: string): string {
  return visibleControls(text.replaceAll("\r", "␍").replaceAll("\n", "␊").replaceAll("\t", "␉"));
}

function words(span: TraceSpan): Piece[] {
  const { label } = describeSpan(span);
  return [{ text: visibleLine(span.name), style: "strong" }, { text: label === "" ? "" : ` ${label}` }];
}

function isOutput(span: TraceSpan): boolean {
  return isOutputRoot(span) || (span.kind === "text" && ["stdout", "stderr", "terminal"].includes(span.name));
}

function endPieces({ status, error }: Extract<StreamEvent, { type: "end" }>): Piece[] {
  const why = error === undefined ? "" : `: ${visibleLine(error)}`;
  if (status === "completed") return [{ text: "completed", style: "good" }];
  return [{ text: `${status === "crashed" ? "crashed" : "failed"}${why}`, style: "errorStrong" }];
}

/** What the session sends may be anything. */
function spanOf(fields: Readonly<Record<string, unknown>>): TraceSpan | undefined {
  const parsed = traceSpanSchema.safeParse(fields);
  return parsed.success ? parsed.data : undefined;
}
