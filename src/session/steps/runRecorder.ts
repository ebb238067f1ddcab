// The handler of the bus that writes a run into the journal: a span for each step, below it one for each attempt where there
// are several, and below that the action with its output. Every span of a step says where the step stands in the YAML.

import type { Disposable } from "../../base/disposable";
import { jsonOf, jsonOfAttributes, quoted } from "../../recorder/safeJson";
import type { SessionRecorder } from "../../recorder/sessionRecorder";
import { objectJson, roundMs } from "../../recorder/spanJson";
import { SpanIds } from "../../recorder/traceIds";
import { guardrailEvent } from "../../trace/guardrails/recordedFindings";
import { cutAttribute } from "../../trace/producerMarks";
import {
  failureMessageAttribute,
  programAttribute,
  rawErrorAttribute,
  retryEvent,
  runProblemEvent,
  skippedAttribute,
  stepAttribute,
} from "../../trace/runAttributes";
import type { EventOf } from "../bus/delivered";
import type { OutputTarget } from "../outputRecorder";
import { ReplayedSteps } from "./replayedSteps";
import type { DeliveredRunEvent, RunBus, RunEvent, StepRef, StepResult } from "./runEvent";
import { type OpenSpan, ScopeSpans } from "./scopeSpans";
import { attemptFacts, endFields, isFailed, placeOf, type SpanEnd, stepFacts } from "./stepSpans";

/** The first attempt, which has no span until there is a second one. */
interface FirstAttempt extends SpanEnd {
  readonly startMs: number;
  readonly endMs: number;
  readonly actionId: string | undefined;
}

/** A step that is under way. */
interface OpenStep {
  readonly ref: StepRef;
  readonly span: OpenSpan;
  first?: FirstAttempt;
  hasRecovery: boolean;
}

export class RunRecorder {
  readonly #recorder: SessionRecorder;
  readonly #ids: SpanIds;
  readonly #spans: ScopeSpans;
  /** By scope. */
  readonly #steps = new Map<string, OpenStep>();
  readonly #replayed: ReplayedSteps;

  /** @param outputTarget gets what programs put out, which comes masked; the recorder where it is left out */
  constructor(
    recorder: SessionRecorder,
    rootSpanId: string,
    ids = new SpanIds(),
    outputTarget: OutputTarget = recorder,
  ) {
    this.#recorder = recorder;
    this.#ids = ids;
    this.#spans = new ScopeSpans({ recorder, rootSpanId, ids, outputTarget });
    this.#replayed = new ReplayedSteps(recorder, rootSpanId, ids);
  }

  /** To be called before other handlers subscribe: what they are told of is in the journal then. */
  listen(bus: RunBus): Disposable {
    return bus.on("recorder", "all", (delivered) => this.#take(delivered));
  }

  /** Id of the span of a scope, for whoever sends spans that belong below it; of the root where it has none. */
  spanOf(scopeId: string | undefined): string {
    return this.#spans.idOf(scopeId);
  }

  #take(delivered: DeliveredRunEvent): void {
    const { event, scope } = delivered;
    switch (event.type) {
      case "stepStarted":
        return this.#beginStep(delivered, event.step);
      case "stepFinished":
        return delivered.isReplayed
          ? this.#replayed.add(event.result, this.#recorder.nowMs(), this.#spans.open(scope.parentId)?.spanId)
          : this.#endStep(scope.id, event.result);
      case "attemptStarted":
        return this.#beginAttempt(delivered, event.number);
      case "attemptFinished":
        return this.#endAttempt(delivered, event);
      case "recoveryStarted":
        return this.#beginRecovery(delivered, event.name);
      case "recoveryFinished":
        return this.#end(delivered, event);
      case "actionStarted":
        return this.#beginAction(delivered, event);
      case "actionOutput":
        return this.#spans.output(scope.id)?.add(event.stream, event.bytes);
      case "actionText":
        return this.#recorder.text(this.spanOf(scope.id), event.text);
      case "programStarted":
        this.#addAttributes(this.spanOf(scope.id), { [programAttribute]: event.program });
        return this.#recorder.appendNow();
      case "actionNote":
        return this.#note(scope.id, event.name, event.attributes);
      case "actionFacts":
        this.#addAttributes(this.spanOf(scope.id), event.attributes);
        return this.#recorder.appendNow();
      case "actionFinished":
        return this.#endAction(delivered, event);
      case "guardrail": {
        const { level, pattern, message } = event.finding;
        const spanId = event.spanId ?? this.spanOf(event.scopeId ?? scope.id);
        return this.#noteAt(spanId, guardrailEvent, { level, pattern, message });
      }
      case "problem":
        return this.#note(scope.id, runProblemEvent, { message: event.message });
    }
  }

  #beginStep(delivered: DeliveredRunEvent, step: StepRef): void {
    const attributes = { [stepAttribute]: stepFacts(step), ...placeOf(step) };
    const span = this.#spans.begin(delivered, "span", step.name, { attributes });
    this.#steps.set(delivered.scope.id, { ref: step, span, hasRecovery: false });
  }

  #beginAttempt(delivered: DeliveredRunEvent, number: number): void {
    const { scope, timeMs } = delivered;
    const stepScope = scope.parentId ?? "";
    const step = this.#steps.get(stepScope);
    if (step === undefined) return;
    if (number === 1) {
      const startMs = roundMs(timeMs);
      // It is its step.
      this.#spans.standIn(scope.id, stepScope);
      step.first = { startMs, endMs: startMs, actionId: undefined };
      return;
    }
    if (step.first !== undefined) this.#addFirstAttempt(step, step.first);
    delete step.first;
    this.#spans.begin(delivered, "span", `attempt ${number}`, { attributes: attemptFacts(step.ref, number) });
  }

  /** There is a second one: what was below the step moves below a span of its own. */
  #addFirstAttempt({ ref, span: step }: OpenStep, first: FirstAttempt): void {
    const { startMs, endMs, actionId } = first;
    const spanId = this.#ids.next();
    const json = objectJson({
      spanId: quoted(spanId),
      parentSpanId: quoted(step.spanId),
      name: '"attempt 1"',
      kind: '"span"',
      startTime: startMs,
      ...endFields(endMs, first),
      attributes: jsonOfAttributes(attemptFacts(ref, 1)),
    });
    const isLeaf = isFailed(first) && step.failedBelow === undefined;
    const durationMs = endMs - startMs;
    this.#recorder.span(spanId, json, { kind: "span", name: "attempt 1", isFailed: isLeaf, durationMs });
    if (actionId !== undefined) this.#recorder.set(actionId, objectJson({ parentSpanId: quoted(spanId) }));
  }

  #endAttempt(delivered: DeliveredRunEvent, event: EventOf<RunEvent, "attemptFinished">): void {
    const { scope, timeMs } = delivered;
    const { failure, isInterrupted, number, pauseMs } = event;
    const step = this.#steps.get(scope.parentId ?? "");
    if (number > 1) this.#end(delivered, event);
    else if (step?.first !== undefined) step.first = { ...step.first, endMs: roundMs(timeMs), failure, isInterrupted };
    this.#spans.standInNoMore(scope.id);
    if (pauseMs !== undefined) this.#note(scope.parentId ?? "", retryEvent, { attempt: number, failure, pauseMs });
  }

  #beginRecovery(delivered: DeliveredRunEvent, name: string): void {
    const step = this.#steps.get(delivered.scope.parentId ?? "");
    if (step === undefined) return;
    step.hasRecovery = true;
    this.#spans.begin(delivered, "span", `recover: ${name}`, { attributes: placeOf(step.ref) });
  }

  #beginAction(delivered: DeliveredRunEvent, event: EventOf<RunEvent, "actionStarted">): void {
    const { kind, name, input, model, step: ref } = event;
    const { spanId } = this.#spans.begin(delivered, kind, name, {
      input: jsonOf(input),
      model: model === undefined ? undefined : jsonOf({ modelId: model }),
      attributes: placeOf(ref),
    });
    const { scope } = delivered;
    const stepScope = this.#spans.standsFor(scope.parentId);
    const step = stepScope === undefined ? undefined : this.#steps.get(stepScope);
    if (step?.first !== undefined) step.first = { ...step.first, actionId: spanId };
  }

  #endAction(delivered: DeliveredRunEvent, event: EventOf<RunEvent, "actionFinished">): void {
    const span = this.#spans.own(delivered.scope.id);
    if (span === undefined) return;
    const { failure, isInterrupted, usage, attributes, finishReason, durationMs } = event;
    const { output } = span;
    output?.end();
    const { text = "", fullLength } = output?.tail.read() ?? {};
    const cut = fullLength === undefined ? undefined : { [cutAttribute]: { output: fullLength } };
    const given = output === undefined ? jsonOf(event.output) : text === "" ? undefined : quoted(text);
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
    // A step that says nothing of its own adds nothing to what stands below it.
    const isTold = message !== rawError || open.hasRecovery;
    const { failedBelow } = open.span;
    if (status === "failed" && isTold && failedBelow !== undefined) {
      this.#addAttributes(failedBelow, { [failureMessageAttribute]: message });
    }
    const failure = status === "failed" ? (message ?? rawError ?? "failed") : undefined;
    this.#spans.end(scopeId, roundMs(endMs), { failure, isInterrupted });
  }

  #end({ scope, timeMs }: DeliveredRunEvent, end: SpanEnd): void {
    this.#spans.end(scope.id, roundMs(timeMs), end);
  }

  #note(scopeId: string, name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.#noteAt(this.spanOf(scopeId), name, attributes);
  }

  #noteAt(spanId: string, name: string, attributes: Readonly<Record<string, unknown>>): void {
    const timeMs = roundMs(this.#recorder.nowMs());
    const json = objectJson({ name: quoted(name), timeMs, attributes: jsonOfAttributes(attributes) });
    this.#recorder.event(spanId, json);
    this.#recorder.appendNow();
  }

  #addAttributes(spanId: string, attributes: Readonly<Record<string, unknown>>): void {
    const json = jsonOfAttributes(attributes);
    if (json !== undefined) this.#recorder.attributes(spanId, json);
  }
}
