// What a checkpoint holds, as the attributes of an event of the root span: what the bus recorded since the one before.
// Whatever stands there is read with care, because the trace may be damaged, old, or made by somebody else.

import * as z from "zod/mini";
import type { Delivered } from "../bus/delivered";
import type { RuntimeState } from "../bus/runtimeState";
import type { RunEvent } from "../steps/runEvent";
import { checkpointSchema, deliveredSchema, scopeSchema } from "./checkpointSchema";
import { keptResult, restoredResult } from "./keptResult";

export type RunState = RuntimeState<RunEvent>;

export interface Checkpoint {
  /** Counts from 1 in each trace, so that a lost one is missed. */
  readonly number: number;
  readonly state: RunState;
}

/** Plain data that has JSON. */
export function checkpointAttributes({ number, state }: Checkpoint): Readonly<Record<string, unknown>> {
  const events = state.events.map(({ isReplayed: _isReplayed, event, ...rest }) => ({
    ...rest,
    event: event.type === "stepFinished" ? { ...event, result: keptResult(event.result) } : event,
  }));
  return { number, sources: state.sources, events };
}

/** Undefined for what is no checkpoint; what is unsound in one is left out of it. */
export function readCheckpoint(attributes: unknown): Checkpoint | undefined {
  const parsed = z.safeParse(checkpointSchema, attributes);
  if (!parsed.success) return undefined;
  const { number, sources, events } = parsed.data;
  return {
    number,
    state: {
      sources: sources.flatMap((source) => {
        const scope = z.safeParse(scopeSchema, source);
        return scope.success ? [scopeOf(scope.data)] : [];
      }),
      events: events.flatMap((event) => {
        const delivered = z.safeParse(deliveredSchema, event);
        return delivered.success ? [deliveredOf(delivered.data)] : [];
      }),
    },
  };
}

function scopeOf({ id, parentId, runId }: z.infer<typeof scopeSchema>): Delivered<RunEvent>["scope"] {
  return { id, parentId, runId };
}

function deliveredOf({ scope, event, ...rest }: z.infer<typeof deliveredSchema>): Delivered<RunEvent> {
  const restored =
    event.type === "stepFinished" ? { type: event.type, result: restoredResult(event.result) } : (event as RunEvent);
  return { ...rest, scope: scopeOf(scope), event: restored, isReplayed: false };
}
