// Payloads of spans as read-only text editors. A document's URI names the session, the span and the field; its text is
// read from the trace whenever VS Code asks, so that nothing is kept for a tab.

import * as path from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { DisposableStore } from "../../base/disposable";
import type { ReaderClient } from "../../reader/readerClient";
import type { CallResult } from "../../reader/readerProtocol";
import type { TraceStore } from "../../store/traceStore";
import { formatCount } from "../../trace/formatValue";
import type { OutputText } from "../../trace/outputText";
import { plainText } from "../../trace/plainText";
import { payloadScheme } from "../ids";
import { keepTraceTab } from "../source/goToSource";
import { isUnc } from "../source/pathMap";
import type { PanelRegistry } from "./panelRegistry";

const openedFields = ["input", "output", "error", "message", "stack", "attributes", "events", "raw"] as const;

const querySchema = z.object({
  // Anybody can make such a URI: it must not lead to a path that depends on the working directory, nor to a network host.
  key: z.string().check(
    z.maxLength(4096),
    z.refine((key) => path.isAbsolute(key) && !isUnc(key)),
  ),
  span: z.string().check(z.maxLength(1_000)),
  /** `lines`: the whole output of the trace's programs, of no span. */
  field: z.enum([...openedFields, "diffOld", "diffNew", "lines"]),
  /** Number of an entry at each level below the field. */
  path: z.optional(z.array(z.number().check(z.int(), z.nonnegative())).check(z.maxLength(1_000))),
});
type Query = z.infer<typeof querySchema>;

/** A payload, or an entry of it. */
export interface OpenedText {
  readonly field: (typeof openedFields)[number];
  readonly path?: number[] | undefined;
}

export class PayloadDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #store: Pick<TraceStore, "entry">;
  readonly #reader: Pick<ReaderClient, "once">;
  readonly #registry: Pick<PanelRegistry, "ofSession">;
  /** Sessions of which a payload was opened from a panel: their panel may be closed by now. */
  readonly #opened = new Set<string>();
  readonly #owned = new DisposableStore();

  constructor(
    store: Pick<TraceStore, "entry">,
    reader: Pick<ReaderClient, "once">,
    registry: Pick<PanelRegistry, "ofSession">,
  ) {
    this.#store = store;
    this.#reader = reader;
    this.#registry = registry;
    this.#owned.add(vscode.workspace.registerTextDocumentContentProvider(payloadScheme, this));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const query = querySchema.parse(JSON.parse(uri.query));
    if (!this.#isKnown(query.key)) throw new Error(vscode.l10n.t("This is no payload of a listed or open trace."));
    const { key, span: spanId, field, path } = query;
    if (field === "lines") return outputText(await this.#reader.once(key, (trace) => trace.call("wholeOutput", {})));
    const text = await this.#reader.once(key, (trace) => trace.call("document", { spanId, field, path }));
    return text ?? vscode.l10n.t("The step is no longer in the trace.");
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

  async open(key: string, payload: NonNullable<CallResult<"payloadName">>, { field, path }: OpenedText): Promise<void> {
    this.#opened.add(key);
    await keepTraceTab();
    const uri = payloadUri(key, payload, field, payload.extension, path);
    await vscode.commands.executeCommand("vscode.open", uri, { preview: true });
  }

  /** Opens the edit that a span made as a diff; tells when it made none. */
  async openDiff(key: string, edit: NonNullable<CallResult<"edit">>): Promise<void> {
    if (edit.path === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("This step holds no edit to compare."));
      return;
    }
    this.#opened.add(key);
    const extension = /\.([a-z0-9]{1,10})$/i.exec(edit.path)?.[1] ?? "txt";
    await keepTraceTab();
    await vscode.commands.executeCommand(
      "vscode.diff",
      payloadUri(key, edit, "diffOld", extension),
      payloadUri(key, edit, "diffNew", extension),
      plainText(vscode.l10n.t("{0} (recorded edit)", edit.path || edit.name)),
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

function payloadUri(
  key: string,
  of: { readonly spanId: string; readonly name: string },
  field: Query["field"],
  extension: string,
  path?: number[],
): vscode.Uri {
  const name = fileName(`${of.name} ${field}`);
  return vscode.Uri.from({
    scheme: payloadScheme,
    path: `/${name}.${extension}`,
    query: JSON.stringify({ key, span: of.spanId, field, ...(path?.length ? { path } : {}) } satisfies Query),
  });
}

function fileName(words: string): string {
  return words.replace(/[^\p{L}\p{N} ._-]/gu, "_").slice(0, 80);
}

function outputText({ text, leftOut }: OutputText): string {
  return leftOut === 0 ? text : `${text}\n${vscode.l10n.t("… {0} more lines", formatCount(leftOut))}\n`;
}
