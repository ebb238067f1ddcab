// What the person picked, before it is a launch.

import type * as vscode from "vscode";
import type { Launch } from "../../session/launch";
import type { RecordedStart } from "./launchRecord";

export interface LaunchRequest {
  readonly title: string;
  readonly origin: Launch["origin"];
  readonly start: RecordedStart;
  /** Of a start that is one; undefined otherwise. */
  readonly task?: vscode.Task | undefined;
}
