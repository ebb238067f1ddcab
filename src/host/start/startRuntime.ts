// All that is needed once a session is or was started here, loaded only then: what runs, what can be started again, and
// what the commands do with it.

import * as path from "node:path";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { isInside } from "../../store/insideFolder";
import { plainText } from "../../trace/plainText";
import { triggerBatch } from "../batch/trigger/triggerBatch";
import { contextKeys } from "../ids";
import { openTraceEditor } from "../panel/traceEditor";
import { playbookToRun } from "../playbook/run/pickPlaybook";
import { PlaybookRunner } from "../playbook/run/playbookRunner";
import { isResumable, sessionToResume } from "../playbook/run/resumable";
import { entryTimeMs } from "../sessions/sessionRows";
import { setContext } from "../sessions/sessionsView";
import { readSettings } from "../settings";
import { isClaimAlive, LaunchFolder } from "./launchFolder";
import { LaunchHistory } from "./launchHistory";
import type { LaunchRecord } from "./launchRecord";
import type { LaunchRequest } from "./launchRequest";
import { openStarted } from "./panelPlace";
import { collectRequest, commandRequest, taskRequest } from "./requests";
import { requireTrust } from "./restrictedMode";
import { pickRunning } from "./runningPick";
import { RunningSessions } from "./runningSessions";
import { RunningStatus } from "./runningStatus";
import { installSessionControl, type SessionControl } from "./sessionControl";
import { SessionLauncher } from "./sessionLauncher";
import { launchesPath, type SessionStartParts } from "./sessionStartParts";
import { startArguments } from "./startArguments";
import { StartPick } from "./startPick";
import { stopSession } from "./stopSession";
import { isReferenced, listTasks } from "./tasks";

export class StartRuntime implements SessionControl, Disposable {
  readonly #parts: SessionStartParts;
  readonly #launches: LaunchFolder;
  readonly #owned = new DisposableStore();
  readonly #changes = this.#owned.add(new Emitter<void>());
  readonly #history: LaunchHistory;
  readonly #running: RunningSessions;
  readonly #launcher: SessionLauncher;
  readonly #playbooks: PlaybookRunner;

  constructor(parts: SessionStartParts) {
    const { store, registry, starter, logger, workspaceState, storage } = parts;
    this.#parts = parts;
    this.#launches = new LaunchFolder(launchesPath(storage));
    this.#history = this.#owned.add(new LaunchHistory(workspaceState));
    this.#running = this.#owned.add(new RunningSessions(store, logger));
    this.#owned.add(new RunningStatus(this.#running));
    this.#launcher = new SessionLauncher({
      program: parts.program,
      storage,
      launches: this.#launches,
      history: this.#history,
      running: this.#running,
      logger,
      secrets: parts.secrets,
      watch: (directory) => starter.include(directory),
      openPanel: (key) => openStarted(key, registry, readSettings(logger).openOnStart),
      onLaunched: (session) => parts.onLaunched(session),
    });
    this.#playbooks = new PlaybookRunner({
      tools: parts.playbookTools,
      secrets: parts.secrets,
      logger,
      launch: (request) => this.#launcher.launch(request),
    });
    this.#owned.add(this.#history.onDidChange(() => this.#onChange()));
    this.#owned.add(this.#running.onDidChange(() => this.#onChange()));
    this.#owned.add(installSessionControl(this, this.#changes.event));
    this.#onChange();
  }

  /** Finds what still runs of before a reload, and removes the launches that nobody needs any more. */
  async findRunning(): Promise<void> {
    const { starter, logger } = this.#parts;
    const process = (pid: number) => this.#running.process(pid);
    for (const { path: launchPath, launch, claim } of await this.#launches.list()) {
      if (!launch || !claim || !isClaimAlive(claim, process)) continue;
      // Other windows have launches in this folder, too.
      if (!starter.directories.some((directory) => isInside(directory, claim.path ?? launch.directory))) continue;
      logger.info(`Found a running session: ${launchPath}`);
      starter.start();
      const key = claim.path ?? this.#history.records.find(({ id }) => id === launch.id)?.key ?? "";
      const startedMs = Date.parse(claim.claimedAt) || Date.now();
      this.#running.add({ launch, launchPath, key, startedMs, claim, terminal: undefined });
    }
    for (const removed of await this.#launches.cleanUp(Date.now(), process)) logger.debug(`Removed ${removed}`);
  }

  /** @param argument of a keybinding: what to start, without a pick */
  async startSession(argument: unknown): Promise<void> {
    const { store, starter, logger } = this.#parts;
    const wanted = startArguments(argument);
    if (wanted && "command" in wanted) {
      await this.#launcher.launch(commandRequest(wanted.command, activePath()));
      return;
    }
    if (wanted) return this.#startTask(({ name }) => name === wanted.task, wanted.task);
    starter.start();
    await new StartPick({
      records: this.#history.records,
      outcome: (key) => {
        const entry = store.entry(key);
        return entry && { status: entry.state.status, atMs: entryTimeMs(entry) };
      },
      onDidChangeOutcomes: (listener) => store.onDidChange(listener),
      logger,
      start: (request) => this.#launcher.launch(request),
      startAgain: (record) => this.#startAgain(record),
      startPlaybook: (path) => this.#playbooks.run(path),
    }).show();
  }

  /** @param asked of a playbook; the one in front or a pick where left out */
  async runPlaybook(asked: string | undefined): Promise<void> {
    this.#parts.starter.start();
    const path = asked ?? (await playbookToRun());
    if (path !== undefined) await this.#playbooks.run(path);
  }

  /** @param asked path of a playbook; a task is picked where left out */
  async triggerBatch(asked: string | undefined): Promise<void> {
    const { playbookTools, storage, logger, secrets, starter } = this.#parts;
    starter.start();
    const launch = (request: LaunchRequest) => this.#launcher.launch(request);
    await triggerBatch(asked, { tools: playbookTools(), storage, logger, secrets, launch });
  }

  /** @param asked key of a session; the last run that failed where left out */
  async resumePlaybook(asked: {
    readonly key?: string | undefined;
    readonly path?: string | undefined;
  }): Promise<void> {
    const { registry, starter, store } = this.#parts;
    starter.start();
    await store.ready;
    const active = registry.active?.model.key;
    const front = active !== undefined && isResumable(store.entry(active)) ? active : undefined;
    const key =
      asked.key ?? (asked.path === undefined ? front : undefined) ?? sessionToResume(store.entries(), asked.path);
    if (key !== undefined) await this.#playbooks.resume(key);
    else tell(vscode.l10n.t("No run of a playbook failed that could be resumed."));
  }

  async collectOnly(): Promise<void> {
    await this.#launcher.launch(collectRequest());
  }

  /** @param key of the session; the last one where left out */
  async runAgain(key: string | undefined): Promise<void> {
    if (!requireTrust()) return;
    const record = key === undefined ? this.#history.records[0] : this.#history.of(key);
    if (record) await this.#startAgain(record);
    else if (key === undefined) await this.startSession(undefined);
    else tell(vscode.l10n.t("What was started here is not known any more. Start it from the list."));
  }

  async stop(key: string): Promise<void> {
    const session = this.#running.of(key);
    const { claim, launch } = session ?? {};
    if (!claim || !launch) {
      tell(vscode.l10n.t("This session does not run, or was not started from this window."));
      return;
    }
    const result = await stopSession(
      claim,
      (pid) => this.#running.process(pid),
      (pid) => process.kill(pid, "SIGTERM"),
    );
    this.#parts.logger.info(`Stopping ${launch.id}: ${result}`);
    if (result === "gone") return;
    const message = vscode.l10n.t("Stopping {0}. Stop it again to be less patient.", launch.title);
    vscode.window.setStatusBarMessage(plainText(message), 5_000);
  }

  async revealTerminal(key: string): Promise<void> {
    const terminal = this.#running.terminalOf(key);
    if (terminal) terminal.show(false);
    else tell(vscode.l10n.t("The terminal of this session is closed."));
  }

  canRunAgain(key: string): boolean {
    return vscode.workspace.isTrusted && this.#history.of(key) !== undefined;
  }

  canStop(key: string): boolean {
    return vscode.workspace.isTrusted && this.#running.of(key) !== undefined;
  }

  hasTerminal(key: string): boolean {
    return this.#running.terminalOf(key) !== undefined;
  }

  /** The only one that runs, or the one that is picked. */
  async runningKey(question: string): Promise<string | undefined> {
    const [first, ...others] = this.#running.all;
    if (first && others.length === 0) return first.key;
    return await this.pickRunning(question);
  }

  async pickRunning(question: string): Promise<string | undefined> {
    if (this.#running.all.length === 0) {
      tell(vscode.l10n.t("No session runs that was started from this window."));
      return undefined;
    }
    return await pickRunning({ running: this.#running, control: this, logger: this.#parts.logger }, question);
  }

  async showRunning(): Promise<void> {
    const key = await this.pickRunning(vscode.l10n.t("Open which running session?"));
    if (key !== undefined) await openTraceEditor(key);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #startAgain(record: LaunchRecord): Promise<void> {
    const { title, origin, start } = record;
    if (start.type === "program" && start.program.type === "playbook") return this.#playbooks.runAgain(record);
    if (start.type === "program") await this.#launcher.launch({ title, origin, start });
    else await this.#startTask((task) => isReferenced(task, start), start.name);
  }

  async #startTask(isWanted: (task: vscode.Task) => boolean, name: string): Promise<void> {
    const found = (await listTasks()).find(({ task }) => isWanted(task));
    if (!found) throw new Error(vscode.l10n.t("There is no task {0}.", name));
    if (found.untraceable) throw new Error(vscode.l10n.t("The task {0} can't be traced.", name));
    await this.#launcher.launch(taskRequest(found));
  }

  #onChange(): void {
    void setContext(contextKeys.hasRunning, this.#running.all.length > 0);
    void setContext(contextKeys.hasLaunches, this.#history.records.length > 0);
    this.#changes.fire();
  }
}

function activePath(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === "file" ? path.normalize(uri.fsPath) : undefined;
}

function tell(message: string): void {
  void vscode.window.showInformationMessage(plainText(message));
}
