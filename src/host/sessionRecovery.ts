// Brings crashed sessions to their end when the window is idle, and on demand. The work is done by the command line in a
// process of its own: a journal may be large, and the window must not wait for it. Nothing runs in Restricted Mode.

import { readdir } from "node:fs/promises";
import * as vscode from "vscode";
import { type Disposable, toDisposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { plainText } from "../trace/plainText";
import { parseTraceFileName } from "../trace/safeId";
import { inBackground } from "./commandEdge";

/** One line of `tracekeeper recover --json`, as far as it is used here. */
interface RecoveryLine {
  readonly directory: string;
  readonly safeId?: string;
  readonly action?: string;
  readonly state?: string;
  readonly recoveredRecords?: number;
  readonly lostRecords?: number;
  readonly problems?: readonly { readonly message: string; readonly file?: string; readonly offsetBytes?: number }[];
  readonly error?: string;
}

export interface RecoveryParts {
  readonly logger: Logger;
  /** Path of `dist/cli.js`. */
  readonly program: string;
  directories(): readonly string[];
  /** The list of sessions has been read. */
  readonly ready: Promise<void>;
}

export class SessionRecovery implements Disposable {
  readonly #parts: RecoveryParts;
  readonly #running = new Set<Disposable>();
  #isDisposed = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    const run = () => inBackground(parts.logger, "Recovery", () => this.#recoverWhereNeeded());
    const trusted = vscode.workspace.onDidGrantWorkspaceTrust(run);
    this.#running.add(trusted);
    parts.ready.then(run, () => undefined);
  }

  /** The command: tells what was found, also when that is nothing. */
  async recoverNow(): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t("Tracekeeper recovers sessions only in a trusted workspace."),
      );
      return;
    }
    const lines = await this.#run(await this.#needed());
    const recovered = lines.filter(({ action }) => action === "folded" || action === "marked" || action === "cleaned");
    const failed = lines.filter(({ action, error }) => action === "failed" || (action === undefined && error));
    const unknown = lines.filter(({ action }) => action === "unknown");
    const parts = [
      recovered.length === 1
        ? vscode.l10n.t("Recovered 1 session.")
        : recovered.length > 1
          ? vscode.l10n.t("Recovered {0} sessions.", recovered.length)
          : vscode.l10n.t("No session needs recovery."),
      ...(unknown.length > 0
        ? [
            vscode.l10n.t(
              "{0} may still be written by another machine or container and were left alone.",
              unknown.length,
            ),
          ]
        : []),
      ...(failed.length > 0 ? [vscode.l10n.t("{0} could not be recovered; the log says why.", failed.length)] : []),
    ];
    const show = failed.length > 0 ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    void show(plainText(parts.join(" ")));
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const each of this.#running) each.dispose();
    this.#running.clear();
  }

  async #recoverWhereNeeded(): Promise<void> {
    if (this.#isDisposed || !vscode.workspace.isTrusted) return;
    const needed = await this.#needed();
    if (!this.#isDisposed) await this.#run(needed);
  }

  /** Directories that hold what a session leaves that was cut off, told by names alone. */
  async #needed(): Promise<readonly string[]> {
    const needed: string[] = [];
    for (const directory of this.#parts.directories()) {
      const names = await readdir(directory).catch(() => []);
      if (names.some(isLeftBehind)) needed.push(directory);
    }
    return needed;
  }

  async #run(directories: readonly string[]): Promise<readonly RecoveryLine[]> {
    if (directories.length === 0) return [];
    // Loaded when there is something to recover, which is seldom.
    const [{ spawn }, { createInterface }] = await Promise.all([import("node:child_process"), import("node:readline")]);
    // The editor's own Node: nothing need be installed for it.
    const child = spawn(process.execPath, [this.#parts.program, "recover", "--json", "--", ...directories], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const running = toDisposable(() => child.kill());
    this.#running.add(running);
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      if (stderr.length < 4000) stderr += data.toString();
    });
    const lines: RecoveryLine[] = [];
    const exit = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    try {
      for await (const text of createInterface({ input: child.stdout })) {
        const line = this.#parse(text);
        if (line) lines.push(line);
      }
      const code = await exit;
      if (code !== 0 && !this.#isDisposed && lines.length === 0) {
        throw new Error(stderr.trim() || `The recovery ended with exit code ${code}`);
      }
    } finally {
      this.#running.delete(running);
    }
    return lines;
  }

  #parse(text: string): RecoveryLine | undefined {
    const { logger } = this.#parts;
    try {
      const line = JSON.parse(text) as RecoveryLine;
      const { safeId = "", action = "", state, recoveredRecords = 0, lostRecords = 0, error } = line;
      if (error !== undefined) logger.error(`Recovery of ${safeId || line.directory}: ${error}`);
      else if (action !== "nothing" && action !== "live") {
        const counts = `${recoveredRecords} records recovered, ${lostRecords} lost`;
        logger.info(`Recovery of ${safeId}: ${action}${state === undefined ? "" : `, ${state}`}, ${counts}`);
      }
      for (const { message, file, offsetBytes } of line.problems ?? []) {
        const place = `${file ?? safeId}${offsetBytes === undefined ? "" : `, byte ${offsetBytes}`}`;
        logger.info(`  ${place}: ${message}`);
      }
      return line;
    } catch (error) {
      logger.warn(`The recovery said something that can't be read: ${describeError(error)}`);
      return undefined;
    }
  }
}

/** What only a session leaves that is under way or was cut off. */
function isLeftBehind(name: string): boolean {
  const { type } = parseTraceFileName(name);
  return type === "journal" || type === "live" || type === "temp";
}
