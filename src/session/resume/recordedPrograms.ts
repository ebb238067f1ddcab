// The programs that a recorded run has started, the session that ran it included, and which span belongs to which step.

import { programAttribute, stepAttribute } from "../../trace/runAttributes";
import type { TraceFile } from "../../trace/schema";
import { type ProcessIdentity, programSchema } from "../processIdentity";

export interface RecordedProgram {
  readonly identity: ProcessIdentity;
  /** Process group; undefined where the system does not tell. */
  readonly group: number | undefined;
  /** Path of its step; undefined for the session itself. */
  readonly step: string | undefined;
  /** Its end is recorded: what has its number now is another one. */
  readonly isOver: boolean;
}

export function recordedPrograms({ spans }: TraceFile, paths: ReadonlyMap<string, string>): readonly RecordedProgram[] {
  return spans.flatMap(({ spanId, attributes, endTime }) => {
    const { data } = programSchema.safeParse(attributes?.[programAttribute]);
    if (data === undefined) return [];
    const { group, ...identity } = data;
    return [{ identity, group, step: paths.get(spanId) || undefined, isOver: endTime !== undefined }];
  });
}

/** By span: path of the step that it is, or that it belongs to. */
export function stepPaths({ spans }: TraceFile): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { spanId, parentSpanId, attributes } of spans) {
    const above = paths.get(parentSpanId ?? "") ?? "";
    const id = stepId(attributes);
    paths.set(spanId, id === undefined ? above : above === "" ? id : `${above}/${id}`);
  }
  return paths;
}

/** Ids of the spans of each step by its path, in their order. */
export function stepSpans({ spans }: TraceFile, paths: ReadonlyMap<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { spanId, attributes } of spans) {
    const path = paths.get(spanId) ?? "";
    if (stepId(attributes) !== undefined) found.set(path, [...(found.get(path) ?? []), spanId]);
  }
  return found;
}

function stepId(attributes: TraceFile["spans"][number]["attributes"]): string | undefined {
  const facts = attributes?.[stepAttribute] as { readonly id?: unknown } | null | undefined;
  return typeof facts?.id === "string" ? facts.id : undefined;
}
