// What the person picked, before it is a launch.

import type { Launch, LaunchedPlaybook } from "../../session/launch";
import type { RecordedStart } from "./launchRecord";
import type { ListedTask } from "./tasks";

export interface LaunchRequest {
  readonly title: string;
  readonly origin: Launch["origin"];
  readonly start: RecordedStart;
  /** Of a start that is one; undefined otherwise. */
  readonly task?: ListedTask | undefined;
  /** Of a playbook: what goes into the launch in place of what is kept of it, secrets included. */
  readonly playbook?: Pick<LaunchedPlaybook, "params" | "secrets" | "resume"> | undefined;
  /** It has no terminal, which would end with the window, and its trace is not opened. */
  readonly isBackground?: boolean | undefined;
}

/** What was started. */
export interface LaunchedSession {
  /** Path of `S.json`. */
  readonly key: string;
  readonly title: string;
  readonly isPlaybook: boolean;
  readonly isBackground: boolean;
}
