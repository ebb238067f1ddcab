// What the traced copy of a task runs: our session process, in such a way that VS Code itself resolves the variables of
// the original and quotes its arguments. What is resolved stands after `--` on the command line of the session process:
//
// - a process task stays one: `<session> --launch <file> -- <process> <args...>`, each argument exactly one;
// - a shell task stays one whose shell is our session process, so that VS Code makes the line that it would have made and
//   hands it on as the last argument: `<session> --launch <file> -- <shell> -c <line>`. Windows is the exception: there
//   VS Code joins the arguments of a shell into one text, so the line is made here and the copy is a process task.

import type { LaunchedProgram } from "../../session/launch";
import type { SessionCommand } from "../../session/sessionCommand";
import { commandLineOf, lineOptions, shellKind } from "./commandLine";

export interface QuotedText {
  readonly value: string;
  /** As VS Code numbers them: 1 escape, 2 strong, 3 weak. */
  readonly quoting: number;
}

export interface ExecutionOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly executable?: string | undefined;
  readonly shellArgs?: readonly string[] | undefined;
  readonly shellQuoting?: unknown;
}

export type TaskExecution =
  | {
      readonly type: "process";
      readonly process: string;
      readonly args: readonly string[];
      readonly options: ExecutionOptions;
    }
  | { readonly type: "shellLine"; readonly line: string; readonly options: ExecutionOptions }
  | {
      readonly type: "shellWords";
      readonly command: string | QuotedText;
      readonly args: readonly (string | QuotedText)[];
      readonly options: ExecutionOptions;
    };

/** The shell that VS Code would take for tasks. */
export interface TaskShell {
  readonly path: string;
  readonly args: readonly string[];
}

export function copyExecution(
  original: TaskExecution,
  session: SessionCommand,
  defaultShell: TaskShell,
  platform: NodeJS.Platform = process.platform,
): TaskExecution {
  const env = { ...original.options.env, ...session.env };
  if (original.type === "process") {
    return {
      type: "process",
      process: session.file,
      args: [...session.args, "--", original.process, ...original.args],
      options: { ...original.options, env },
    };
  }
  const shell = shellOf(original.options, defaultShell);
  if (platform === "win32") {
    const { cwd } = original.options;
    return {
      type: "process",
      process: session.file,
      args: [...session.args, "--", shell.path, ...shell.args, lineOf(original, shell.path, platform)],
      options: { ...(cwd === undefined ? {} : { cwd }), env },
    };
  }
  return {
    ...original,
    options: {
      ...original.options,
      env,
      executable: session.file,
      shellArgs: [...session.args, "--", shell.path, ...shell.args],
    },
  };
}

/** What the launch file says of it: not resolved, for whoever reads the launch before the process has run. */
export function programOf(original: TaskExecution, platform: NodeJS.Platform = process.platform): LaunchedProgram {
  if (original.type === "process") return { type: "process", file: original.process, args: [...original.args] };
  return { type: "shell", line: lineOf(original, original.options.executable, platform) };
}

/** As a person reads it. */
export function textOf(original: TaskExecution): string {
  switch (original.type) {
    case "process":
      return [original.process, ...original.args].join(" ");
    case "shellLine":
      return original.line;
    case "shellWords":
      return [original.command, ...original.args].map(wordOf).join(" ");
  }
}

/** The shell and all that stands before the line, by the rules of VS Code's tasks. */
function shellOf(options: ExecutionOptions, defaultShell: TaskShell): TaskShell {
  const { executable } = options;
  const isOther = executable !== undefined && executable !== defaultShell.path;
  const args = options.shellArgs ?? (isOther ? [] : defaultShell.args);
  // Who names a shell says how it takes a line; for the default one VS Code knows.
  if (executable !== undefined) return { path: executable, args };
  const missing = (lineOptions(defaultShell.path) ?? ["-c"]).filter(
    (option) => !args.some((arg) => arg.toLowerCase() === option.toLowerCase()),
  );
  return { path: defaultShell.path, args: [...args, ...missing] };
}

function lineOf(
  original: Exclude<TaskExecution, { readonly type: "process" }>,
  shell: string | undefined,
  platform: NodeJS.Platform,
): string {
  if (original.type === "shellLine") return original.line;
  const kind = shellKind(shell, platform);
  const [command, ...args] = [original.command, ...original.args].map((word) =>
    typeof word === "string" && !/\s/.test(word) ? word : commandLineOf([wordOf(word)], kind),
  );
  return [command, ...args].join(" ");
}

function wordOf(word: string | QuotedText): string {
  return typeof word === "string" ? word : word.value;
}
