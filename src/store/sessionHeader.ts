// What a session says of itself: in the head of `S.json`, or in the first records of its journal.

import type { BatchRunRef } from "../trace/batch/batchRun";
import { firstLine } from "./firstLine";
import type { LaunchedPlaybook } from "./launchedPlaybook";

export interface SessionHeader {
  /** The raw id. */
  readonly sessionId?: string | undefined;
  readonly title?: string | undefined;
  /** First line. */
  readonly prompt?: string | undefined;
  readonly agent?: string | undefined;
  readonly model?: string | undefined;
  readonly command?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly startedMs?: number | undefined;
  readonly playbook?: LaunchedPlaybook | undefined;
  readonly batch?: BatchRunRef | undefined;
}

/** The fields of trace metadata that a row shows; what has the wrong type is left out. */
export function readMetadata(metadata: Readonly<Record<string, unknown>>): SessionHeader {
  const tags = metadata["tags"];
  return {
    title: toText(metadata["title"]),
    prompt: firstLine(metadata["prompt"]),
    agent: toText(metadata["agent"]),
    model: toText(metadata["model"]),
    command: toText(metadata["command"]),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : undefined,
  };
}

/** Undefined for the empty text as well, which says nothing. */
export function toText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
