// Payloads of spans as read-only text editors. A document's URI names the session, the span and the field; its text is
// read from the trace whenever VS Code asks, so that nothing is kept for a tab.

import * as path from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { DisposableStore } from "../../base/disposable";
import type { TraceStore } from "../../store/traceStore";
import { formatCount } from "../../trace/formatValue";
import { wholeOutput } from "../../trace/outputText";
import { plainText } from "../../trace/plainText";
import type { TraceSpan } from "../../trace/schema";
import { payloadScheme } from "../ids";
import { keepTraceTab } from "../source/goToSource";
import { isUnc } from "../source/pathMap";
import type { PanelRegistry } from "./panelRegistry";
import { payloadText } from "./payloadText";
import { recordedEdit } from "./recordedEdit";

const querySchema = z.object({
  // Anybody can make such a URI: it must not lead to a path that depends on the working directory, nor to a network host.
  key: z.string().check(
    z.maxLength(4096),
    z.refine((key) => path.isAbsolute(key) && !isUnc(key)),
  ),
  span: z.string().check(z.maxLength(1_000)),
  /** `lines`: the whole output of the trace's programs, of no span. */
  field: z.enum(["input", "output", "error", "attributes", "raw", "diffOld", "diffNew", "lines"]),
});
type Query = z.infer<typeof querySchema>;

export class PayloadDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #store: Pick<TraceStore, "load" | "entry">;
  readonly #registry: Pick<PanelRegistry, "ofSession">;
  /** Sessions of which a payload was opened from a panel: their panel may be closed by now. */
  readonly #opened = new Set<string>();
  readonly #owned = new DisposableStore();

  constructor(store: Pick<TraceStore, "load" | "entry">, registry: Pick<PanelRegistry, "ofSession">) {
    this.#store = store;
    this.#registry = registry;
    this.#owned.add(vscode.workspace.registerTextDocumentContentProvider(payloadScheme, this));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const query = querySchema.parse(JSON.parse(uri.query));
    if (!this.#isKnown(query.key)) throw new Error(vscode.l10n.t("This is no payload of a listed or open trace."));
    const session = await this.#store.load(query.key);
    if (query.field === "lines") return outputText(session.trace.spans);
    const span = session.trace.spans.find((candidate) => candidate.spanId === query.span);
    if (!span) return vscode.l10n.t("The step is no longer in the trace.");
    return textOf(span, query.field);
  }

  /** Opens all that the programs of the trace wrote. */
  async openOutput(key: string): Promise<void> {
    this.#opened.add(key);
    const name = vscode.l10n.t("output");
    const query = JSON.stringify({ key, span: "", field: "lines" } satisfies Query);
    const uri = vscode.Uri.from({ scheme: payloadScheme, path: `/${fileName(name)}.log`, query });
    await keepTraceTab();
    await vscode.commands.executeCommand("vscode.open", uri, { preview: true });
  }

  async open(
    key: string,
    span: TraceSpan,
    field: Exclude<Query["field"], "diffOld" | "diffNew" | "lines">,
  ): Promise<void> {
    const { extension } = payloadText(span, field);
    this.#opened.add(key);
    await keepTraceTab();
    await vscode.commands.executeCommand("vscode.open", payloadUri(key, span, field, extension), { preview: true });
  }

  /** Opens the edit that a span made as a diff; tells when it made none. */
  async openDiff(key: string, span: TraceSpan): Promise<void> {
    const edit = recordedEdit(span);
    if (!edit) {
      void vscode.window.showInformationMessage(vscode.l10n.t("This step holds no edit to compare."));
      return;
    }
    this.#opened.add(key);
    const extension = /\.([a-z0-9]{1,10})$/i.exec(edit.path)?.[1] ?? "txt";
    await keepTraceTab();
    await vscode.commands.executeCommand(
      "vscode.diff",
      payloadUri(key, span, "diffOld", extension),
      payloadUri(key, span, "diffNew", extension),
      plainText(vscode.l10n.t("{0} (recorded edit)", edit.path || span.name)),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** A URI of this scheme can be made by anybody, so it opens nothing that is not listed or was not opened here before. */
  #isKnown(key: string): boolean {
    return this.#opened.has(key) || this.#store.entry(key) !== undefined || this.#registry.ofSession(key).length > 0;
  }
}

function payloadUri(key: string, span: TraceSpan, field: Query["field"], extension: string): vscode.Uri {
  const name = fileName(`${span.name} ${field}`);
  return vscode.Uri.from({
    scheme: payloadScheme,
    path: `/${name}.${extension}`,
    query: JSON.stringify({ key, span: span.spanId, field } satisfies Query),
  });
}

function fileName(words: string): string {
  return words.replace(/[^\p{L}\p{N} ._-]/gu, "_").slice(0, 80);
}

function outputText(spans: readonly TraceSpan[]): string {
  const { text, leftOut } = wholeOutput(spans);
  return leftOut === 0 ? text : `${text}\n${vscode.l10n.t("… {0} more lines", formatCount(leftOut))}\n`;
}

function textOf(span: TraceSpan, field: Exclude<Query["field"], "lines">): string {
  if (field === "diffOld") return recordedEdit(span)?.oldText ?? "";
  if (field === "diffNew") return recordedEdit(span)?.newText ?? "";
  return payloadText(span, field).text;
}
