// Turns what happens to spans into records, names the row of each span in them, and keeps the totals. A record that the
// fast fold could not place makes the log irregular: the session is then folded as any reader would.

import type { TraceMetadata, TraceSummary } from "../trace/schema";
import { OpenRows } from "./openRows";
import { RunningTotals } from "./runningTotals";
import type { JsonObjectText, SpanBeginFacts, SpanTotals } from "./sessionRecorder";

export interface RecordSink {
  /** False where the record would be dropped; it is counted then. */
  accepts(): boolean;
  /** @param body fields as JSON without the braces */
  add(body: string): void;
}

export class RecordLog {
  readonly #sink: RecordSink;
  readonly #rows = new OpenRows();
  readonly #totals = new RunningTotals();
  #metadata: TraceMetadata;
  /** What is added to every record. */
  #suffix = "";
  isIrregular: boolean;

  constructor(sink: RecordSink, metadata: TraceMetadata, isIrregular: boolean) {
    this.#sink = sink;
    this.#metadata = metadata;
    this.isIrregular = isIrregular;
  }

  get metadata(): TraceMetadata {
    return this.#metadata;
  }

  /** From now on records are marked as coming after the crash. */
  markAfterCrash(): void {
    this.#suffix = ',"afterCrash":true';
    this.isIrregular = true;
  }

  summary(durationMs: number): TraceSummary {
    return this.#totals.summary(durationMs, this.#rows.openCount);
  }

  begin(spanId: string, json: JsonObjectText, facts: SpanBeginFacts): void {
    if (!this.#sink.accepts()) return;
    const isNew = !this.#rows.isOpen(spanId);
    if (isNew) this.#totals.begin(facts.kind, facts.name);
    else this.isIrregular = true;
    if (!isNew) return this.#add(`"t":"begin","span":${json}`);
    const replacedBytes = facts.replacedByEnd ? Buffer.byteLength(facts.replacedByEnd) : 0;
    const replaced = replacedBytes > 0 ? `,"r":${replacedBytes}` : "";
    this.#add(`"t":"begin","n":${this.#rows.open(spanId)}${replaced},"span":${json}`);
  }

  end(spanId: string, json: JsonObjectText, totals: SpanTotals): void {
    if (!this.#sink.accepts()) return;
    if (this.#rows.isOpen(spanId)) this.#totals.end(totals);
    this.#add(`"t":"end",${this.#target(spanId)},"set":${json}`);
    this.#rows.close(spanId);
  }

  span(spanId: string, json: JsonObjectText, totals: SpanTotals): void {
    if (!this.#sink.accepts()) return;
    if (this.#rows.isOpen(spanId)) {
      this.isIrregular = true;
      this.#add(`"t":"span","span":${json}`);
      return;
    }
    this.#totals.begin(totals.kind, totals.name);
    this.#totals.end(totals);
    this.#add(`"t":"span","n":${this.#rows.addClosed(spanId)},"span":${json}`);
  }

  set(spanId: string, json: JsonObjectText): void {
    if (json.includes('"status":')) this.#totals.noteStatus();
    this.#change("set", spanId, `"set":${json}`);
  }

  attributes(spanId: string, json: JsonObjectText): void {
    this.#change("attributes", spanId, `"attributes":${json}`);
  }

  event(spanId: string, json: JsonObjectText): void {
    this.#change("event", spanId, `"event":${json}`);
  }

  link(spanId: string, json: JsonObjectText): void {
    this.#change("link", spanId, `"link":${json}`);
  }

  text(spanId: string, text: string): void {
    this.#change("text", spanId, `"text":${JSON.stringify(text)}`);
  }

  setMetadata(json: JsonObjectText): void {
    if (!this.#sink.accepts()) return;
    const merged: Record<string, unknown> = { ...this.#metadata, ...(JSON.parse(json) as object) };
    for (const name of Object.keys(merged)) if (merged[name] === null) delete merged[name];
    this.#metadata = merged;
    this.#add(`"t":"metadata","metadata":${json}`);
  }

  note(type: string, fields: Readonly<Record<string, unknown>>): void {
    if (!this.#sink.accepts()) return;
    const { t: _t, ...rest } = fields;
    const text = JSON.stringify(rest);
    this.#add(text === "{}" ? `"t":"${type}"` : `"t":"${type}",${text.slice(1, -1)}`);
  }

  #change(type: string, spanId: string, field: string): void {
    if (this.#sink.accepts()) this.#add(`"t":"${type}",${this.#target(spanId)},${field}`);
  }

  /** The row, where it is remembered, and the id. */
  #target(spanId: string): string {
    const row = this.#rows.rowOf(spanId);
    const id = `"id":${JSON.stringify(spanId)}`;
    return row === undefined ? id : `"n":${row},${id}`;
  }

  #add(body: string): void {
    this.#sink.add(body + this.#suffix);
  }
}
