// What one span holds, for whoever asks about it several times: texts, values, lines of an edit and images are worked out
// when they are first asked for and kept with this object. Pure.

import { assertNever } from "../base/assert";
import type { DiffPart, PayloadField, PayloadNodes } from "../protocol/payloadMessages";
import { parseAnsiLine } from "../trace/ansi";
import { decodeBase64 } from "../trace/base64";
import { foldText, foldValue } from "../trace/binaryParts";
import type { TextChange } from "../trace/editDiff";
import { lineInNumberedText } from "../trace/numberedText";
import { outputBurstOf } from "../trace/outputBurst";
import type { OutputLink } from "../trace/outputLinks";
import { Payload } from "../trace/payload";
import { acceptPath, pathOfUrl } from "../trace/placePath";
import type { TraceSpan } from "../trace/schema";
import { type DetailsContext, errorText, rawSpan, type SpanDetails, spanDetails } from "../trace/spanDetails";
import { spanError } from "../trace/spanError";
import { linkAt } from "../trace/textLinks";
import { PartedText, type TextPart } from "../trace/textPart";
import { entryNodes, valueAt } from "../trace/valueNode";
import { prettyText } from "../trace/wholePayload";
import { EditRows } from "./editRows";

/** A text of a span: of a field as a whole, or of an entry of it. */
export interface TextRef {
  readonly field: PayloadField;
  readonly path?: readonly number[] | undefined;
}

/** The full text of something, with the ending of a file that an editor would open for it. */
export interface WholeText {
  readonly text: string;
  /** Without a dot. */
  readonly extension: "json" | "txt" | "md";
}

export class SpanReader {
  readonly span: TraceSpan;
  readonly #raw: TraceSpan;
  readonly #payloads = new Map<"input" | "output", Payload>();
  readonly #texts = new Map<string, PartedText>();
  readonly #values = new Map<PayloadField, unknown>();
  #edits: readonly EditRows[] | undefined;

  constructor(span: TraceSpan) {
    this.span = readableSpan(span);
    this.#raw = span;
  }

  details(context: DetailsContext): SpanDetails {
    const details = spanDetails(this.span, {
      ...context,
      input: this.#payload("input"),
      output: this.#payload("output"),
    });
    const edit = this.#editRows().map((rows) => rows.view());
    return edit.length === 0 ? details : { ...details, edit };
  }

  textPart(ref: TextRef, from: number, length: number): TextPart {
    return this.#shownText(ref).part(from, length);
  }

  nodes(ref: TextRef, from: number, count: number): PayloadNodes {
    const { nodes, total } = entryNodes(this.#value(ref.field), ref.path ?? [], from, count);
    return { nodes: [...nodes], total };
  }

  diffPart(change: number, from: number, count: number, isUnfolded: boolean): DiffPart {
    const rows = this.#editRows()[change];
    if (rows === undefined) throw new RangeError(`No change ${change} in this step`);
    return { entries: isUnfolded ? rows.lines(from, count) : rows.entries(from, count), total: rows.total };
  }

  imagePart(field: "input" | "output", image: number, from: number, length: number) {
    const part = this.#payload(field).images[image];
    if (part === undefined) throw new RangeError(`No image ${image} in this step`);
    return { bytes: decodeBase64(part.source, from, length), from, totalBytes: part.source.byteLength };
  }

  /** What is copied or opened in an editor: nothing in it is folded. */
  wholeText({ field, path = [] }: TextRef): WholeText {
    if (path.length > 0) return textOfValue(valueAt(this.#unfoldedValue(field), path));
    switch (field) {
      case "input":
      case "output":
      case "diff": {
        const { whole } = this.#payload(field === "diff" ? "input" : field);
        const isJson = whole.type === "json" || whole.isMade === true;
        return { text: whole.text, extension: isJson ? "json" : whole.type === "markdown" ? "md" : "txt" };
      }
      case "error": {
        const error = spanError(this.span);
        return { text: error === undefined ? "" : errorText(error), extension: "txt" };
      }
      case "message":
        return { text: spanError(this.span)?.message ?? "", extension: "txt" };
      case "stack":
        return { text: spanError(this.span)?.stack ?? "", extension: "txt" };
      case "attributes":
      case "events":
        return { text: prettyText(this.#unfoldedValue(field)), extension: "json" };
      case "raw":
        return { text: rawSpan(this.#raw), extension: "json" };
      default:
        return assertNever(field, "payload field");
    }
  }

  /** What the link at this place of a shown text leads to. The texts of `diff` are the paths of the changes. */
  linkAt(ref: TextRef, offset: number): OutputLink["target"] | undefined {
    if (ref.field !== "diff") return linkAt(this.#shownText(ref).text, offset);
    const change = this.#editRows()[ref.path?.[0] ?? 0]?.change;
    return change === undefined ? undefined : placeOfChange(change);
  }

  #payload(field: "input" | "output"): Payload {
    let payload = this.#payloads.get(field);
    if (payload === undefined) {
      payload = new Payload(this.span, field);
      this.#payloads.set(field, payload);
    }
    return payload;
  }

  #shownText(ref: TextRef): PartedText {
    const { field, path = [] } = ref;
    if (path.length === 0 && (field === "input" || field === "output")) return this.#payload(field).text;
    const key = `${field} ${path.join(" ")}`;
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = new PartedText(this.#makeText(ref));
      this.#texts.set(key, text);
    }
    return text;
  }

  #makeText({ field, path = [] }: TextRef): string {
    if (path.length > 0) return textOfValue(valueAt(this.#value(field), path)).text;
    if (field === "raw") return prettyText(this.#value("raw"));
    return foldText(this.wholeText({ field }).text).text;
  }

  /** What the entries of a field are counted in, data folded. */
  #value(field: PayloadField): unknown {
    if (field === "input" || field === "output" || field === "diff") {
      return this.#payload(field === "diff" ? "input" : field).value;
    }
    if (!this.#values.has(field)) this.#values.set(field, foldValue(this.#unfoldedValue(field)).value);
    return this.#values.get(field);
  }

  #unfoldedValue(field: PayloadField): unknown {
    switch (field) {
      case "input":
      case "output":
        return this.#payload(field).whole.value;
      case "diff":
        return this.#payload("input").whole.value;
      case "attributes":
        return this.span.attributes ?? {};
      case "events":
        return (this.span.events ?? []).map(({ attributes }) => attributes ?? {});
      case "raw":
        return this.#raw;
      case "error":
      case "message":
      case "stack":
        return undefined;
      default:
        return assertNever(field, "payload field");
    }
  }

  #editRows(): readonly EditRows[] {
    if (this.#edits === undefined) {
      const changes = this.#payload("input").whole.changes ?? [];
      const output = this.#payload("output").whole.text;
      this.#edits = changes.map(
        (change) => new EditRows(change, changes.length === 1 ? quotedLine(change, output) : undefined),
      );
    }
    return this.#edits;
  }
}

/** An output without the codes that only a terminal reads; any other span as it is. */
function readableSpan(span: TraceSpan): TraceSpan {
  const { output } = span;
  if (typeof output !== "string" || (outputBurstOf(span) === undefined && !output.includes("\x1b["))) return span;
  return {
    ...span,
    output: output
      .split("\n")
      .map((line) => parseAnsiLine(line).text)
      .join("\n"),
  };
}

function textOfValue(value: unknown): WholeText {
  return { text: prettyText(value), extension: typeof value === "string" ? "txt" : "json" };
}

/** Where the file begins to differ, as the tool's output tells. */
function quotedLine({ parts, type }: TextChange, output: string): number | undefined {
  const part = parts[0];
  if (type !== "edit" || parts.length !== 1 || part === undefined || part.newLine !== undefined) return undefined;
  return lineInNumberedText(output, part.newText);
}

function placeOfChange(change: TextChange): OutputLink["target"] | undefined {
  const path = acceptPath(pathOfUrl((change.newPath ?? change.path).trim()) ?? "");
  if (path === undefined) return undefined;
  const part = change.parts[0];
  const line = part?.newLine ?? part?.oldLine;
  const find = [part?.newText, part?.oldText].filter((text) => text !== undefined && text.trim() !== "") as string[];
  return {
    type: "place",
    place: { path, origin: "tool", ...(line === undefined ? {} : { line }), ...(find.length === 0 ? {} : { find }) },
  };
}
