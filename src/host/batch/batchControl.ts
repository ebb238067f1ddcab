// What a person has done with a batch: the process that runs it is asked. Where nobody runs it, a process is started that
// takes it over, in the background, so that it outlives the window; only one thing is under way for a batch at a time.

import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import * as z from "zod/mini";
import type { Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { describeError, type Logger } from "../../base/logger";
import type { BatchAction } from "../../protocol/batchMessages";
import { type RemoteEngine, triggerEngineName } from "../../session/batch/remoteEngineSchema";
import type { FollowedBatch } from "../../store/batches/followedBatch";
import { batchFolder, parseBatchLogName } from "../../trace/batch/batchIds";
import type { BatchWriter } from "../../trace/batch/batchRecord";
import { type BatchSummary, summarizeBatch } from "../../trace/batch/batchSummary";
import { plainText } from "../../trace/plainText";
import { fileFolders } from "../directories";
import { requireTrust } from "../start/restrictedMode";
import { folderOf } from "../start/traceFolder";
import type { BatchEndpoint, BatchRunners } from "./batchRunners";

export interface BatchControlOptions {
  readonly runners: BatchRunners;
  readonly logger: Logger;
  /** Path of `dist/cli.js`. */
  readonly program: string;
  /** The extension's own folder. */
  readonly storage: string;
  /** Of batches that trigger.dev runs. @param folder of the workspace */
  remote(folder: string): Promise<RemoteEngine | undefined>;
}

/** A batch that something is to be done with. */
export interface ControlledBatch {
  /** Path of its log, whose name tells its id. */
  readonly key: string;
  /** As the log names it now. */
  readonly writer: () => BatchWriter | undefined;
  readonly summary: () => BatchSummary;
}

export function controlledBatch({ batch }: { readonly batch: FollowedBatch }): ControlledBatch {
  return { key: batch.key, writer: () => batch.state.writer, summary: () => summarizeBatch(batch.state) };
}

const verbs: Readonly<Record<BatchAction, "cancel" | "pause" | "resume" | "retry">> = {
  cancel: "cancel",
  pause: "pause",
  unpause: "resume",
  retryFailed: "retry",
  goOn: "resume",
};

const answerLimitMs = 30_000;
const lookEveryMs = 100;
const by = "VS Code";
const answerSchema = z.object({
  isChanged: z.optional(z.boolean()),
  message: z.optional(z.string()),
  error: z.optional(z.string()),
});

export class BatchControl implements Disposable {
  readonly #options: BatchControlOptions;
  readonly #underWay = new Map<string, BatchAction>();
  readonly #changes = new Emitter<string>();

  constructor(options: BatchControlOptions) {
    this.#options = options;
  }

  /** Something begins or ends: the path of the batch's log. */
  readonly onDidChange = this.#changes.event;

  underWay(key: string): BatchAction | undefined {
    return this.#underWay.get(key);
  }

  /** @param indexes of the runs to retry; all that failed where left out. Rejects with words for the person */
  async run(batch: ControlledBatch, action: BatchAction, indexes?: readonly number[]): Promise<void> {
    if (!requireTrust() || this.#underWay.has(batch.key)) return;
    this.#underWay.set(batch.key, action);
    this.#changes.fire(batch.key);
    try {
      const { type } = await this.#options.runners.look(batch.key, batch.writer());
      const endpoint = this.#options.runners.endpoint(batch.key);
      if (type === "gone") await this.#takeOver(batch, action, indexes);
      else if (endpoint === undefined)
        throw new Error(vscode.l10n.t("The process that runs this batch can't be asked."));
      else await this.#ask(batch, endpoint, action, indexes);
    } finally {
      this.#underWay.delete(batch.key);
      await this.#options.runners.look(batch.key, batch.writer());
      this.#changes.fire(batch.key);
    }
  }

  dispose(): void {
    this.#changes.dispose();
  }

  async #ask(
    { key }: ControlledBatch,
    { url, token }: BatchEndpoint,
    action: BatchAction,
    indexes: readonly number[] | undefined,
  ): Promise<void> {
    const path = `/api/v1/batches/${encodeURIComponent(idOf(key))}/${verbs[action]}`;
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ by, ...(indexes === undefined ? {} : { indexes }) }),
      // What answers elsewhere is none of the batch's.
      redirect: "error",
      signal: AbortSignal.timeout(answerLimitMs),
    }).catch((error: unknown) => {
      throw new Error(vscode.l10n.t("The process that runs this batch does not answer: {0}", describeError(error)), {
        cause: error,
      });
    });
    const answer = answerSchema.safeParse(await response.json().catch(() => undefined)).data ?? {};
    if (!response.ok) {
      throw new Error(
        answer.error ?? vscode.l10n.t("The process that runs this batch answered with {0}.", response.status),
      );
    }
    if (answer.isChanged === false && answer.message !== undefined) {
      void vscode.window.showInformationMessage(plainText(answer.message));
    }
  }

  /** Resolves once that process has the batch, or has done with it. */
  async #takeOver(batch: ControlledBatch, action: BatchAction, indexes: readonly number[] = []): Promise<void> {
    const { runners, logger, program, storage } = this.#options;
    const directory = join(batch.key, "..", "..");
    const folders = fileFolders().map(({ path }) => path);
    const folder = folderOf(directory, folders) ?? directory;
    const engine = batch.summary().engine === triggerEngineName ? await this.#options.remote(folder) : undefined;
    const scratch = join(storage, batchFolder);
    const errors = join(scratch, `${randomBytes(6).toString("hex")}.txt`);
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const file = await open(errors, "wx", 0o600);
    try {
      const { spawn } = await import("node:child_process");
      const runs = indexes.flatMap((index) => ["--run", String(index + 1)]);
      const words = ["batch", verbs[action], "--quiet", "--dir", directory, ...runs, "--", idOf(batch.key)];
      logger.info(`Taking over a batch: ${words.join(" ")}`);
      // The editor's own Node: nothing need be installed for it.
      const child = spawn(process.execPath, [program, ...words], {
        cwd: folder,
        env: { ...process.env, ...variablesOf(engine), ELECTRON_RUN_AS_NODE: "1" },
        detached: true,
        stdio: ["ignore", "ignore", file.fd],
        windowsHide: true,
      });
      const exit = new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", resolve);
      });
      let isOver = false;
      let code: number | null = null;
      exit.then(
        (exitCode) => {
          isOver = true;
          code = exitCode;
        },
        () => {
          isOver = true;
        },
      );
      const deadlineMs = performance.now() + answerLimitMs;
      while (!isOver && performance.now() < deadlineMs) {
        const { type, pid } = await runners.look(batch.key, batch.writer());
        if (type === "alive" && pid === child.pid) break;
        await delay(lookEveryMs);
      }
      child.unref();
      if (isOver) {
        await exit;
        const said = (await readFile(errors, "utf8").catch(() => "")).trim();
        if (code !== 0 && said !== "") throw new Error(said.split(/\r?\n/)[0] ?? said);
        if (code !== 0 && !batch.summary().isFinal) {
          throw new Error(vscode.l10n.t("The process that was to take the batch over ended with {0}.", code ?? "?"));
        }
      }
    } finally {
      await file.close();
      await rm(errors, { force: true });
    }
  }
}

function variablesOf(engine: RemoteEngine | undefined): Record<string, string> {
  // Without a key that is kept both are the environment's: its key is for its own address.
  if (engine?.key === undefined) return {};
  return { TRIGGER_API_URL: engine.url, TRIGGER_SECRET_KEY: engine.key };
}

function idOf(key: string): string {
  const id = parseBatchLogName(basename(key));
  if (id === undefined) throw new Error(vscode.l10n.t("This file is not named as the log of a batch is."));
  return id;
}
