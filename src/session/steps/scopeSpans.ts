// The spans of a run's scopes: a scope has one span at most, below that of the scope around it, and what is said in a scope
// without one is said of the root. A failure is counted once, at the span in which it came about.

import { jsonOfAttributes, quoted } from "../../recorder/safeJson";
import type { SessionRecorder, SpanTotals } from "../../recorder/sessionRecorder";
import { objectJson, roundMs } from "../../recorder/spanJson";
import type { SpanIds } from "../../recorder/traceIds";
import { OutputRecorder, type OutputTarget } from "../outputRecorder";
import type { DeliveredRunEvent } from "./runEvent";
import { endFields, isFailed, type SpanEnd } from "./stepSpans";
import { totalTokens } from "./usageSum";

type Kind = SpanTotals["kind"];

export interface OpenSpan {
  readonly spanId: string;
  readonly above: OpenSpan | undefined;
  readonly name: string;
  readonly kind: Kind;
  readonly startMs: number;
  /** The failure below it that ended last and has none below itself: there it is counted, and there a person looks. */
  failedBelow?: string;
  output?: OutputRecorder;
}

/** An action and its attempt. */
const mostEnded = 2;

export interface ScopeSpansParts {
  readonly recorder: SessionRecorder;
  readonly rootSpanId: string;
  readonly ids: SpanIds;
  readonly outputTarget: OutputTarget;
}

export class ScopeSpans {
  readonly #parts: ScopeSpansParts;
  /** By scope. */
  readonly #spans = new Map<string, OpenSpan>();
  /** Of scopes that stand in the place of another one. */
  readonly #aliases = new Map<string, string>();
  /** By scope, of the latest that have ended: what guardrails say of an action is heard when its attempt is over. */
  readonly #ended = new Map<string, string>();

  constructor(parts: ScopeSpansParts) {
    this.#parts = parts;
  }

  /** Of the scope itself, while it is open. */
  own(scopeId: string): OpenSpan | undefined {
    return this.#spans.get(scopeId);
  }

  /** The same, or of the scope in whose place this one stands. */
  open(scopeId: string | undefined): OpenSpan | undefined {
    return scopeId === undefined ? undefined : this.#spans.get(this.#aliases.get(scopeId) ?? scopeId);
  }

  /** Id of the span of a scope that is open or ended just now; of the root where it has none. */
  idOf(scopeId: string | undefined): string {
    return this.open(scopeId)?.spanId ?? this.#ended.get(scopeId ?? "") ?? this.#parts.rootSpanId;
  }

  /** From now on what is said in a scope is said of the span of another one. */
  standIn(scopeId: string, forScopeId: string): void {
    this.#aliases.set(scopeId, forScopeId);
  }

  standsFor(scopeId: string | undefined): string | undefined {
    return this.#aliases.get(scopeId ?? "");
  }

  standInNoMore(scopeId: string): void {
    this.#aliases.delete(scopeId);
  }

  begin(
    { scope, timeMs }: DeliveredRunEvent,
    kind: Kind,
    name: string,
    fields: { readonly input?: string | undefined; readonly model?: string | undefined; readonly attributes?: object },
  ): OpenSpan {
    const { ids, recorder } = this.#parts;
    const spanId = ids.next();
    const parentId = this.idOf(scope.parentId);
    const startMs = roundMs(timeMs);
    const span: OpenSpan = { spanId, above: this.open(scope.parentId), name, kind, startMs };
    this.#spans.set(scope.id, span);
    const json = objectJson({
      spanId: quoted(spanId),
      parentSpanId: quoted(parentId),
      name: quoted(name),
      kind: quoted(kind),
      startTime: startMs,
      model: fields.model,
      input: fields.input,
      attributes: jsonOfAttributes(fields.attributes),
    });
    recorder.begin(spanId, json, { kind, name });
    return span;
  }

  end(scopeId: string, endMs: number, end: SpanEnd): void {
    const span = this.#spans.get(scopeId);
    this.#spans.delete(scopeId);
    if (span === undefined) return;
    const { kind, name, startMs, spanId, above, failedBelow } = span;
    this.#remember(scopeId, spanId);
    const isFailedSpan = isFailed(end);
    if (isFailedSpan && above !== undefined) above.failedBelow = failedBelow ?? spanId;
    const { tokens, costUsd } = end.usage ?? {};
    const json = objectJson({
      ...endFields(endMs, end),
      ...end.fields,
      tokens: tokens === undefined ? undefined : JSON.stringify({ ...tokens, total: totalTokens({ tokens }) }),
      cost: costUsd,
    });
    const isLeaf = isFailedSpan && failedBelow === undefined;
    const totals = { kind, name, isFailed: isLeaf, durationMs: endMs - startMs, tokens, cost: costUsd };
    this.#parts.recorder.end(spanId, json, totals);
  }

  output(scopeId: string): OutputRecorder | undefined {
    const { ids, outputTarget } = this.#parts;
    const span = this.#spans.get(scopeId);
    if (span === undefined) return undefined;
    span.output ??= new OutputRecorder(outputTarget, () => ids.next(), span.spanId);
    return span.output;
  }

  #remember(scopeId: string, spanId: string): void {
    this.#ended.set(scopeId, spanId);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest);
  }
}
