// The collector as a person sees it: started by a command or a setting, shown in the status bar, its address for copying and
// in new terminals, its sessions in the view. The work is done in a process of its own, which all windows share.

import { join } from "node:path";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { launchCollector } from "../../collector/collectorProcess";
import { type CollectorState, SharedCollector } from "../../collector/sharedCollector";
import { environmentLines } from "../../session/collectingText";
import { plainText } from "../../trace/plainText";
import { batchInstallation, hasEngineKey } from "../batchEngine";
import { inBackground } from "../commandEdge";
import { commandIds } from "../ids";
import type { KeptSecrets } from "../playbook/run/keptSecrets";
import { readSettings, settingChanged } from "../settings";
import type { StoreStarter } from "../storeStarter";
import { collectorBatches } from "./collectorBatches";
import { collectorEnvironment } from "./collectorEnvironment";

export interface CollectorControlParts {
  readonly starter: Pick<StoreStarter, "include">;
  readonly logger: Logger;
  /** The extension's, shared by all windows. */
  readonly storage: string;
  /** Path of `dist/collector.js`. */
  readonly program: string;
  readonly secrets: KeptSecrets;
  readonly terminals: vscode.GlobalEnvironmentVariableCollection;
}

type Running = Extract<CollectorState, { type: "running" }>;

export class CollectorControl implements Disposable {
  readonly #parts: CollectorControlParts;
  readonly #owned = new DisposableStore();
  #shared: SharedCollector | undefined;
  #item: vscode.StatusBarItem | undefined;

  constructor(parts: CollectorControlParts) {
    this.#parts = parts;
    // What an earlier window may have left behind, should it have been killed.
    parts.terminals.persistent = false;
    this.#owned.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (settingChanged(event, "collectorAutoStart")) this.#startIfWanted();
        if (settingChanged(event, "collectorTerminals")) this.#setTerminals();
      }),
    );
    this.#owned.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.#startIfWanted()));
    const idle = setImmediate(() => this.#startIfWanted());
    this.#owned.add({ dispose: () => clearImmediate(idle) });
  }

  dispose(): void {
    this.#shared?.dispose();
    this.#parts.terminals.clear();
    this.#owned.dispose();
  }

  /** The command. */
  async start(): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Tracekeeper collects only in a trusted workspace."));
      return;
    }
    const before = this.#running;
    const { logger, secrets } = this.#parts;
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
    const url = before === undefined ? batchInstallation(logger, folder?.uri) : undefined;
    if (url !== undefined && !(await hasEngineKey(url, secrets))) return;
    const state = await this.#start();
    if (state.type === "failed") throw new Error(vscode.l10n.t("The collector can't be started: {0}", state.message));
    if (state.type !== "running") return;
    const copy = vscode.l10n.t("Copy Environment");
    const connect = vscode.l10n.t("Connect Your Agent");
    const address = addressOf(state);
    const words =
      before !== undefined
        ? vscode.l10n.t("The collector is running at {0}.", address)
        : this.#isOtherPort(state)
          ? vscode.l10n.t("The collector runs at {0}, because another program has port {1}.", address, this.#port)
          : vscode.l10n.t("The collector runs at {0}.", address);
    // Nobody has to answer before the command is done.
    void vscode.window.showInformationMessage(plainText(words), copy, connect).then((choice) => {
      if (choice === copy) return vscode.commands.executeCommand(commandIds.copyCollectorEnvironment);
      if (choice === connect) return vscode.commands.executeCommand(commandIds.connectAgent);
      return undefined;
    });
  }

  /** The command: ends it for all windows. */
  async stop(): Promise<void> {
    if (this.#running === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("The collector is not running."));
      return;
    }
    await this.#shared?.stop();
    vscode.window.setStatusBarMessage(vscode.l10n.t("The collector has ended"), 5_000);
  }

  /** The command: lines for a shell. */
  async copyEnvironment(): Promise<void> {
    const running = this.#running ?? (await this.#startAsked());
    if (running === undefined) return;
    const lines = environmentLines(collectorEnvironment(addressOf(running)));
    await vscode.env.clipboard.writeText(lines.replaceAll(/^ +/gm, ""));
    vscode.window.setStatusBarMessage(vscode.l10n.t("Copied: set these lines where your program starts"), 6_000);
  }

  /** The command of the status bar: what can be done with it. */
  async show(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return this.start();
    const copy = { label: `$(copy) ${vscode.l10n.t("Copy Environment")}`, id: commandIds.copyCollectorEnvironment };
    const connect = { label: `$(plug) ${vscode.l10n.t("Connect Your Agent")}`, id: commandIds.connectAgent };
    const stop = { label: `$(debug-stop) ${vscode.l10n.t("Stop Collector")}`, id: commandIds.stopCollector };
    const title = plainText(vscode.l10n.t("Collector at {0}", addressOf(running)));
    const picked = await vscode.window.showQuickPick([copy, connect, stop], { title });
    if (picked) await vscode.commands.executeCommand(picked.id);
  }

  get #running(): Running | undefined {
    const state = this.#shared?.state;
    return state?.type === "running" ? state : undefined;
  }

  get #port(): number {
    return readSettings(this.#parts.logger).collectorPort;
  }

  #isOtherPort({ port }: Running): boolean {
    return this.#port !== 0 && port !== this.#port;
  }

  async #startAsked(): Promise<Running | undefined> {
    await this.start();
    return this.#running;
  }

  #startIfWanted(): void {
    if (this.#owned.isDisposed || !vscode.workspace.isTrusted) return;
    const { logger } = this.#parts;
    if (!readSettings(logger).collectorAutoStart) return;
    inBackground(logger, "The collector", async () => {
      const state = await this.#start();
      if (state.type === "failed") logger.error(`The collector can't be started: ${state.message}`);
    });
  }

  async #start(): Promise<CollectorState> {
    this.#shared ??= this.#make();
    return await this.#shared.start();
  }

  #make(): SharedCollector {
    const { storage, program, secrets, logger } = this.#parts;
    const directory = join(storage, "traces");
    const file = join(storage, "collector.json");
    const shared = new SharedCollector({
      port: this.#port,
      directory,
      file,
      launch: async (port) => {
        const batches = await collectorBatches(storage, port, secrets, logger);
        return await launchCollector(program, { port, directory, file, batches }, (message) =>
          logger.warn(`The collector: ${message}`),
        );
      },
    });
    shared.onDidChange((state) => this.#changed(state));
    return shared;
  }

  #changed(state: CollectorState): void {
    const { logger, starter } = this.#parts;
    if (state.type === "running") {
      logger.info(`The collector ${state.isOwn ? "runs" : "of another window runs"} at ${addressOf(state)}`);
      starter.include(state.directory);
    } else if (state.type === "failed") logger.error(`The collector: ${state.message}`);
    else logger.info(`The collector: ${state.type}`);
    // With the next start the settings may be others.
    if (state.type === "off" || state.type === "failed") this.#shared = undefined;
    this.#setTerminals();
    this.#draw();
  }

  #setTerminals(): void {
    const { terminals, logger } = this.#parts;
    terminals.clear();
    const running = this.#running;
    if (running === undefined || !readSettings(logger).collectorTerminals) return;
    terminals.description = vscode.l10n.t("Sends the traces of programs to Tracekeeper's collector");
    for (const [name, value] of Object.entries(collectorEnvironment(addressOf(running))))
      terminals.replace(name, value);
  }

  #draw(): void {
    const running = this.#running;
    if (running === undefined || this.#owned.isDisposed) return this.#item?.hide();
    if (this.#item === undefined) {
      this.#item = this.#owned.add(
        vscode.window.createStatusBarItem("tracekeeper.collecting", vscode.StatusBarAlignment.Left),
      );
      this.#item.name = vscode.l10n.t("Collector");
      this.#item.command = commandIds.showCollector;
    }
    const address = addressOf(running);
    this.#item.text = `$(inbox) ${running.port}`;
    const where = running.isOwn
      ? vscode.l10n.t("Collecting spans at {0}", address)
      : vscode.l10n.t("Collecting spans at {0}, in another window", address);
    this.#item.tooltip = plainText(where);
    this.#item.accessibilityInformation = { label: plainText(where) };
    this.#item.show();
  }
}

function addressOf({ port }: Running): string {
  return `http://127.0.0.1:${port}`;
}
