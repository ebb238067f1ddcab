// Of which playbook a session is a run, as its root span tells it: by that a playbook's file finds its runs.

import { playbookAttribute, resumedAttribute } from "../trace/runAttributes";

export interface LaunchedPlaybook {
  /** As it was launched: absolute. */
  readonly path: string;
  /** The first step that failed, from 0 on; undefined while it runs, and where none failed or nobody lived to tell. */
  readonly failedStep?: number | undefined;
  /** Id of the session that it goes on with. */
  readonly resumedFrom?: string | undefined;
}

/** @param attributes of the root span; undefined where they don't tell of a playbook */
export function readLaunchedPlaybook(attributes: unknown): LaunchedPlaybook | undefined {
  const { type, path } = fieldsOf(fieldsOf(fieldsOf(attributes)["tracekeeper.launch"])["origin"]);
  if (type !== "playbook" || typeof path !== "string" || path === "") return undefined;
  const { index } = fieldsOf(fieldsOf(fieldsOf(attributes)[playbookAttribute])["failedStep"]);
  const { sessionId } = fieldsOf(fieldsOf(attributes)[resumedAttribute]);
  return {
    path,
    resumedFrom: typeof sessionId === "string" && sessionId !== "" ? sessionId : undefined,
    failedStep: typeof index === "number" && Number.isSafeInteger(index) && index >= 0 ? index : undefined,
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
