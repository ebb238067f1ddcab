// A batch in its built page, with the host's own code at the other end of the messages: what the tests drive is what the
// person gets, but for VS Code around it. The log is bytes in memory that a test lets grow.
//
//   await using drive = await openBatch(browser, madeBatch({ runs: 40 }));
//   await drive.append(records);   // more of the log
//   drive.intents                  // what the page asked the host to do

import type { Browser, Page } from "playwright-core";
import type { Logger } from "../../src/base/logger";
import { BatchConnection, type BatchIntent } from "../../src/host/batch/batchConnection";
import type { Circumstances } from "../../src/host/batch/batchHeader";
import type { BatchViewState } from "../../src/protocol/batchMessages";
import { batchTexts } from "../../src/protocol/batchTexts";
import { FollowedBatch } from "../../src/store/batches/followedBatch";
import type { FileAccess, FileStamp } from "../../src/store/fileAccess";
import type { BatchRecord } from "../../src/trace/batch/batchRecord";
import { batchWordLabel } from "../../src/trace/batch/describeBatch";
import { encodeBatchLog } from "../support/batchLogs";
import { openPanelPage, type PanelPage, type PanelPageOptions } from "../support/panelPage";

export interface OpenBatchOptions extends Omit<PanelPageOptions, "page"> {
  readonly runner?: Circumstances["runner"] | undefined;
  readonly isTrusted?: boolean | undefined;
  readonly nowMs?: number | undefined;
  readonly hasTrace?: ((session: string) => boolean) | undefined;
  /** Where the host is asked to open the batch. */
  readonly reveal?: { readonly index: number; readonly attempt?: number } | undefined;
}

export const aliveRunner: Circumstances["runner"] = { type: "alive", pid: 4242, host: "build-7", isReachable: true };
export const goneRunner: Circumstances["runner"] = { type: "gone", pid: 4242, host: "build-7", isReachable: false };

/** A file in memory. */
export class MemoryLog {
  #bytes: Uint8Array;
  #inode = 1n;
  isMissing = false;
  records: number;

  constructor(records: readonly BatchRecord[] | Uint8Array) {
    this.#bytes = records instanceof Uint8Array ? records : encodeBatchLog(records);
    this.records = records instanceof Uint8Array ? 0 : records.length;
  }

  append(records: readonly BatchRecord[]): void {
    this.appendBytes(encodeBatchLog(records, this.records));
    this.records += records.length;
  }

  appendBytes(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }

  replace(records: readonly BatchRecord[]): void {
    this.#bytes = encodeBatchLog(records);
    this.records = records.length;
    this.#inode++;
  }

  get access(): FileAccess {
    const stamp = (): FileStamp => ({
      kind: "file",
      sizeBytes: this.#bytes.length,
      mtimeNs: BigInt(this.#bytes.length),
      ctimeNs: BigInt(this.#bytes.length),
      dev: 1n,
      ino: this.#inode,
      birthNs: 0n,
    });
    const missing = () => Object.assign(new Error("no such file"), { code: "ENOENT" });
    const read = (into: Uint8Array, offset: number): number => {
      const part = this.#bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    };
    return {
      list: async () => [],
      stat: async () => stamp(),
      readLink: async () => undefined,
      open: async () => {
        if (this.isMissing) throw missing();
        return {
          stat: async () => stamp(),
          read: async (into, at) => read(into, at),
          readSync: read,
          close: async () => {},
        };
      },
      watch: () => ({ close() {} }),
    };
  }
}

export class BatchDrive implements AsyncDisposable {
  readonly panel: PanelPage;
  readonly page: Page;
  readonly log: MemoryLog;
  readonly batch: FollowedBatch;
  readonly connection: BatchConnection;
  readonly intents: BatchIntent[] = [];
  readonly logged: string[] = [];
  circumstances: Circumstances;

  constructor(panel: PanelPage, log: MemoryLog, options: OpenBatchOptions) {
    this.panel = panel;
    this.page = panel.page;
    this.log = log;
    const write = (message: string) => {
      this.logged.push(message);
    };
    const logger: Logger = { trace: write, debug: write, info: write, warn: write, error: write };
    this.circumstances = {
      runner: options.runner ?? goneRunner,
      isTrusted: options.isTrusted ?? true,
      label: batchWordLabel,
    };
    this.batch = new FollowedBatch("/home/ann/shop/.tracekeeper/traces/batches/B.batch.ndjson", { access: log.access });
    this.batch.setWritten(this.circumstances.runner.type !== "gone");
    this.connection = new BatchConnection({
      batch: this.batch,
      panel: {
        webview: panel.webview,
        visible: true,
        onDidChangeViewState: () => ({ dispose() {} }),
      } as unknown as BatchConnection["panel"],
      logger,
      texts: batchTexts,
      timeZone: () => "Europe/Berlin",
      now: () => options.nowMs ?? Date.now(),
      circumstances: () => this.circumstances,
      hasTrace: options.hasTrace ?? (() => true),
      onIntent: (intent) => this.intents.push(intent),
    });
    if (options.reveal !== undefined) this.connection.reveal(options.reveal.index, options.reveal.attempt);
  }

  /** More of the log; resolves when the page has drawn it. */
  async append(records: readonly BatchRecord[]): Promise<void> {
    this.log.append(records);
    await this.updated();
  }

  async updated(): Promise<void> {
    await this.batch.update();
    await this.drawn();
  }

  /** Two frames later: the messages before this call have arrived and are on the screen. */
  async drawn(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  async setCircumstances(change: Partial<Circumstances>): Promise<void> {
    this.circumstances = { ...this.circumstances, ...change };
    this.batch.setWritten(this.circumstances.runner.type !== "gone");
    this.connection.refresh();
    await this.drawn();
  }

  async viewState(): Promise<BatchViewState> {
    return (await this.page.evaluate(() => {
      const scope = globalThis as unknown as { acquireVsCodeApi(): { getState(): unknown } };
      return scope.acquireVsCodeApi().getState();
    })) as BatchViewState;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.dispose();
    this.batch.dispose();
    await this.panel.close();
  }
}

/** Opens the page and waits until it shows the batch, or why it can't. */
export async function openBatch(
  browser: Browser,
  records: readonly BatchRecord[] | MemoryLog,
  options: OpenBatchOptions = {},
): Promise<BatchDrive> {
  const panel = await openPanelPage(browser, { ...options, page: "batch" });
  const drive = new BatchDrive(panel, records instanceof MemoryLog ? records : new MemoryLog(records), options);
  await drive.batch.update();
  await panel.page.locator(".status-line, .notice-page").first().waitFor();
  await drive.drawn();
  return drive;
}
