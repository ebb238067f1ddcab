// Starting sessions, as seen from activation: commands that load the rest when they are used, and a look, once the window
// is idle, whether something is there from before. Nothing is looked at or loaded in Restricted Mode.

import { readdir } from "node:fs/promises";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { inBackground } from "../commandEdge";
import { requireTrust } from "./restrictedMode";
import { canRunAgain, canStop, hasTerminal } from "./sessionControl";
import { launchesKey, launchesPath, type SessionStartParts } from "./sessionStartParts";
import type { StartRuntime } from "./startRuntime";

export class SessionStart implements Disposable {
  readonly #parts: SessionStartParts;
  readonly #owned = new DisposableStore();
  #runtime: Promise<StartRuntime> | undefined;

  constructor(parts: SessionStartParts) {
    this.#parts = parts;
    const look = () => inBackground(parts.logger, "Looking for running sessions", () => this.#look());
    const idle = setImmediate(look);
    this.#owned.add({ dispose: () => clearImmediate(idle) });
    this.#owned.add(vscode.workspace.onDidGrantWorkspaceTrust(look));
  }

  async startSession(argument: unknown): Promise<void> {
    if (requireTrust()) await (await this.#load()).startSession(argument);
  }

  async collectOnly(): Promise<void> {
    if (requireTrust()) await (await this.#load()).collectOnly();
  }

  /** @param clicked key of the session that the command was used on */
  async runAgain(clicked: string | undefined): Promise<void> {
    if (requireTrust()) await (await this.#load()).runAgain(clicked ?? this.#activeKey(canRunAgain));
  }

  /** @param clicked path of the playbook that the command was used on */
  async runPlaybook(clicked: string | undefined): Promise<void> {
    if (requireTrust()) await (await this.#load()).runPlaybook(clicked);
  }

  /** @param clicked path of the playbook that the command was used on */
  async triggerBatch(clicked: string | undefined): Promise<void> {
    if (requireTrust()) await (await this.#load()).triggerBatch(clicked);
  }

  /** @param clicked the session, or the playbook, that the command was used on */
  async resumePlaybook(clicked: {
    readonly key?: string | undefined;
    readonly path?: string | undefined;
  }): Promise<void> {
    if (requireTrust()) await (await this.#load()).resumePlaybook(clicked);
  }

  async stopSession(clicked: string | undefined): Promise<void> {
    if (!requireTrust()) return;
    const runtime = await this.#load();
    const question = vscode.l10n.t("Stop which session?");
    const key = clicked ?? this.#activeKey(canStop) ?? (await runtime.runningKey(question));
    if (key !== undefined) await runtime.stop(key);
  }

  async revealTerminal(clicked: string | undefined): Promise<void> {
    if (!requireTrust()) return;
    const runtime = await this.#load();
    const question = vscode.l10n.t("Reveal the terminal of which session?");
    const key = clicked ?? this.#activeKey(hasTerminal) ?? (await runtime.runningKey(question));
    if (key !== undefined) await runtime.revealTerminal(key);
  }

  async showRunningSessions(): Promise<void> {
    if (requireTrust()) await (await this.#load()).showRunning();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #activeKey(suits: (key: string) => boolean): string | undefined {
    const key = this.#parts.registry.active?.model.key;
    return key !== undefined && suits(key) ? key : undefined;
  }

  async #look(): Promise<void> {
    if (this.#owned.isDisposed || !vscode.workspace.isTrusted) return;
    const launched = this.#parts.workspaceState.get<unknown>(launchesKey);
    const names = await readdir(launchesPath(this.#parts.storage)).catch(() => []);
    if (this.#owned.isDisposed || (names.length === 0 && launched === undefined)) return;
    await this.#load();
  }

  #load(): Promise<StartRuntime> {
    this.#runtime ??= this.#make();
    return this.#runtime;
  }

  async #make(): Promise<StartRuntime> {
    const { StartRuntime } = await import("./startRuntime");
    const runtime = this.#owned.add(new StartRuntime(this.#parts));
    // A folder that can't be read must not keep a new session from starting.
    inBackground(this.#parts.logger, "Finding running sessions", () => runtime.findRunning());
    return runtime;
  }
}
