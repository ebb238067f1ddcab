// What a launch's program is to the operating system: a file and its arguments. A line goes to a shell.

import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, join, resolve } from "node:path";
import { errorCode } from "../base/errorCode";
import type { LaunchedCommand } from "./launch";
import { scriptInterpreter } from "./scriptInterpreter";

export interface ProgramCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Windows: the arguments are quoted already, as `cmd` wants them. */
  readonly isVerbatim: boolean;
  /** As a person would type it. */
  readonly text: string;
}

/** Why a program was not started, in words, and the exit code that a shell would give. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

const notFoundCode = 127;
const notExecutableCode = 126;

export function programCommand(program: LaunchedCommand, platform: NodeJS.Platform = process.platform): ProgramCommand {
  if (program.type === "process") {
    const text = [program.file, ...program.args].map(quoteWord).join(" ");
    return { file: program.file, args: program.args, isVerbatim: false, text };
  }
  const { line } = program;
  const shell = program.shell ?? (platform === "win32" ? (process.env["ComSpec"] ?? "cmd.exe") : "/bin/sh");
  const kind = basename(shell.replaceAll("\\", "/"))
    .toLowerCase()
    .replace(/\.exe$/, "");
  if (kind === "cmd") {
    // With /s the outer quotes are taken off and what is between them is left as it is.
    return {
      file: shell,
      args: [...(program.shellArgs ?? ["/d", "/s", "/c"]), `"${line}"`],
      isVerbatim: true,
      text: line,
    };
  }
  const isPowerShell = kind === "powershell" || kind === "pwsh";
  const args = program.shellArgs ?? (isPowerShell ? ["-Command"] : ["-c"]);
  return { file: shell, args: [...args, line], isVerbatim: false, text: line };
}

/** Throws a `StartError` where the program can't be started: a pty would only tell by an exit code. */
export function checkStart({ file }: ProgramCommand, cwd: string, env: Readonly<Record<string, string>>): void {
  const folder = lookAt(cwd);
  if (folder === "file") throw new StartError(`${cwd} is no folder`, 1);
  if (folder !== "folder") throw new StartError(`the folder ${cwd} does not exist`, 1);
  // There a name may stand for files with any of several endings.
  if (process.platform === "win32") return;
  const isPath = file.includes("/");
  // What `execvp` takes where there is no PATH.
  const folders = isPath ? [""] : (env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  let isFound = false;
  let isBelowFile = false;
  for (const folder of folders) {
    const path = isPath ? resolve(cwd, file) : join(resolve(cwd, folder), file);
    const found = lookAt(path);
    isBelowFile ||= isPath && found === "belowFile";
    if (found !== "file" && found !== "folder") continue;
    isFound = true;
    if (found === "file" && isExecutable(path)) return checkInterpreter(file, path, cwd);
  }
  if (isFound) throw new StartError(`${file} can't be executed`, notExecutableCode);
  if (isBelowFile) throw new StartError(`${file} was not found: a part of its path is no folder`, notFoundCode);
  throw new StartError(`${file} was not found`, notFoundCode);
}

/** The system tells of a missing interpreter as it does of a missing script. */
function checkInterpreter(file: string, path: string, cwd: string): void {
  const named = scriptInterpreter(path);
  if (named === undefined) return;
  const interpreter = resolve(cwd, named);
  // Part of the name, because the file was written on Windows.
  const why = named.endsWith("\r") ? " (the first line ends with a carriage return)" : "";
  const name = named.trimEnd();
  const found = lookAt(interpreter);
  if (found !== "file" && found !== "folder")
    throw new StartError(`${file} can't be run: its interpreter ${name} was not found${why}`, notFoundCode);
  if (found === "folder" || !isExecutable(interpreter))
    throw new StartError(`${file} can't be run: its interpreter ${name} can't be executed`, notExecutableCode);
}

/** The same for an error of `spawn`. */
export function startErrorOf(
  error: Error,
  { file }: ProgramCommand,
  platform: NodeJS.Platform = process.platform,
): StartError {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    // Elsewhere it was there a moment ago; a binary that lacks its loader is told of in the same way.
    const what = platform === "win32" ? file : `${file}, or what the system runs it with,`;
    return new StartError(`${what} was not found`, notFoundCode);
  }
  if (code === "EACCES" || code === "ENOEXEC") return new StartError(`${file} can't be executed`, notExecutableCode);
  return new StartError(error.message, notExecutableCode);
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What is there; `belowFile` where the path goes on after a file. */
function lookAt(path: string): "file" | "folder" | "belowFile" | "nothing" {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch (error) {
    return errorCode(error) === "ENOTDIR" ? "belowFile" : "nothing";
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
