// Writes the spans of steps that finished in an earlier run: without a length of their own, with the times that they had,
// and without their tokens, which were counted there.

import { jsonOfAttributes, quoted } from "../../recorder/safeJson";
import type { SessionRecorder } from "../../recorder/sessionRecorder";
import { objectJson, roundMs } from "../../recorder/spanJson";
import type { SpanIds } from "../../recorder/traceIds";
import { rawErrorAttribute, replayedAttribute, skippedAttribute, stepAttribute } from "../../trace/runAttributes";
import type { StepResult } from "./runEvent";
import { endFields, placeOf, stepFacts } from "./stepSpans";

export class ReplayedSteps {
  readonly #recorder: SessionRecorder;
  readonly #rootSpanId: string;
  readonly #ids: SpanIds;
  /** By path: ids of steps of which a step within them came first. */
  readonly #promised = new Map<string, string>();

  constructor(recorder: SessionRecorder, rootSpanId: string, ids: SpanIds) {
    this.#recorder = recorder;
    this.#rootSpanId = rootSpanId;
    this.#ids = ids;
  }

  /** @param parentId of the span above, where that is under way */
  add(result: StepResult, timeMs: number, parentId: string | undefined): void {
    const { step, status, attempts, startMs, endMs, skipReason, message, rawError, values, origin } = result;
    const spanId = this.#idOf(step.path);
    this.#promised.delete(step.path);
    const atMs = roundMs(timeMs);
    const failure = status === "failed" ? (message ?? rawError ?? "failed") : undefined;
    const json = objectJson({
      spanId: quoted(spanId),
      parentSpanId: quoted(parentId ?? this.#parentOf(step.path)),
      name: quoted(step.name),
      kind: '"span"',
      startTime: atMs,
      ...endFields(atMs, { failure }),
      output: values.output === "" ? undefined : quoted(values.output),
      attributes: jsonOfAttributes({
        [stepAttribute]: stepFacts(step, { attempts, replayed: true }),
        ...placeOf(step),
        [skippedAttribute]: skipReason,
        [rawErrorAttribute]: rawError,
        [replayedAttribute]: { ...origin, startMs, endMs },
      }),
    });
    const totals = { kind: "span", name: step.name, isFailed: failure !== undefined, durationMs: 0 } as const;
    this.#recorder.span(spanId, json, totals);
    if (origin?.spanId === undefined) return;
    const ids = { spanId: quoted(origin.spanId), traceId: quoted(origin.traceId) };
    const attributes = jsonOfAttributes({ relation: "replayed from", "session.id": origin.sessionId });
    this.#recorder.link(spanId, objectJson({ ...ids, attributes }));
  }

  #parentOf(path: string): string {
    const above = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (above === "") return this.#rootSpanId;
    const promised = this.#idOf(above);
    this.#promised.set(above, promised);
    return promised;
  }

  #idOf(path: string): string {
    return this.#promised.get(path) ?? this.#ids.next();
  }
}
