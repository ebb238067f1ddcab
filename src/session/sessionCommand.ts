// How a session process is started. Variables that would make Node itself do something (load a debugger, measure coverage)
// are meant for the program: where the system has a shell they are put aside under other names before Node starts, and
// `childEnvironment` gives them back. The shell replaces itself, so that the process keeps its id.

import { existsSync } from "node:fs";

export interface SessionCommandRequest {
  /** Node, or the Electron that runs as Node. */
  readonly execPath: string;
  /** Path of `session.js`. */
  readonly program: string;
  readonly launchPath: string;
  readonly isElectron: boolean;
  readonly platform?: NodeJS.Platform;
}

export interface SessionCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** To be added to the environment in which it is started. */
  readonly env: Readonly<Record<string, string>>;
}

/** Variables by which Node does more than to run a program. */
export const parkedVariables = [
  "NODE_OPTIONS",
  "VSCODE_INSPECTOR_OPTIONS",
  "NODE_V8_COVERAGE",
  "NODE_DEBUG",
  "NODE_DEBUG_NATIVE",
] as const;

/** The name under which a variable waits for the program. */
export function parkedName(name: (typeof parkedVariables)[number]): string {
  return `TRACEKEEPER_${name}`;
}

export function sessionCommand(request: SessionCommandRequest): SessionCommand {
  const { execPath, program, launchPath, isElectron, platform = process.platform } = request;
  const env: Record<string, string> = isElectron ? { ELECTRON_RUN_AS_NODE: "1" } : {};
  const args = [program, "--launch", launchPath];
  // There is no shell that could replace itself on Windows: there a debugger sees the session process, too.
  if (platform === "win32") return { file: execPath, args, env };
  const words = ["-c", parkingScript, "tracekeeper", execPath, ...args];
  // Some shells drop variables whose names are no identifiers, as those of exported functions; this one keeps them, and
  // -p lets it read no file of the person's and make no function.
  return hasBash(platform) ? { file: bash, args: ["-p", ...words], env } : { file: "/bin/sh", args: words, env };
}

const bash = "/bin/bash";

function hasBash(platform: NodeJS.Platform): boolean {
  return platform !== "win32" && existsSync(bash);
}

const parkingScript = [
  ...parkedVariables.map((name) => {
    const parked = parkedName(name);
    return `if [ -n "\${${name}+x}" ]; then ${parked}="$${name}"; export ${parked}; unset ${name}; else unset ${parked}; fi`;
  }),
  'exec "$@"',
].join("; ");
