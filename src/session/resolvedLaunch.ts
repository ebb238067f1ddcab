// A task of VS Code is started as a copy of itself whose process is ours: VS Code replaces the variables and hands over the
// result on the command line, `--launch <file> -- <words>`. Where there are such words they stand in place of what the
// launch says, and the program runs where VS Code has started us.

import { resolve } from "node:path";
import type { Launch, LaunchedProgram } from "./launch";

/**
 * @param words for a `process` its file and arguments; for a `shell` the shell, its arguments and, as the last one, the line
 * @param cwd of this process, to which the folder of a launch is relative
 */
export function resolvedLaunch(launch: Launch, words: readonly string[], cwd: string): Launch {
  return { ...launch, cwd: resolve(cwd, launch.cwd), program: resolvedProgram(launch.program, words) };
}

function resolvedProgram(program: LaunchedProgram, words: readonly string[]): LaunchedProgram {
  const [file, ...args] = words;
  if (file === undefined || program.type === "collect" || program.type === "playbook") return program;
  if (program.type === "process") return { type: "process", file, args };
  // A line alone is for the shell of the launch.
  if (args.length === 0) return { ...program, line: file };
  return { type: "shell", line: args[args.length - 1] ?? "", shell: file, shellArgs: args.slice(0, -1) };
}
