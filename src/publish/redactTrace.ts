// A trace without its secrets, and a list of what was masked and where, which a person sees before anything leaves. Secrets
// are known by the name of their field, by their shape, and by looking random; the trace that was given is not changed.

import { finish, type Steps } from "../base/steps";
import { maskText } from "../trace/maskedText";
import type { TraceFile, TraceSpan } from "../trace/schema";
import { isFields } from "../trace/soundSpan";
import { isIdName, isSecretName } from "./secretNames";
import { type MaskReason, maskShapes } from "./secretShapes";

export interface Mask {
  /** Undefined for what belongs to the whole trace. */
  readonly spanId: string | undefined;
  readonly spanName: string | undefined;
  /** Of fields, with dots between them: `input.headers.authorization`. Data of the trace, without secrets. */
  readonly path: string;
  readonly reason: MaskReason;
  /** So many in this place. */
  readonly count: number;
}

export interface Redaction {
  readonly trace: TraceFile;
  /** The first ones. */
  readonly masks: readonly Mask[];
  readonly counts: Readonly<Partial<Record<MaskReason, number>>>;
  readonly total: number;
}

export interface RedactOptions {
  /** Masks values that somebody knows, such as those in a secret storage. */
  readonly known?: ((text: string) => string) | undefined;
}

/** Of places that are told. */
const mostMasks = 1_000;
/** Levels of a payload. Deeper ones are masked as a whole: servers refuse what is nested deeper than 64 levels. */
const deepest = 48;
const longestPath = 200;

/** What a span is by, and no text of the traced program. */
const plainFields: ReadonlySet<string> = new Set([
  "spanId",
  "parentSpanId",
  "kind",
  "startTime",
  "endTime",
  "status",
  "interrupted",
  "tokens",
  "cost",
]);

export function redactTrace(trace: TraceFile, options: RedactOptions = {}): Redaction {
  return finish(redactInSteps(trace, options));
}

/** The same, with pauses: a long trace takes seconds. */
export function* redactInSteps(trace: TraceFile, options: RedactOptions = {}): Steps<Redaction> {
  const redactor = new Redactor(options);
  const ofTrace = { spanId: undefined, spanName: undefined };
  const { writer: _writer, durability: _durability, ...rest } = trace;
  const metadata = redactor.value(trace.metadata, ofTrace, "metadata", "", 0) as TraceFile["metadata"];
  const summary = redactor.value(trace.summary, ofTrace, "summary", "", 0) as TraceFile["summary"];
  const spans: TraceSpan[] = [];
  for (const span of trace.spans) {
    spans.push(redactor.span(span));
    yield;
  }
  return { trace: { ...rest, metadata, summary, spans }, ...redactor.report };
}

/** One span of a session that runs. */
export function redactSpan(span: TraceSpan, options: RedactOptions = {}): TraceSpan {
  return new Redactor(options).span(span);
}

type Place = Pick<Mask, "spanId" | "spanName">;

class Redactor {
  readonly #known: (text: string) => string;
  readonly #masks: Mask[] = [];
  readonly #counts: Partial<Record<MaskReason, number>> = {};
  #total = 0;

  constructor({ known = (text) => text }: RedactOptions) {
    this.#known = known;
  }

  get report(): Omit<Redaction, "trace"> {
    return { masks: this.#masks, counts: this.#counts, total: this.#total };
  }

  span(span: TraceSpan): TraceSpan {
    const { spanId } = span;
    const name = this.#text(span.name, { spanId, spanName: undefined }, "name", "", 0);
    const place = { spanId, spanName: name };
    const fields = Object.entries(span).map(([field, value]): [string, unknown] => {
      if (field === "name") return [field, name];
      return [field, plainFields.has(field) ? value : this.value(value, place, field, "", 0)];
    });
    return Object.fromEntries(fields) as TraceSpan;
  }

  /** @param name of the field; that of the list where it is an item of one */
  value(value: unknown, place: Place, path: string, name: string, depth: number, isSecret = false): unknown {
    if (typeof value === "string")
      return isSecret ? this.#secret(value, place, path) : this.#text(value, place, path, name, depth);
    if (typeof value === "number" || typeof value === "bigint") {
      return isSecret && numericSecret.test(name) ? this.#mask("secret name", place, path) : value;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth >= deepest) return this.#mask("nested too deep", place, path);
    if (Array.isArray(value)) {
      return value.map((item: unknown, at) => this.value(item, place, `${path}[${at}]`, name, depth + 1, isSecret));
    }
    const isSchema = isJsonSchema(value);
    const fields = Object.entries(value).map(([key, field]): [string, unknown] => {
      const shown = this.#text(key, place, path, "", deepest);
      const isHidden = (isSecret && !isSchema) || (isSecretName(key) && !isJsonSchema(field));
      return [shown, this.value(field, place, pathTo(path, shown), key, depth + 1, isHidden)];
    });
    return Object.fromEntries(fields);
  }

  #secret(text: string, place: Place, path: string): string {
    return text.trim() === "" || text === maskText ? text : this.#mask("secret name", place, path);
  }

  #text(text: string, place: Place, path: string, name: string, depth: number): string {
    const known = this.#known(text);
    if (known !== text) this.#mask("known secret", place, path);
    const json = depth < deepest ? jsonIn(known) : undefined;
    if (json !== undefined) {
      // Taken apart, because the name of a field and its value are told from each other there for sure.
      const before = this.#total;
      const masked = this.value(json, place, path, name, depth + 1);
      return this.#total === before ? known : JSON.stringify(masked);
    }
    return maskShapes(known, { isId: isIdName(name), onMask: (reason) => void this.#mask(reason, place, path) });
  }

  #mask(reason: MaskReason, { spanId, spanName }: Place, path: string): string {
    this.#total++;
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
    const last = this.#masks.at(-1);
    if (last?.spanId === spanId && last?.path === path && last.reason === reason) {
      this.#masks[this.#masks.length - 1] = { ...last, count: last.count + 1 };
    } else if (this.#masks.length < mostMasks) {
      this.#masks.push({ spanId, spanName, path: path.slice(0, longestPath), reason, count: 1 });
    }
    return maskText;
  }
}

/** Longer ones are masked as any other text. */
const longestJson = 1_000_000;

/** The object or list that a text is, as arguments and results of tools are. */
function jsonIn(text: string): object | undefined {
  if (text.length > longestJson || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const numericSecret = /pass(?:word|wd|phrase)|pwd|secret/i;

function pathTo(path: string, field: string): string {
  return path.length > longestPath ? path : `${path}.${field}`;
}

const schemaTypes: ReadonlySet<unknown> = new Set([
  "string",
  "number",
  "integer",
  "boolean",
  "object",
  "array",
  "null",
]);

/** A description of a field that is named `password` holds none. */
function isJsonSchema(value: unknown): boolean {
  return isFields(value) && (schemaTypes.has(value["type"]) || Array.isArray(value["anyOf"]) || "$ref" in value);
}
