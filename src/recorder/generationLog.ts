// The open generation: its text goes to the journal as it comes, and what its tools gave back becomes the input of the
// next one. Memory is bounded however many tools are called within a step or between two.

import type { TraceMetadata } from "../trace/schema";
import { fieldOf, finiteOf, quoted, textOf } from "./safeJson";
import type { SpanContext } from "./spanContext";
import { objectJson, roundMs } from "./spanJson";
import { cutToBytes, GatheredText, SpanTexts } from "./textLimit";

export interface StepFinishPart {
  id: string;
  reason: string;
  cost: number;
  tokens: { input: number; output: number; reasoning: number; cache: { read: number; write: number } };
}

interface OpenGeneration {
  readonly spanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly texts: SpanTexts;
  /** Text in the journal, and all text that there was. */
  writtenBytes: number;
  fullLength: number;
  isCut: boolean;
}

const outputSummaryLength = 500;
const errorSummaryLength = 200;
const mostResultsLength = 1024 * 1024;
const mostNamesLength = 256 * 1024;
/** A part of a text keeps the whole text in memory: parts of longer ones are copied. */
const copiedFromLength = 4096;

export class GenerationLog {
  readonly #context: SpanContext;
  readonly #toolNames = new GatheredText(", ", mostNamesLength);
  readonly #results = new GatheredText("\n", mostResultsLength);
  #open: OpenGeneration | undefined;

  constructor(context: SpanContext) {
    this.#context = context;
  }

  get spanId(): string | undefined {
    return this.#open?.spanId;
  }

  /** What is under way is left as it is, without an end. */
  leave(): void {
    this.#open = undefined;
  }

  start(part: unknown, metadata: TraceMetadata): void {
    const { recorder, ids, tally, attributes, rootSpanId, maxTextBytes } = this.#context;
    const results = this.#results;
    const texts = new SpanTexts(maxTextBytes);
    const input = results.text === "" ? undefined : texts.text("input", results.text);
    if (results.text.length < results.fullLength) texts.cut("input", results.fullLength);
    results.clear();
    this.#toolNames.clear();
    const spanId = ids.next();
    const name = `generation-${textOf(fieldOf(part, "id")) ?? "unknown"}`;
    const startMs = roundMs(recorder.nowMs());
    const { model: modelId, providerId, variant } = metadata;
    const json = objectJson({
      spanId: `"${spanId}"`,
      parentSpanId: quoted(rootSpanId),
      name: quoted(name),
      kind: '"generation"',
      startTime: startMs,
      model: JSON.stringify({ modelId, providerId, variant }),
      input,
      attributes: texts.attributes,
    });
    recorder.begin(spanId, json, { kind: "generation", name });
    attributes.note(spanId, texts.attributes);
    tally.generations++;
    this.#open = { spanId, name, startMs, texts, writtenBytes: 0, fullLength: 0, isCut: false };
  }

  /** False where no generation is open to take the text. */
  addText(text: string): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    open.fullLength += text.length;
    if (open.isCut || text === "") return true;
    const { recorder, maxTextBytes } = this.#context;
    const kept = cutToBytes(text, maxTextBytes - open.writtenBytes);
    open.isCut = kept.length < text.length;
    open.writtenBytes += Buffer.byteLength(kept);
    if (kept !== "") recorder.text(open.spanId, kept);
    return true;
  }

  addToolName(name: string): void {
    this.#toolNames.add(name);
  }

  addResult(tool: string, text: string, isError: boolean): void {
    if (this.#results.isFull) {
      // What is not kept need not be cut out of a long text: most calls of a program without steps end here.
      const prefix = tool.length + (isError ? 10 : 3);
      this.#results.count(prefix + Math.min(text.length, isError ? errorSummaryLength : outputSummaryLength));
      return;
    }
    const part = startOf(text, isError ? errorSummaryLength : outputSummaryLength);
    const own = text.length > copiedFromLength ? copy(part) : part;
    this.#results.add(`[${tool}] ${isError ? "error: " : ""}${own}`);
  }

  finish(part: unknown): void {
    const open = this.#open;
    if (open === undefined || part === null || part === undefined) return;
    const { recorder, tally } = this.#context;
    const given = fieldOf(part, "tokens");
    const cache = fieldOf(given, "cache");
    const count = (from: unknown, name: string) => finiteOf(fieldOf(from, name)) ?? 0;
    const tokens = {
      input: count(given, "input"),
      output: count(given, "output"),
      reasoning: count(given, "reasoning"),
      cacheRead: count(cache, "read"),
      cacheWrite: count(cache, "write"),
    };
    const cost = finiteOf(fieldOf(part, "cost")) ?? 0;
    const total = tally.addUsage(tokens, cost);
    const endMs = roundMs(recorder.nowMs());
    const output = open.fullLength > 0 ? undefined : this.#toolCallsText(open.texts);
    if (open.isCut) open.texts.cut("output", open.fullLength);
    const reason = textOf(fieldOf(part, "reason"));
    const cuts = open.isCut || output?.isCut === true ? open.texts.attributes : undefined;
    this.#context.attributes.add(open.spanId, cuts);
    const json = objectJson({
      endTime: endMs,
      status: '"ok"',
      output: output?.json,
      finishReason: reason === undefined ? undefined : quoted(reason),
      cost,
      tokens: JSON.stringify({ ...tokens, total: finiteOf(total) ?? 0 }),
    });
    const { name, startMs, spanId } = open;
    const durationMs = endMs - startMs;
    recorder.end(spanId, json, { kind: "generation", name, isFailed: false, durationMs, tokens, cost });
    this.#open = undefined;
  }

  #toolCallsText(texts: SpanTexts): { readonly json: string; readonly isCut: boolean } | undefined {
    const { text, fullLength } = this.#toolNames;
    if (fullLength === 0) return undefined;
    const whole = `[tool calls: ${text}]`;
    const isCut = text.length < fullLength;
    if (isCut) texts.cut("output", whole.length - text.length + fullLength);
    return { json: quoted(whole), isCut };
  }
}

/** So many UTF-16 units at most, and no character cut in two. */
function startOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

function copy(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
