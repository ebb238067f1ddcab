// Of which playbook a session is a run, as its root span tells it: by that a playbook's file finds its runs.

import { lastStepAttribute, playbookAttribute, resumedAttribute } from "../trace/runAttributes";
import type { SessionState } from "../trace/state";

export interface LaunchedPlaybook {
  /** As it was launched: absolute. */
  readonly path: string;
  /** The first step that failed, from 0 on; undefined while it runs, and where none failed or nobody lived to tell. */
  readonly failedStep?: number | undefined;
  /** The step that was begun last, `index` from 0 on; undefined where none was, and where what was read may be outdated. */
  readonly lastStep?: { readonly index: number; readonly isOver: boolean } | undefined;
  /** Id of the session that it goes on with. */
  readonly resumedFrom?: string | undefined;
}

/** @param attributes of the root span; undefined where they don't tell of a playbook */
export function readLaunchedPlaybook(attributes: unknown): LaunchedPlaybook | undefined {
  const { type, path } = fieldsOf(fieldsOf(fieldsOf(attributes)["tracekeeper.launch"])["origin"]);
  if (type !== "playbook" || typeof path !== "string" || path === "") return undefined;
  const { index } = fieldsOf(fieldsOf(fieldsOf(attributes)[playbookAttribute])["failedStep"]);
  const last = fieldsOf(fieldsOf(attributes)[lastStepAttribute]);
  const { sessionId } = fieldsOf(fieldsOf(attributes)[resumedAttribute]);
  return {
    path,
    resumedFrom: typeof sessionId === "string" && sessionId !== "" ? sessionId : undefined,
    failedStep: isIndex(index) ? index : undefined,
    lastStep: isIndex(last["index"]) ? { index: last["index"], isOver: last["isOver"] === true } : undefined,
  };
}

/** At which of the playbook's steps a run ended badly, from 0 on: the one that failed, or that was under way at its death. */
export function badlyEndedStep(playbook: LaunchedPlaybook | undefined, { status }: SessionState): number | undefined {
  if (playbook === undefined || (status !== "failed" && status !== "crashed")) return undefined;
  const { failedStep, lastStep } = playbook;
  return failedStep ?? (status === "crashed" && lastStep?.isOver === false ? lastStep.index : undefined);
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
