// A host without files: hands a panel columns in the messages of the real one and answers for the rows that it shows.
//
//   const host = new ColumnsHost(panel, generatedColumns({ spans: 500_000, shape: "wide", seed: 1 }));
//   await host.open();                      // until the rows are on the screen

import type { PanelHeader, PanelRequest } from "../../src/protocol/panelMessages";
import { webviewTexts } from "../../src/protocol/webviewTexts";
import { columnChunks } from "../../src/reader/columnChunks";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { type GeneratedColumns, generatedTexts } from "./generatedColumns";
import type { PanelPage } from "./panelPage";

export class ColumnsHost {
  readonly panel: PanelPage;
  /** What the panel asked for, by method. */
  readonly asked = new Map<string, number>();
  header: PanelHeader;
  columns: SpanColumns;
  epoch = 1;
  revision = 1;
  readonly #initialRow: number;

  constructor(panel: PanelPage, trace: GeneratedColumns, header: Partial<PanelHeader> = {}) {
    this.panel = panel;
    this.columns = trace.columns;
    this.#initialRow = trace.failingRow;
    this.header = {
      title: `${trace.columns.count} spans`,
      sessionId: "generated",
      status: "failed",
      statusLabel: "Failed",
      statusDetail: "",
      live: false,
      hasConversation: false,
      failureCount: trace.failureCount,
      recoveredCount: 0,
      problems: [],
      problemCount: 0,
      elidedCount: 0,
      timeZone: "UTC",
      ...header,
    };
    panel.onMessage((message) => void this.#receive(message));
  }

  async open(): Promise<void> {
    await this.panel.post({ type: "init", texts: webviewTexts, platform: "other" });
    await this.panel.post({
      type: "open",
      epoch: this.epoch,
      revision: this.revision,
      header: this.header,
      rowCount: this.columns.count,
      lacksTexts: true,
      initialRow: this.#initialRow,
    });
    for (const chunk of columnChunks(this.columns)) {
      await this.panel.post({ type: "columns", epoch: this.epoch, revision: this.revision, ...chunk });
    }
    await this.panel.page.locator(".grid .row").first().waitFor();
  }

  async #receive(message: unknown): Promise<void> {
    if (typeof message !== "object" || message === null || !("method" in message)) return;
    const request = message as PanelRequest;
    this.asked.set(request.method, (this.asked.get(request.method) ?? 0) + 1);
    const result = this.#answer(request);
    if (result !== undefined) await this.panel.post({ type: "reply", id: request.id, ok: true, result });
  }

  #answer(request: PanelRequest): unknown {
    switch (request.method) {
      case "texts":
        return generatedTexts(request.params.rows);
      case "details":
        return detailsOf(request.params.row);
      default:
        return undefined;
    }
  }
}

function detailsOf(row: number) {
  const payload = { type: "empty", text: "", totalLength: 0 };
  return {
    ...{ spanId: `s${row}`, parentSpanId: null, title: `step ${row}`, label: "", outcome: "", kind: "tool" },
    ...{ status: "ok", places: [], inputFields: [], calls: [], attributes: [], events: [], links: [], leftOut: 0 },
    ...{ input: payload, output: payload },
  };
}
