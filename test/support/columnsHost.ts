// A host without files: hands a panel columns in the messages of the real one and answers for the rows that it shows.
//
//   const host = new ColumnsHost(panel, generatedColumns({ spans: 500_000, shape: "wide", seed: 1 }));
//   await host.open();                      // until the rows are on the screen

import type { ColumnChunk, PanelHeader, PanelRequest } from "../../src/protocol/panelMessages";
import { webviewTexts } from "../../src/protocol/webviewTexts";
import { columnChunks } from "../../src/reader/columnChunks";
import { sliceRows } from "../../src/reader/columnsDelta";
import { FLAG, kindCodes, type SpanColumns } from "../../src/trace/spanColumns";
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
  /** Answers to `texts` wait for it. */
  textsMayGo: Promise<void> = Promise.resolve();
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
    await this.sendAll();
    await this.panel.page.locator(".grid .row").first().waitFor();
  }

  /** The picture as it is now, whatever the panel has. */
  async sendAll(): Promise<void> {
    await this.panel.post({
      type: "open",
      epoch: this.epoch,
      revision: this.revision,
      header: this.header,
      rowCount: this.columns.count,
      lacksTexts: true,
      initialRow: this.#initialRow,
    });
    for (const chunk of columnChunks(this.columns, { lacksTexts: true })) {
      await this.panel.post({ type: "columns", epoch: this.epoch, revision: this.revision, ...chunk });
    }
  }

  /** Steps that come at the end of the session, each below the given row, with their texts. */
  async grow(count: number, parent = 0, changes: Partial<PanelHeader> = {}): Promise<void> {
    const from = this.columns.count;
    const startMs = (this.columns.startMs[from - 1] ?? 0) + 10;
    const known = this.columns.strings.length;
    const strings = Array.from({ length: count }, (_, index) => `new step ${from + index}`);
    const fill = <Kind extends { fill(value: number): Kind }>(array: Kind, value: number) => array.fill(value);
    const appended: ColumnChunk = {
      startMs: Float64Array.from({ length: count }, (_, index) => startMs + 10 * index),
      endMs: fill(new Float64Array(count), Number.NaN),
      parent: fill(new Int32Array(count), parent),
      kind: fill(new Uint8Array(count), kindCodes.indexOf("tool")),
      status: new Uint8Array(count),
      flags: fill(new Uint32Array(count), FLAG.open),
      name: fill(new Uint32Array(count), 2),
      label: Uint32Array.from({ length: count }, (_, index) => known + index),
      outcome: new Uint32Array(count),
    };
    this.columns = joined(this.columns, appended, strings);
    this.header = { ...this.header, ...changes };
    await this.panel.post({
      type: "delta",
      epoch: this.epoch,
      fromRevision: this.revision,
      revision: ++this.revision,
      header: this.header,
      changedRows: new Uint32Array(),
      changed: sliceRows(this.columns, 0, 0),
      appended,
      strings,
    });
  }

  async #receive(message: unknown): Promise<void> {
    if (typeof message !== "object" || message === null || !("method" in message)) return;
    const request = message as PanelRequest;
    this.asked.set(request.method, (this.asked.get(request.method) ?? 0) + 1);
    if (request.method === "texts") await this.textsMayGo;
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

function joined(before: SpanColumns, came: ColumnChunk, strings: readonly string[]): SpanColumns {
  const join = <Kind extends Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array>(a: Kind, b: Kind) => {
    const both = new (a.constructor as new (length: number) => Kind)(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };
  return {
    count: before.count + came.startMs.length,
    startMs: join(before.startMs, came.startMs),
    endMs: join(before.endMs, came.endMs),
    parent: join(before.parent, came.parent),
    kind: join(before.kind, came.kind),
    status: join(before.status, came.status),
    flags: join(before.flags, came.flags),
    name: join(before.name, came.name),
    label: join(before.label, came.label),
    outcome: join(before.outcome, came.outcome),
    strings: [...before.strings, ...strings],
  };
}
