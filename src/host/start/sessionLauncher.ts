// Starts a session: saves what is edited, writes the launch, starts the session process in a terminal or as a task, and
// opens its panel once something is recorded. What could not be started leaves nothing behind.

import { randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Logger } from "../../base/logger";
import { startSession } from "../../session/batch/sessionProcess";
import { type Launch, type LaunchedProgram, readClaim } from "../../session/launch";
import { type SessionCommand, sessionCommand } from "../../session/sessionCommand";
import { oneLine, plainText } from "../../trace/plainText";
import { safeId, traceFileNames } from "../../trace/safeId";
import { batchEngine } from "../batchEngine";
import { readBatchTasks } from "../batchTasks";
import { reportError } from "../commandEdge";
import { fileFolders } from "../directories";
import { readSessionGuardrails } from "../guardrailSettings";
import type { KeptSecrets } from "../playbook/run/keptSecrets";
import { readSettings } from "../settings";
import type { LaunchFolder } from "./launchFolder";
import type { LaunchHistory } from "./launchHistory";
import { sameStart } from "./launchRecord";
import type { LaunchedSession, LaunchRequest } from "./launchRequest";
import type { RunningSessions } from "./runningSessions";
import { sessionIdFor } from "./sessionName";
import { findNodePty } from "./sessionProcess";
import { programOf } from "./taskCopy";
import { copyTask, executionOf, folderOfTask, type ListedTask } from "./tasks";
import { folderOf, makeTraceFolder } from "./traceFolder";

export interface LauncherParts {
  /** Path of `dist/session.js`. */
  readonly program: string;
  /** The extension's own folder. */
  readonly storage: string;
  readonly launches: LaunchFolder;
  readonly history: LaunchHistory;
  readonly running: RunningSessions;
  readonly logger: Logger;
  readonly secrets: KeptSecrets;
  /** Watches the directory, which may be new, and lists its sessions. */
  watch(directory: string): void;
  openPanel(key: string): Promise<void>;
  /** Before anything of it is there. */
  onLaunched(session: LaunchedSession): void;
}

const longestName = 60;

export class SessionLauncher {
  readonly #parts: LauncherParts;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /** Resolves once it is started; what it does then is told by its trace. */
  async launch(request: LaunchRequest): Promise<LaunchedSession> {
    const { launches, history, logger, running } = this.#parts;
    await saveEdited();
    const launch = await this.#makeLaunch(request);
    const key = path.join(launch.directory, traceFileNames.snapshot(safeId(launch.sessionId)));
    const { id, title, origin } = launch;
    const launchPath = await launches.write(launch);
    // Runs of the same thing would otherwise leave a terminal each.
    const same = sameStart(request.start);
    for (const record of history.records) if (sameStart(record.start) === same) running.closeLeft(record.key);
    await history.add({ id, key, title, atMs: Date.now(), origin, start: request.start });
    this.#parts.watch(launch.directory);
    const command = sessionCommand({
      execPath: process.execPath,
      program: this.#parts.program,
      launchPath,
      isElectron: process.versions["electron"] !== undefined,
    });
    const isBackground = request.isBackground === true;
    const session = { key, title, isPlaybook: launch.program.type === "playbook", isBackground };
    logger.info(`Starting a session: ${launchPath}`);
    this.#parts.onLaunched(session);
    try {
      const terminal = isBackground ? undefined : await this.#show(request, launch, command);
      running.add({ launch, launchPath, key, startedMs: Date.now(), claim: undefined, terminal });
      if (isBackground) await this.#startBackground(launch, launchPath);
      // A task may ask the person something first, so nobody waits for this.
      this.#follow(launch, key, terminal, isBackground).catch((error: unknown) =>
        reportError(logger, "Opening the trace", error),
      );
      return session;
    } catch (error) {
      running.remove(id);
      await launches.remove(launchPath);
      await history.remove(id);
      throw error;
    }
  }

  async #show({ task }: LaunchRequest, launch: Launch, command: SessionCommand): Promise<vscode.Terminal | undefined> {
    return task ? await this.#startTask(task, command) : startTerminal(launch, command);
  }

  /** In a process group of its own: neither the end of the window nor that of the extension host ends it. */
  async #startBackground({ id, cwd }: Launch, launchPath: string): Promise<void> {
    const isElectron = process.versions["electron"] !== undefined;
    const program = { execPath: process.execPath, path: this.#parts.program, isElectron };
    const child = await startSession(program, launchPath, cwd, undefined, outsideEnvironment(process.env));
    child.letGo();
    void child.ended.then(() => this.#parts.running.dropUnclaimed(id));
  }

  async #follow(
    { id, title, program }: Launch,
    key: string,
    terminal: vscode.Terminal | undefined,
    isBackground: boolean,
  ): Promise<void> {
    const { history, launches, openPanel, running } = this.#parts;
    const session = await running.claimed(id);
    if (session === "disposed") return;
    if (session === "notStarted") {
      const refused = (await readClaim(launches.pathOf(id)))?.refused;
      if (refused !== undefined) await history.remove(id);
      // A program that could not be started leaves a trace that says so.
      // Nobody has taken out of it what is secret.
      if (program.type === "playbook") await launches.remove(launches.pathOf(id));
      if (existsSync(key)) await openPanel(key);
      else tellNotStarted(title, refused ?? terminal?.exitStatus?.code);
      return;
    }
    const record = history.records.find((candidate) => candidate.id === id);
    // The name of the file is the recorder's to choose.
    if (record && record.key !== session.key) await history.add({ ...record, key: session.key });
    if (!isBackground) await openPanel(session.key);
  }

  /** Its terminal is known by its process, once there is one. */
  async #startTask(listed: ListedTask, command: SessionCommand): Promise<undefined> {
    const original = executionOf(listed.task);
    if (!original) return;
    if (listed.configured?.hasOwnMatchers)
      this.#parts.logger.warn(`The problem matchers of ${listed.task.name} that have no name are not used`);
    await vscode.tasks.executeTask(copyTask(listed, original, command));
  }

  /** What its batches can run, and which engine runs them. */
  async #batches(scope: vscode.Uri | undefined): Promise<Pick<Launch, "tasks" | "batchEngine">> {
    const { logger, secrets } = this.#parts;
    const engine = await batchEngine(logger, scope, secrets);
    return { tasks: { ...readBatchTasks(logger, scope) }, ...(engine === undefined ? {} : { batchEngine: engine }) };
  }

  async #makeLaunch(request: LaunchRequest): Promise<Launch> {
    const { title, origin, start, task } = request;
    const { logger, storage } = this.#parts;
    const cwd = start.type === "program" ? start.cwd : undefined;
    const folders = fileFolders().map((folder) => folder.path);
    const folder = folderOf((task && folderOfTask(task.task)) ?? origin.path ?? cwd ?? "", folders);
    const { directory, fallback } = await makeTraceFolder(folder, storage);
    if (fallback === "notWritable")
      logger.warn(`${folder} can't be written: the trace goes to ${directory}, in the extension's own storage`);
    const scope = folder === undefined ? undefined : vscode.Uri.file(folder);
    const settings = readSettings(logger, scope);
    const program = programToLaunch(request);
    // The commands of a playbook have pipes.
    const capture = program.type === "playbook" ? "pipes" : settings.capture;
    const nodePty = capture === "terminal" ? findNodePty(vscode.env.appRoot) : undefined;
    return {
      version: 1,
      id: randomUUID(),
      directory,
      sessionId: sessionIdFor(title, new Date(), randomBytes(3).toString("hex")),
      title: oneLine(title),
      program,
      // Where VS Code starts a task it has resolved itself; the session process begins there.
      cwd: task ? "." : (cwd ?? folder ?? storage),
      capture,
      ...(nodePty === undefined ? {} : { nodePty }),
      origin,
      stop: settings.stopPauses,
      // VS Code keeps the terminal of a task by itself.
      hold: task === undefined && request.isBackground !== true,
      guardrails: readSessionGuardrails(logger, scope),
      ...(program.type === "playbook" ? await this.#batches(scope) : {}),
    };
  }
}

function programToLaunch({ start, task, playbook }: LaunchRequest): LaunchedProgram {
  if (start.type === "program") return playbook === undefined ? start.program : { ...start.program, ...playbook };
  const original = task && executionOf(task.task);
  if (!original) throw new Error(vscode.l10n.t("The task {0} runs nothing that can be traced.", start.name));
  return programOf(original);
}

/** What VS Code's own processes tell each other is none of a program's, as in its terminals. */
function outsideEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(?:VSCODE|ELECTRON)_/i.test(name)));
}

function startTerminal(launch: Launch, command: SessionCommand): vscode.Terminal {
  const terminal = vscode.window.createTerminal({
    name: oneLine(launch.title, longestName),
    shellPath: command.file,
    shellArgs: [...command.args],
    cwd: launch.cwd,
    env: { ...command.env },
    iconPath: new vscode.ThemeIcon("pulse"),
  });
  terminal.show(true);
  return terminal;
}

/** As tasks of VS Code do; where the person wants to be asked, nothing is saved: there is no second question. */
async function saveEdited(): Promise<void> {
  const when = vscode.workspace.getConfiguration("task").get("saveBeforeRun");
  if (when !== "never" && when !== "prompt") await vscode.workspace.saveAll(false);
}

/** @param why in words, or the exit code of the session process */
function tellNotStarted(title: string, why: string | number | undefined): void {
  const message =
    why === undefined
      ? vscode.l10n.t("{0} was not started.", title)
      : typeof why === "string"
        ? vscode.l10n.t("{0} was not started: {1}", title, why)
        : vscode.l10n.t("{0} was not started: the session process ended with {1}.", title, why);
  void vscode.window.showErrorMessage(plainText(message));
}
