// The spans of OTLP requests as rows of one trace that grows. What a span is in the trace depends on others: its parent may
// come later, a span below it may report its usage, and the first of a program's spans at the top tells of the program. Each
// span that comes changes those rows alone that it bears on; what can't be taken back has all rows made anew.

import { rowsPerStep, type Steps } from "../base/steps";
import type { TraceMetadata, TraceSpan } from "../trace/schema";
import type { ChangedSpans, HeldSpan, ImportedTable } from "./importedSpans";
import type { MappedSpan } from "./otlpSpan";

const rootId = "otlp-session";

interface Received {
  mapped: MappedSpan;
  /** In the trace. */
  readonly id: string;
  /** Number of the one that is its parent; -1 while that has not come. */
  parent: number;
  /** A span below it reports usage, which its own would repeat. */
  isAbove: boolean;
  /** It is the first at the top that tells of its program. */
  tellsResource: boolean;
}

/** The spans at the top that are of one program, in the order in which they came. */
interface Tops {
  readonly numbers: number[];
  /** The first of them that still is one. */
  at: number;
}

export class OtlpRows implements ImportedTable {
  #received: Received[] = [];
  #numbers = new Map<string, number>();
  /** By the id in the trace. */
  #ids = new Map<string, number>();
  #waiting = new Map<string, number[]>();
  #tops = new Map<string, Tops>();
  /** Without a parent, as they themselves say. */
  #parentless: number[] = [];
  #openParentless = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #service: string | undefined;
  /** Number of the first answer that names a model; -1 for none. */
  #modelled = -1;
  #traceIds = new Set<string>();

  readonly #spans: HeldSpan[] = [];
  /** Numbers of those whose rows are to be made. */
  #stale = new Set<number>();
  #hasRoot = false;
  #isOther = false;
  #before = new Map<number, HeldSpan>();
  #told = 0;
  #haveMoved = false;

  /** Whether the span was not here before, or had begun only. */
  add(mapped: MappedSpan): boolean {
    const { traceId, span } = mapped;
    const number = this.#numbers.get(keyOf(traceId, span.spanId));
    if (number === undefined) {
      this.#append(mapped);
      return true;
    }
    const known = this.#received[number];
    if (known === undefined || known.mapped.span.endTime !== undefined || span.endTime === undefined) return false;
    this.#replace(number, known, mapped);
    return true;
  }

  /** Brings the rows up to date with what was added. */
  *settling(): Steps<void> {
    if (this.#isOther) yield* this.#begin();
    const [only] = this.#parentless;
    const isOne = only !== undefined && this.#parentless.length === 1 && this.#spanAt(only).kind === "span";
    const hasRoot = only !== undefined && !isOne;
    if (hasRoot !== this.#hasRoot) {
      // All rows get other numbers.
      this.#hasRoot = hasRoot;
      this.#haveMoved = true;
      this.#spans.length = 0;
      this.#before.clear();
      for (const number of this.#received.keys()) this.#stale.add(number);
    }
    if (hasRoot) this.#putRoot();
    let made = 0;
    for (const number of this.#stale) {
      if (++made % rowsPerStep === 0) yield;
      this.#put(number + (hasRoot ? 1 : 0), this.#make(number));
    }
    this.#stale.clear();
  }

  get spans(): readonly HeldSpan[] {
    return this.#spans;
  }

  rowOf(id: string): number {
    const number = this.#ids.get(id);
    if (number === undefined) return this.#hasRoot && id === rootId ? 0 : -1;
    return number + (this.#hasRoot ? 1 : 0);
  }

  takeChanged(): ChangedSpans | undefined {
    const changed = this.#haveMoved ? undefined : { before: this.#before, firstNew: this.#told };
    this.#before = new Map();
    this.#told = this.#spans.length;
    this.#haveMoved = false;
    return changed;
  }

  /** Of all spans; undefined where they are of several. */
  get traceId(): string | undefined {
    const [only] = this.#traceIds;
    return this.#traceIds.size === 1 ? only : undefined;
  }

  get metadata(): TraceMetadata {
    const service = this.#service;
    const model = this.#received[this.#modelled]?.mapped.span.model;
    const first = this.#received[this.#parentless[0] ?? 0]?.mapped.span;
    const prompt = typeof first?.input === "string" ? first.input : undefined;
    return {
      ...(service === undefined || service.startsWith("unknown_service") ? {} : { agent: service }),
      ...(model?.modelId === undefined ? {} : { model: model.modelId }),
      ...(model?.providerId === undefined ? {} : { providerId: model.providerId }),
      ...(first === undefined ? {} : { title: first.name }),
      ...(prompt === undefined ? {} : { prompt }),
    };
  }

  #append(mapped: MappedSpan): void {
    const { traceId, span, usage, resource } = mapped;
    const number = this.#received.length;
    const key = keyOf(traceId, span.spanId);
    const id = this.#ids.has(span.spanId) ? `${traceId}-${span.spanId}` : span.spanId;
    this.#ids.set(id, number);
    this.#numbers.set(key, number);
    this.#traceIds.add(traceId);
    const parentKey = span.parentSpanId === null ? undefined : keyOf(traceId, span.parentSpanId);
    const parent = parentKey === undefined ? -1 : (this.#numbers.get(parentKey) ?? -1);
    this.#received.push({ mapped, id, parent, isAbove: false, tellsResource: false });
    this.#stale.add(number);
    if (parent < 0) this.#addTop(number, mapped);
    if (parentKey === undefined) this.#addParentless(number, span);
    else if (parent < 0) {
      const others = this.#waiting.get(parentKey);
      if (others === undefined) this.#waiting.set(parentKey, [number]);
      else others.push(number);
    }
    if (usage !== undefined) this.#markAbove(parent);
    this.#adopt(key, number);
    const service = resource["service.name"];
    if (typeof service === "string") this.#service ??= service;
    if (this.#modelled < 0 && namesModel(span)) this.#modelled = number;
  }

  #adopt(key: string, number: number): void {
    for (const child of this.#waiting.get(key) ?? []) {
      const received = this.#received[child];
      if (received === undefined) continue;
      received.parent = number;
      this.#stale.add(child);
      this.#removeTop(child, received);
      if (received.isAbove || received.mapped.usage !== undefined) this.#markAbove(number);
    }
    this.#waiting.delete(key);
  }

  #replace(number: number, known: Received, mapped: MappedSpan): void {
    const before = known.mapped;
    known.mapped = mapped;
    this.#stale.add(number);
    const { span, usage } = mapped;
    const losesUsage = before.usage !== undefined && usage === undefined;
    const losesModel = number === this.#modelled && !namesModel(span);
    const isElsewhere = before.span.parentSpanId !== span.parentSpanId;
    if (losesUsage || losesModel || isElsewhere || resourceText(before) !== resourceText(mapped)) this.#isOther = true;
    if (usage !== undefined) this.#markAbove(known.parent);
    if (namesModel(span) && (this.#modelled < 0 || number < this.#modelled)) this.#modelled = number;
    if (span.parentSpanId !== null) return;
    if (before.span.startTime !== span.startTime) this.#isOther = true;
    this.#openParentless--;
    this.#lastMs = Math.max(this.#lastMs, span.endTime ?? this.#lastMs);
  }

  /** Finds out again what rows follow from. */
  *#begin(): Steps<void> {
    const all = this.#received;
    this.#isOther = false;
    this.#received = [];
    this.#numbers = new Map();
    this.#ids = new Map();
    this.#waiting = new Map();
    this.#tops = new Map();
    this.#parentless = [];
    this.#openParentless = 0;
    this.#firstMs = Number.POSITIVE_INFINITY;
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.#service = undefined;
    this.#modelled = -1;
    for (const [index, { mapped }] of all.entries()) {
      if (index % rowsPerStep === rowsPerStep - 1) yield;
      this.#append(mapped);
    }
  }

  /** Marks the span and all above it; those that are marked already have theirs marked. */
  #markAbove(number: number): void {
    for (let at = this.#received[number]; at !== undefined && !at.isAbove; at = this.#received[at.parent]) {
      at.isAbove = true;
      if (at.mapped.usage !== undefined) this.#stale.add(this.#numberOf(at));
    }
  }

  #addTop(number: number, mapped: MappedSpan): void {
    const text = resourceText(mapped);
    if (text === "{}") return;
    const tops = this.#tops.get(text);
    if (tops !== undefined) {
      tops.numbers.push(number);
      if (tops.numbers.length - 1 === tops.at) this.#tell(number, true);
      return;
    }
    this.#tops.set(text, { numbers: [number], at: 0 });
    this.#tell(number, true);
  }

  #removeTop(number: number, { mapped, tellsResource }: Received): void {
    if (!tellsResource) return;
    this.#tell(number, false);
    const tops = this.#tops.get(resourceText(mapped));
    if (tops === undefined) return;
    while (tops.at < tops.numbers.length && (this.#received[tops.numbers[tops.at] ?? -1]?.parent ?? -1) >= 0) tops.at++;
    const next = tops.numbers[tops.at];
    if (next !== undefined) this.#tell(next, true);
  }

  #tell(number: number, isFirst: boolean): void {
    const received = this.#received[number];
    if (received === undefined) return;
    received.tellsResource = isFirst;
    this.#stale.add(number);
  }

  #addParentless(number: number, { startTime, endTime }: TraceSpan): void {
    this.#parentless.push(number);
    if (startTime < this.#firstMs) this.#firstMs = startTime;
    if (endTime === undefined) this.#openParentless++;
    else if (endTime > this.#lastMs) this.#lastMs = endTime;
  }

  /**
   * The session. One span without a parent is it; several get one above them, which has ended when all of them have. Where
   * all spans hang below others that are not in the file there is none: nobody knows what else belongs to it.
   */
  #putRoot(): void {
    const endTime = this.#openParentless > 0 ? undefined : this.#lastMs;
    const known = this.#spans[0];
    if (known !== undefined && known.startTime === this.#firstMs && known.endTime === endTime) return;
    this.#put(0, {
      spanId: rootId,
      parentSpanId: null,
      name: "session",
      kind: "session",
      startTime: this.#firstMs,
      ...(endTime === undefined ? {} : { endTime }),
      status: "ok",
    });
  }

  #make(number: number): TraceSpan {
    const received = this.#received[number];
    if (received === undefined) throw new RangeError(`There is no span ${number}`);
    const { mapped, id, parent, isAbove, tellsResource } = received;
    const { parentSpanId } = mapped.span;
    const above = parent < 0 ? parentSpanId : (this.#received[parent]?.id ?? parentSpanId);
    const counted = isAbove ? undefined : mapped.usage;
    const span: TraceSpan = {
      ...mapped.span,
      spanId: id,
      parentSpanId: parentSpanId === null && this.#hasRoot ? rootId : above,
      ...(counted?.tokens === undefined ? {} : { tokens: { ...counted.tokens } }),
      ...(counted?.cost === undefined ? {} : { cost: counted.cost }),
    };
    if (parent < 0) {
      const own = { "otel.trace_id": mapped.traceId, ...(tellsResource ? { "otel.resource": mapped.resource } : {}) };
      span.attributes = { ...span.attributes, ...own };
    }
    if (parentSpanId === null && !this.#hasRoot) span.kind = "session";
    return span;
  }

  #put(row: number, span: HeldSpan): void {
    const known = this.#spans[row];
    if (known !== undefined && row < this.#told && !this.#before.has(row)) this.#before.set(row, known);
    this.#spans[row] = span;
  }

  #spanAt(number: number): Partial<TraceSpan> {
    return this.#received[number]?.mapped.span ?? {};
  }

  #numberOf({ mapped }: Received): number {
    return this.#numbers.get(keyOf(mapped.traceId, mapped.span.spanId)) ?? -1;
  }
}

function keyOf(traceId: string, spanId: string): string {
  return `${traceId} ${spanId}`;
}

function namesModel({ kind, model }: TraceSpan): boolean {
  return kind === "generation" && model?.modelId !== undefined;
}

const resourceTexts = new WeakMap<object, string>();

function resourceText({ resource }: MappedSpan): string {
  const known = resourceTexts.get(resource);
  if (known !== undefined) return known;
  const text = JSON.stringify(resource);
  resourceTexts.set(resource, text);
  return text;
}
