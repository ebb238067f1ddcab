// A trace in the built panel, with the host's own code at the other end of the messages: what the tests drive is what
// the person gets, but for VS Code around it.
//
//   const drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
//   await drive.update(files);      // the files of the session changed
//   drive.intents                   // what the panel asked the host to do

import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import type * as z from "zod/mini";
import type { Logger } from "../../src/base/logger";
import { PanelConnection, type PanelIntent } from "../../src/host/panel/panelConnection";
import { TraceModel } from "../../src/host/panel/traceModel";
import type { NavigateTarget, PanelHeader, PanelRequest, ViewState } from "../../src/protocol/panelMessages";
import type { PayloadLooks } from "../../src/protocol/payloadMessages";
import { webviewTexts } from "../../src/protocol/webviewTexts";
import type { ReaderClient } from "../../src/reader/readerClient";
import type { Liveness } from "../../src/trace/evidence";
import { encodeLiveMarker } from "../../src/trace/marker";
import { readSession } from "../../src/trace/readSession";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import type { SessionFiles } from "../../src/trace/sessionFiles";
import { localReader } from "../support/localReader";
import { openPanelPage, type PanelPage, type PanelPageOptions } from "../support/panelPage";
import { wholeSource } from "../support/wholeSource";

export interface OpenOptions extends PanelPageOptions {
  /** What the probe says of the writing process; `alive` makes a live session. */
  readonly liveness?: Liveness | undefined;
  /** Where the host is asked to open the panel. */
  readonly revealSpanId?: string | undefined;
  /** Time of the host's clock; the real one where left out. */
  readonly nowMs?: number | undefined;
  /** What can be done with the session, as if it had been started here. */
  readonly control?: PanelHeader["control"];
  /** The card on how to get steps was put away. */
  readonly hidesStepsCard?: boolean | undefined;
  /** How payloads are to be shown, as if it had been chosen in another panel. */
  readonly payloadLooks?: PayloadLooks | undefined;
}

export class Drive implements AsyncDisposable {
  readonly panel: PanelPage;
  readonly page: Page;
  readonly connection: PanelConnection;
  readonly model: TraceModel;
  /** What the panel asked the host to do, in order. */
  readonly intents: PanelIntent[] = [];
  readonly log: string[] = [];
  readonly #liveness: Liveness;
  readonly #reader: ReaderClient;
  #files: SessionFiles;

  constructor(panel: PanelPage, files: SessionFiles, options: OpenOptions) {
    this.panel = panel;
    this.page = panel.page;
    this.#files = files;
    this.#liveness = options.liveness ?? "unknown";
    const logger = this.#logger();
    const now = () => options.nowMs ?? Date.now();
    const read = async () => readSession(this.#files, () => this.#liveness);
    this.#reader = localReader(() => wholeSource(read), { logger, now });
    this.model = new TraceModel(files.safeId, this.#reader, { watchSession: () => ({ dispose() {} }) }, now);
    const fakePanel = { webview: panel.webview, visible: true, onDidChangeViewState: () => ({ dispose() {} }) };
    this.connection = new PanelConnection({
      model: this.model,
      panel: fakePanel as unknown as PanelConnection["panel"],
      logger,
      texts: webviewTexts,
      control: () => options.control,
      hidesStepsCard: () => options.hidesStepsCard === true,
      payloadLooks: () => options.payloadLooks,
      headerTexts: { timeZone: "Europe/Berlin", statusLabel: (_, fallback) => fallback },
      onIntent: (intent) => this.intents.push(intent),
    });
    if (options.revealSpanId !== undefined) this.connection.reveal({ type: "span", spanId: options.revealSpanId });
  }

  /** The files of the session as they are now; resolves when the panel has drawn them. */
  async update(files: SessionFiles): Promise<void> {
    this.#files = files;
    await this.model.reload();
    await this.drawn();
  }

  /** What the reader answers to a question of the panel. */
  async ask<Method extends PanelRequest["method"], Result>(
    method: Method,
    params: Omit<Extract<PanelRequest, { method: Method }>["params"], "epoch">,
    schema: z.ZodMiniType<Result>,
  ): Promise<Result> {
    const request = { method, id: 1, params: { ...params, epoch: this.model.facts?.epoch } } as unknown as PanelRequest;
    return schema.parse(await this.model.call("request", { panel: -1, request }));
  }

  async navigate(target: NavigateTarget): Promise<void> {
    this.connection.navigate(target);
    await this.drawn();
  }

  /** Two frames later: the messages before this call have arrived and are on the screen. */
  async drawn(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  /** Name, label and outcome of the selected row. */
  async selectedText(): Promise<string> {
    return (await this.page.getByRole("row", { selected: true }).innerText()).replace(/\s+/g, " ").trim();
  }

  async viewState(): Promise<ViewState> {
    return (await this.page.evaluate(() => {
      const scope = globalThis as unknown as { acquireVsCodeApi(): { getState(): unknown } };
      return scope.acquireVsCodeApi().getState();
    })) as ViewState;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.dispose();
    this.model.dispose();
    this.#reader.dispose();
    await this.panel.close();
  }

  #logger(): Logger {
    const write = (message: string) => {
      this.log.push(message);
    };
    return { trace: write, debug: write, info: write, warn: write, error: write };
  }
}

/** Opens the panel and waits until it shows the trace, or why it cannot. */
export async function openTrace(browser: Browser, files: SessionFiles, options: OpenOptions = {}): Promise<Drive> {
  const panel = await openPanelPage(browser, options);
  const drive = new Drive(panel, files, options);
  await drive.model.reload();
  await panel.page.locator(".status-line, .notice-page").first().waitFor();
  await drive.drawn();
  return drive;
}

export function sampleFiles(name: string): SessionFiles {
  return filesOf(name, readFileSync(new URL(`../fixtures/trace-v2/${name}.json`, import.meta.url)));
}

export function traceFiles(trace: TraceFile): SessionFiles {
  return filesOf(trace.sessionId, new TextEncoder().encode(JSON.stringify(trace)));
}

/** The files of a session that runs now; open the panel with `liveness: "alive"`. */
export function liveFiles(trace: TraceFile): SessionFiles {
  const bytes = encodeLiveMarker({ instance: "live", incarnation: 1 });
  return { ...traceFiles(trace), liveMarker: { name: `${trace.sessionId}.live`, bytes, mtimeMs: Date.now() } };
}

/** A trace moved in time, so that it starts at `startMs`. */
export function startingAt(trace: TraceFile, startMs: number): TraceFile {
  const shiftMs = startMs - (trace.spans[0]?.startTime ?? startMs);
  return {
    ...trace,
    startedAt: new Date(startMs).toISOString(),
    spans: trace.spans.map((span) => ({
      ...span,
      startTime: span.startTime + shiftMs,
      ...(span.endTime === undefined ? {} : { endTime: span.endTime + shiftMs }),
    })),
  };
}

export function filesOf(safeId: string, bytes: Uint8Array, mtimeMs = Date.now()): SessionFiles {
  return { safeId, snapshot: { name: `${safeId}.json`, bytes, mtimeMs }, journals: [] };
}

/** A trace of made-up spans; each says only what is special about it. Times are ms from a fixed start. */
export function madeUpTrace(spans: readonly Partial<TraceSpan>[], rest: Partial<TraceFile> = {}): TraceFile {
  const startMs = Date.UTC(2026, 10, 20, 9, 0, 0);
  return {
    version: 2,
    traceId: "t",
    sessionId: "made-up",
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(startMs + 60_000).toISOString(),
    metadata: { title: "Made up" },
    summary: { status: "completed" },
    ...rest,
    spans: spans.map((span, index) => ({
      spanId: `s${index}`,
      parentSpanId: index === 0 ? null : "s0",
      name: span.kind ?? "tool",
      kind: index === 0 ? "session" : "tool",
      status: "ok",
      ...span,
      startTime: startMs + (span.startTime ?? index * 100),
      ...("endTime" in span
        ? span.endTime === undefined
          ? {}
          : { endTime: startMs + span.endTime }
        : { endTime: startMs + (span.startTime ?? index * 100) + 80 }),
    })),
  };
}

/** A session of `count` spans: generations with nine tool calls each, one in a hundred of which failed. */
export function largeTrace(count: number): TraceFile {
  const spans: Partial<TraceSpan>[] = [{ kind: "session", name: "ses_large", startTime: 0, endTime: count * 100 }];
  while (spans.length < count) {
    const index = spans.length;
    const isGeneration = index % 10 === 1;
    const parent = isGeneration ? 0 : index - ((index - 1) % 10);
    const failed = index % 100 === 57;
    spans.push({
      kind: isGeneration ? "generation" : "tool",
      name: isGeneration
        ? `generation-step-${(index + 9) / 10}`
        : (["bash", "read", "edit", "grep"][index % 4] ?? "bash"),
      parentSpanId: `s${parent}`,
      input: isGeneration ? "Go on." : { command: `npm test -- case ${index}`, filePath: `src/part${index % 97}.ts` },
      output: isGeneration ? "Next I will run the tests." : `line ${index}`,
      startTime: index * 100,
      endTime: index * 100 + 60 + ((index * 7) % 900),
      ...(failed ? { status: "error", statusMessage: `Command failed with exit code ${index % 3}` } : {}),
    });
  }
  return madeUpTrace(spans, { sessionId: "large", metadata: { title: `Large session of ${count} spans` } });
}
