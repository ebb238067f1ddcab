// A panel as it is in VS Code, of the parts of the product: the built reader in its worker, the store that watches, the
// host's connection, and the built page in Chromium, to which messages go as bytes.
//
//   await using host = await PanelHost.start(browser, [folder.path]);
//   await using panel = await host.open(path);
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { Browser, CDPSession, Page } from "playwright-core";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { PanelConnection } from "../../src/host/panel/panelConnection";
import { TraceModel } from "../../src/host/panel/traceModel";
import { webviewTexts } from "../../src/protocol/webviewTexts";
import { ReaderClient } from "../../src/reader/readerClient";
import { workerPort } from "../../src/reader/workerPort";
import { TraceStore } from "../../src/store/traceStore";
import { openPanelLink, type PanelLink } from "../support/panelLink";

const logger = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
const shownMs = 120_000;

/** What an extension has once; `dist` is built. */
export class PanelHost implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #store: TraceStore;
  readonly #reader: ReaderClient;
  #worker: Worker | undefined;

  private constructor(browser: Browser, store: TraceStore) {
    this.#browser = browser;
    this.#store = store;
    process.once("worker", (worker: Worker) => {
      this.#worker = worker;
    });
    this.#reader = new ReaderClient({
      connect: () => workerPort(join(repositoryRoot, "dist/reader.js")),
      borders: () => undefined,
      logger,
    });
  }

  static async start(browser: Browser, directories: readonly string[]): Promise<PanelHost> {
    const store = new TraceStore({ directories, logger });
    store.start();
    await store.ready;
    return new PanelHost(browser, store);
  }

  /** There is one once a trace was opened. */
  get worker(): Worker {
    if (this.#worker === undefined) throw new Error("The reader does not run yet");
    return this.#worker;
  }

  /** Settles when all rows are there. */
  async open(key: string): Promise<OpenedPanel> {
    const link = await openPanelLink(this.#browser, { widthPx: 1400, heightPx: 900 });
    link.page.setDefaultTimeout(shownMs);
    const model = new TraceModel(key, this.#reader, this.#store);
    const panel = { webview: link.webview, visible: true, onDidChangeViewState: () => ({ dispose() {} }) };
    const connection = new PanelConnection({
      model,
      panel: panel as unknown as PanelConnection["panel"],
      logger,
      texts: webviewTexts,
      headerTexts: { timeZone: "UTC", statusLabel: (_, fallback) => fallback },
      onIntent() {},
    });
    void model.reload();
    const opened = new OpenedPanel(link, model, connection);
    await opened.shown();
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.dispose();
    this.#store.dispose();
  }
}

export class OpenedPanel implements AsyncDisposable {
  readonly model: TraceModel;
  readonly #link: PanelLink;
  readonly #connection: PanelConnection;
  #cdp: Promise<CDPSession> | undefined;

  constructor(link: PanelLink, model: TraceModel, connection: PanelConnection) {
    this.#link = link;
    this.model = model;
    this.#connection = connection;
  }

  get page(): Page {
    return this.#link.page;
  }

  get cdp(): Promise<CDPSession> {
    this.#cdp ??= this.page.context().newCDPSession(this.page);
    return this.#cdp;
  }

  async shown(): Promise<void> {
    await this.page.locator(".grid .row").nth(1).waitFor({ timeout: shownMs });
  }

  /** Closes the tab. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.dispose();
    this.model.dispose();
    await this.#link[Symbol.asyncDispose]();
    const { errors } = this.#link;
    if (errors.length > 0) throw new Error(`The page failed: ${errors.join("; ")}`);
  }
}
