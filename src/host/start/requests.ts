// What a pick becomes: the program to run, where, and what it is called.

import * as os from "node:os";
import * as vscode from "vscode";
import type { LaunchedProgram } from "../../session/launch";
import { fileFolders } from "../directories";
import type { ActiveFile } from "./activeFile";
import { commandLineOf, lineOptions, shellKind } from "./commandLine";
import type { LaunchRequest } from "./launchRequest";
import { scriptWords } from "./npmScripts";
import type { ScriptOffer } from "./startRows";
import { folderOfTask, type ListedTask, referenceOf } from "./tasks";
import { folderOf } from "./traceFolder";

/** @param file the one in front: the line is run in its workspace folder */
export function commandRequest(line: string, file: string | undefined): LaunchRequest {
  return {
    title: line,
    origin: { type: "command", label: line },
    start: { type: "program", program: shellProgram(line), cwd: folderFor(file) },
  };
}

export function scriptRequest({ manager, script, folder }: ScriptOffer): LaunchRequest {
  const words = scriptWords(manager, script);
  return {
    title: words.join(" "),
    origin: { type: "npmScript", label: script, path: folder },
    start: { type: "program", program: wordsProgram(words), cwd: folder },
  };
}

export function fileRequest(file: ActiveFile, words: readonly string[]): LaunchRequest {
  return {
    title: words.join(" "),
    origin: { type: "file", label: file.name, path: file.path },
    start: { type: "program", program: wordsProgram(words), cwd: file.cwd },
  };
}

export function taskRequest(listed: ListedTask): LaunchRequest {
  const { task } = listed;
  const path = folderOfTask(task);
  return {
    title: task.name,
    origin: { type: "task", label: `${task.source}: ${task.name}`, ...(path === undefined ? {} : { path }) },
    start: referenceOf(task),
    task: listed,
  };
}

export function collectRequest(): LaunchRequest {
  const title = vscode.l10n.t("Collect only");
  return {
    title,
    origin: { type: "collect", label: title },
    start: { type: "program", program: { type: "collect" }, cwd: folderFor(undefined) },
  };
}

/** The workspace folder of a file, or the first one; without any the home directory, as in a new terminal. */
function folderFor(file: string | undefined): string {
  const folders = fileFolders().map(({ path }) => path);
  return folderOf(file ?? "", folders) ?? os.homedir();
}

/** The person's own shell, where it is known how it takes a line; the system's otherwise. */
function shellProgram(line: string): LaunchedProgram {
  const shell = vscode.env.shell;
  const options = lineOptions(shell);
  return options === undefined ? { type: "shell", line } : { type: "shell", line, shell, shellArgs: [...options] };
}

/** Windows finds a command script such as `npm.cmd` by a shell only. */
function wordsProgram(words: readonly string[]): LaunchedProgram {
  const [file = "", ...args] = words;
  return process.platform === "win32"
    ? shellProgram(commandLineOf(words, shellKind(vscode.env.shell)))
    : { type: "process", file, args };
}
