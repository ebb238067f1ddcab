// The handler of the bus that writes a run into the journal: a span for each step, below it one for each attempt where there
// are several, and below that the action with its output. Every span of a step says where the step stands in the YAML.

import type { Disposable } from "../../base/disposable";
import { jsonOf, jsonOfAttributes, quoted } from "../../recorder/safeJson";
import type { SessionRecorder, SpanTotals } from "../../recorder/sessionRecorder";
import { objectJson, roundMs } from "../../recorder/spanJson";
import { SpanIds } from "../../recorder/traceIds";
import { guardrailEvent } from "../../trace/guardrails/recordedFindings";
import { cutAttribute } from "../../trace/producerMarks";
import {
  failureMessageAttribute,
  rawErrorAttribute,
  retryEvent,
  runProblemEvent,
  skippedAttribute,
  stepAttribute,
} from "../../trace/runAttributes";
import type { EventOf } from "../bus/delivered";
import { OutputRecorder } from "../outputRecorder";
import { ReplayedSteps } from "./replayedSteps";
import type { DeliveredRunEvent, RunBus, RunEvent, StepRef, StepResult } from "./runEvent";
import { endFields, isFailed, placeOf, type SpanEnd, stepFacts } from "./stepSpans";
import { totalTokens } from "./usageSum";

type Kind = SpanTotals["kind"];

interface OpenSpan {
  readonly spanId: string;
  readonly above: OpenSpan | undefined;
  readonly name: string;
  readonly kind: Kind;
  readonly startMs: number;
  /** Its failure is counted there. */
  hasFailedBelow: boolean;
  output?: OutputRecorder;
}

/** A step that is under way. */
interface OpenStep {
  readonly span: OpenSpan;
  /** The first attempt has no span until there is a second one. */
  first?: { readonly startMs: number; actionId?: string; endMs?: number; failure?: string; isInterrupted?: boolean };
  /** The span below it that failed last: what the person is told of the step is true of it, too. */
  failedId?: string;
}

export class RunRecorder {
  readonly #recorder: SessionRecorder;
  readonly #ids: SpanIds;
  readonly #rootSpanId: string;
  /** By scope. */
  readonly #spans = new Map<string, OpenSpan>();
  readonly #steps = new Map<string, OpenStep>();
  /** Of scopes that stand in the place of another one: the first attempt is its step. */
  readonly #aliases = new Map<string, string>();
  readonly #replayed: ReplayedSteps;
  /** What guardrails say of an action is heard when it has ended. */
  #lastEnded: { readonly scopeId: string; readonly spanId: string } | undefined;

  constructor(recorder: SessionRecorder, rootSpanId: string, ids = new SpanIds()) {
    this.#recorder = recorder;
    this.#rootSpanId = rootSpanId;
    this.#ids = ids;
    this.#replayed = new ReplayedSteps(recorder, rootSpanId, ids);
  }

  /** To be called before other handlers subscribe: what they are told of is in the journal then. */
  listen(bus: RunBus): Disposable {
    return bus.on("recorder", "all", (delivered) => this.#take(delivered));
  }

  /** Id of the span of a scope, for whoever sends spans that belong below it; of the root where it has none. */
  spanOf(scopeId: string | undefined): string {
    if (scopeId !== undefined && scopeId === this.#lastEnded?.scopeId) return this.#lastEnded.spanId;
    return this.#open(scopeId)?.spanId ?? this.#rootSpanId;
  }

  #take(delivered: DeliveredRunEvent): void {
    const { event, scope } = delivered;
    switch (event.type) {
      case "stepStarted":
        return this.#beginStep(delivered, event.step);
      case "stepFinished":
        return delivered.isReplayed
          ? this.#replayed.add(event.result, delivered.timeMs, this.#open(scope.parentId)?.spanId)
          : this.#endStep(scope.id, event.result);
      case "attemptStarted":
        return this.#beginAttempt(delivered, event.number);
      case "attemptFinished":
        return this.#endAttempt(delivered, event);
      case "recoveryStarted":
        return this.#begin(delivered, "span", `recover: ${event.name}`, {});
      case "recoveryFinished":
        return this.#end(delivered, { failure: event.failure, isInterrupted: event.isInterrupted });
      case "actionStarted":
        return this.#beginAction(delivered, event);
      case "actionOutput":
        return this.#output(scope.id)?.add(event.stream, event.bytes);
      case "actionText":
        return this.#recorder.text(this.spanOf(scope.id), event.text);
      case "actionNote":
        return this.#note(scope.id, event.name, event.attributes);
      case "actionFinished":
        return this.#endAction(delivered, event);
      case "guardrail": {
        const { level, pattern, message } = event.finding;
        return this.#note(event.scopeId ?? scope.id, guardrailEvent, { level, pattern, message });
      }
      case "problem":
        return this.#note(scope.id, runProblemEvent, { message: event.message });
    }
  }

  #beginStep(delivered: DeliveredRunEvent, step: StepRef): void {
    const attributes = { [stepAttribute]: stepFacts(step), ...placeOf(step) };
    this.#begin(delivered, "span", step.name, { attributes });
    const span = this.#spans.get(delivered.scope.id);
    if (span !== undefined) this.#steps.set(delivered.scope.id, { span });
  }

  #beginAttempt(delivered: DeliveredRunEvent, number: number): void {
    const { scope, timeMs } = delivered;
    const step = this.#steps.get(scope.parentId ?? "");
    if (number === 1) {
      this.#aliases.set(scope.id, scope.parentId ?? "");
      if (step !== undefined) step.first = { startMs: roundMs(timeMs) };
      return;
    }
    if (step?.first !== undefined) this.#addFirstAttempt(step, step.first);
    this.#begin(delivered, "span", `attempt ${number}`, {});
  }

  /** There is a second one: what was below the step moves below a span of its own. */
  #addFirstAttempt(step: OpenStep, first: NonNullable<OpenStep["first"]>): void {
    delete step.first;
    const spanId = this.#ids.next();
    const endMs = first.endMs ?? first.startMs;
    const json = objectJson({
      spanId: quoted(spanId),
      parentSpanId: quoted(step.span.spanId),
      name: '"attempt 1"',
      kind: '"span"',
      startTime: first.startMs,
      ...endFields(endMs, first),
    });
    const durationMs = endMs - first.startMs;
    const isLeaf = isFailed(first) && !step.span.hasFailedBelow;
    this.#recorder.span(spanId, json, { kind: "span", name: "attempt 1", isFailed: isLeaf, durationMs });
    if (first.actionId !== undefined) {
      this.#recorder.set(first.actionId, objectJson({ parentSpanId: quoted(spanId) }));
    }
    step.failedId ??= spanId;
  }

  #endAttempt(delivered: DeliveredRunEvent, event: EventOf<RunEvent, "attemptFinished">): void {
    const { scope, timeMs } = delivered;
    const { failure, isInterrupted = false, number, pauseMs } = event;
    const step = this.#steps.get(scope.parentId ?? "");
    if (number > 1) {
      const attempt = this.#spans.get(scope.id);
      if (attempt !== undefined && step !== undefined && failure !== undefined) step.failedId ??= attempt.spanId;
      this.#end(delivered, { failure, isInterrupted });
    } else {
      if (step?.first !== undefined) {
        step.first.endMs = roundMs(timeMs);
        if (failure !== undefined) step.first.failure = failure;
        step.first.isInterrupted = isInterrupted;
      }
      this.#aliases.delete(scope.id);
    }
    if (pauseMs !== undefined && step !== undefined) {
      this.#note(scope.parentId ?? "", retryEvent, { attempt: number, failure, pauseMs });
    }
  }

  #beginAction(delivered: DeliveredRunEvent, event: EventOf<RunEvent, "actionStarted">): void {
    const { kind, name, input, model, step: ref } = event;
    this.#begin(delivered, kind, name, {
      input: jsonOf(input),
      model: model === undefined ? undefined : jsonOf({ modelId: model }),
      attributes: placeOf(ref),
    });
    const { scope } = delivered;
    const stepScope = this.#aliases.get(scope.parentId ?? "");
    const first = stepScope === undefined ? undefined : this.#steps.get(stepScope)?.first;
    const actionId = this.#spans.get(scope.id)?.spanId;
    if (first !== undefined && actionId !== undefined) first.actionId = actionId;
  }

  #endAction(delivered: DeliveredRunEvent, event: EventOf<RunEvent, "actionFinished">): void {
    const span = this.#spans.get(delivered.scope.id);
    if (span === undefined) return;
    const { failure, isInterrupted, usage, attributes, finishReason, durationMs } = event;
    const { output } = span;
    output?.end();
    const { text = "", fullLength } = output?.tail.read() ?? {};
    const cut = fullLength === undefined ? undefined : { [cutAttribute]: { output: fullLength } };
    const given = output === undefined ? jsonOf(event.output) : text === "" ? undefined : quoted(text);
    if (failure !== undefined && isInterrupted !== true) this.#noteFailed(delivered, span.spanId);
    this.#addAttributes(span.spanId, { ...attributes, ...cut });
    this.#end(delivered, {
      failure,
      isInterrupted,
      usage,
      fields: {
        tool: span.kind === "tool" ? `{"durationMs":${roundMs(durationMs)}}` : undefined,
        output: given,
        finishReason: finishReason === undefined ? undefined : quoted(finishReason),
      },
    });
  }

  /** The innermost failure of the last attempt is what a person looks at. */
  #noteFailed({ scope }: DeliveredRunEvent, spanId: string): void {
    for (const [stepScope, step] of this.#steps) {
      if (scope.id.startsWith(`${stepScope}#`)) step.failedId = spanId;
    }
  }

  #endStep(scopeId: string, result: StepResult): void {
    const { step, status, message, rawError, skipReason, attempts, isInterrupted, isRecovered, endMs } = result;
    const open = this.#steps.get(scopeId);
    this.#steps.delete(scopeId);
    if (open === undefined) return;
    this.#addAttributes(open.span.spanId, {
      [stepAttribute]: stepFacts(step, { attempts, ...(isRecovered === true ? { recovered: true } : {}) }),
      [skippedAttribute]: skipReason,
      [rawErrorAttribute]: rawError,
    });
    if (status === "failed" && open.failedId !== undefined && message !== rawError) {
      this.#addAttributes(open.failedId, { [failureMessageAttribute]: message });
    }
    const failure = status === "failed" ? (message ?? rawError ?? "failed") : undefined;
    this.#endSpan(scopeId, roundMs(endMs), { failure, isInterrupted });
  }

  #open(scopeId: string | undefined): OpenSpan | undefined {
    return scopeId === undefined ? undefined : this.#spans.get(this.#aliases.get(scopeId) ?? scopeId);
  }

  #begin(
    { scope, timeMs }: DeliveredRunEvent,
    kind: Kind,
    name: string,
    fields: { readonly input?: string | undefined; readonly model?: string | undefined; readonly attributes?: object },
  ): void {
    const spanId = this.#ids.next();
    const parentId = this.spanOf(scope.parentId);
    const startMs = roundMs(timeMs);
    const above = this.#open(scope.parentId);
    this.#spans.set(scope.id, { spanId, above, name, kind, startMs, hasFailedBelow: false });
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
    this.#recorder.begin(spanId, json, { kind, name });
  }

  #end(delivered: DeliveredRunEvent, end: SpanEnd): void {
    this.#endSpan(delivered.scope.id, roundMs(delivered.timeMs), end);
  }

  #endSpan(scopeId: string, endMs: number, end: SpanEnd): void {
    const span = this.#spans.get(scopeId);
    this.#spans.delete(scopeId);
    if (span === undefined) return;
    const { kind, name, startMs, spanId, above, hasFailedBelow } = span;
    this.#lastEnded = { scopeId, spanId };
    const isFailedSpan = isFailed(end);
    if (isFailedSpan && above !== undefined) above.hasFailedBelow = true;
    const { tokens, costUsd } = end.usage ?? {};
    const json = objectJson({
      ...endFields(endMs, end),
      ...end.fields,
      tokens: tokens === undefined ? undefined : JSON.stringify({ ...tokens, total: totalTokens({ tokens }) }),
      cost: costUsd,
    });
    const isLeaf = isFailedSpan && !hasFailedBelow;
    const totals = { kind, name, isFailed: isLeaf, durationMs: endMs - startMs, tokens, cost: costUsd };
    this.#recorder.end(spanId, json, totals);
  }

  #output(scopeId: string): OutputRecorder | undefined {
    const span = this.#spans.get(scopeId);
    if (span === undefined) return undefined;
    span.output ??= new OutputRecorder(this.#recorder, () => this.#ids.next(), span.spanId);
    return span.output;
  }

  #note(scopeId: string, name: string, attributes: Readonly<Record<string, unknown>>): void {
    const timeMs = roundMs(this.#recorder.nowMs());
    const json = objectJson({ name: quoted(name), timeMs, attributes: jsonOfAttributes(attributes) });
    this.#recorder.event(this.spanOf(scopeId), json);
    this.#recorder.appendNow();
  }

  #addAttributes(spanId: string, attributes: Readonly<Record<string, unknown>>): void {
    const json = jsonOfAttributes(attributes);
    if (json !== undefined) this.#recorder.attributes(spanId, json);
  }
}
