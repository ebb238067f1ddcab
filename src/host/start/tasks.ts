// The tasks of VS Code: which there are, which of them can be traced, and the traced copy of one.

import * as vscode from "vscode";
import type { SessionCommand } from "../../session/sessionCommand";
import { shellKind } from "./commandLine";
import type { TaskReference } from "./launchRecord";
import { copyExecution, type TaskExecution, type TaskShell } from "./taskCopy";
import {
  type ConfiguredTask,
  configurationOf,
  configuredTasks,
  type TaskFacts,
  type Untraceable,
  untraceable,
} from "./taskRows";

export interface ListedTask {
  readonly task: vscode.Task;
  readonly untraceable: Untraceable | undefined;
  /** What its configuration says; undefined for a task that an extension brings. */
  readonly configured: ConfiguredTask | undefined;
}

/** All tasks but those of npm itself, whose scripts are listed on their own. */
export async function listTasks(): Promise<readonly ListedTask[]> {
  const tasks = await vscode.tasks.fetchTasks();
  const configured = new Map<string, readonly ConfiguredTask[]>();
  return tasks
    .filter((task) => task.definition.type !== "npm" || task.source !== "npm")
    .map((task) => {
      const scope = scopeOf(task);
      const ofScope = configured.get(scope) ?? configuredIn(task.scope);
      configured.set(scope, ofScope);
      const facts = { name: task.name, definition: task.definition, execution: kindOf(task) };
      const own = configurationOf(facts, ofScope);
      return { task, untraceable: untraceable(facts, own), configured: own };
    });
}

export function referenceOf(task: vscode.Task): TaskReference {
  return { type: "task", name: task.name, source: task.source, scope: scopeOf(task) };
}

export function isReferenced(task: vscode.Task, { name, source, scope }: TaskReference): boolean {
  return task.name === name && task.source === source && scopeOf(task) === scope;
}

/** What tells a task from others of its name; to a person that is its folder, which is "" where there are not several. */
export function placeOfTask(task: vscode.Task): { readonly scope: string; readonly folder: string } {
  const isOneOfSeveral = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  return { scope: scopeOf(task), folder: isOneOfSeveral && typeof task.scope === "object" ? task.scope.name : "" };
}

/** Where it runs, unless its own options say otherwise. */
export function folderOfTask(task: vscode.Task): string | undefined {
  const folder = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === "file" ? folder.uri.fsPath : undefined;
}

/** Undefined for a task that runs nothing that we could take the place of. */
export function executionOf(task: vscode.Task): TaskExecution | undefined {
  const { execution } = task;
  if (execution instanceof vscode.ProcessExecution)
    return { type: "process", process: execution.process, args: execution.args, options: execution.options ?? {} };
  if (!(execution instanceof vscode.ShellExecution)) return undefined;
  const options = execution.options ?? {};
  if (execution.commandLine !== undefined) return { type: "shellLine", line: execution.commandLine, options };
  if (execution.command === undefined) return undefined;
  return { type: "shellWords", command: execution.command, args: execution.args ?? [], options };
}

/** The task as it is, but for what it runs. */
export function copyTask(
  { task, configured }: Omit<ListedTask, "untraceable">,
  original: TaskExecution,
  session: SessionCommand,
): vscode.Task {
  const copied = copyExecution(original, session, defaultShell());
  const copy = new vscode.Task(
    task.definition,
    task.scope ?? vscode.TaskScope.Workspace,
    task.name,
    task.source,
    toExecution(copied),
    // Those of a configured task are not told by the task itself.
    [...new Set([...task.problemMatchers, ...(configured?.problemMatchers ?? [])])],
  );
  copy.isBackground = task.isBackground;
  // Of a process VS Code would show our own command line.
  copy.presentationOptions =
    copied.type === "process" ? { ...task.presentationOptions, echo: false } : task.presentationOptions;
  copy.runOptions = task.runOptions;
  if (task.group) copy.group = task.group;
  if (task.detail !== undefined) copy.detail = task.detail;
  return copy;
}

function toExecution(execution: TaskExecution): vscode.ProcessExecution | vscode.ShellExecution {
  const options = execution.options as vscode.ProcessExecutionOptions & vscode.ShellExecutionOptions;
  switch (execution.type) {
    case "process":
      return new vscode.ProcessExecution(execution.process, [...execution.args], options);
    case "shellLine":
      return new vscode.ShellExecution(execution.line, options);
    case "shellWords":
      return new vscode.ShellExecution(execution.command, [...execution.args], options);
  }
}

/** The shell of tasks: the profile for automation, else the default one, with its arguments. */
function defaultShell(): TaskShell {
  const platform = process.platform === "win32" ? "windows" : process.platform === "darwin" ? "osx" : "linux";
  const terminal = vscode.workspace.getConfiguration("terminal.integrated");
  const automation = profileShell(terminal.get(`automationProfile.${platform}`));
  if (automation) return automation;
  const name = terminal.get<string | null>(`defaultProfile.${platform}`) ?? "";
  const profiles = terminal.get<Record<string, unknown>>(`profiles.${platform}`) ?? {};
  const path = vscode.env.shell;
  const args = profileShell({ path, args: (profiles[name] as { args?: unknown } | undefined)?.args })?.args ?? [];
  // Without a chosen profile VS Code starts the shells of macOS as login shells.
  const isLogin = platform === "osx" && name === "" && shellKind(path) === "posix";
  return { path, args: isLogin ? ["-l"] : args };
}

function profileShell(profile: unknown): TaskShell | undefined {
  if (typeof profile !== "object" || profile === null) return undefined;
  const { path, args } = profile as { path?: unknown; args?: unknown };
  if (typeof path !== "string") return undefined;
  const words = Array.isArray(args) ? args.filter((arg) => typeof arg === "string") : [];
  return { path, args: typeof args === "string" ? [args] : words };
}

function kindOf(task: vscode.Task): TaskFacts["execution"] {
  if (task.execution instanceof vscode.CustomExecution) return "custom";
  const execution = executionOf(task);
  if (!execution) return "none";
  return execution.type === "process" ? "process" : "shell";
}

function scopeOf(task: vscode.Task): string {
  if (typeof task.scope === "object") return task.scope.uri.toString();
  return task.scope === vscode.TaskScope.Global ? "global" : "workspace";
}

/** What the files say that may configure a task of that scope. */
function configuredIn(scope: vscode.Task["scope"]): readonly ConfiguredTask[] {
  const folder = typeof scope === "object" ? scope.uri : undefined;
  const inspected = vscode.workspace.getConfiguration("tasks", folder).inspect<unknown>("tasks");
  return [inspected?.workspaceFolderValue, inspected?.workspaceValue, inspected?.globalValue].flatMap(configuredTasks);
}
