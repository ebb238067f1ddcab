// The calls that reached a file system, and how a test names some of them.

import type { FileCallName } from "../../src/recorder/recorderFs";

export interface LoggedCall {
  /** From 0, over sync and async calls. */
  readonly index: number;
  readonly name: FileCallName;
  /** Of a call with a descriptor the path for which that was opened, by the name that the file has now. */
  readonly path: string;
  /** Where a rename goes. */
  readonly to?: string;
  /** How many bytes a write was given. */
  readonly bytes?: number;
  readonly mode: "sync" | "async";
  /** `under way`, `done`, the code of the error, or `process died`. */
  outcome: string;
}

export interface CallMatch {
  readonly name?: FileCallName | readonly FileCallName[] | undefined;
  /** Matched against the path, and against the place to which a rename goes. Not with the flag `g`. */
  readonly path?: RegExp | undefined;
  readonly mode?: "sync" | "async" | undefined;
}

export function matches(call: LoggedCall, match: CallMatch = {}): boolean {
  const { name, path, mode } = match;
  if (mode !== undefined && call.mode !== mode) return false;
  if (name !== undefined && !(typeof name === "string" ? [name] : name).includes(call.name)) return false;
  return path === undefined || path.test(call.path) || (call.to !== undefined && path.test(call.to));
}
