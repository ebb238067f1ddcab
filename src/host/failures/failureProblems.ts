// Failing steps in the Problems view: of sessions open in a panel, and of the last run of each program when it failed.
// An entry goes away when its panel is closed, when the program's next run does not fail, or by setting.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import { type ReaderClient, ReaderError } from "../../reader/readerClient";
import type { FailingStepSource } from "../../reader/readerProtocol";
import type { RemoteTrace } from "../../reader/remoteTrace";
import type { SessionEntry } from "../../store/sessionEntry";
import type { TraceStore } from "../../store/traceStore";
import { plainText } from "../../trace/plainText";
import type { PanelRegistry } from "../panel/panelRegistry";
import { entryTimeMs, isFailed, isLive } from "../sessions/sessionRows";
import type { SourceNavigator } from "../source/goToSource";

/** Changes within this time are looked at together. */
const settleMs = 300;
/** Last runs that are looked at in one go; a directory with more programs than this has none of interest beyond. */
const maxPrograms = 25;
/** A trace larger than this is not read for Problems alone. */
const maxBytes = 64_000_000;

export interface FailureProblemsOptions {
  readonly store: TraceStore;
  readonly reader: Pick<ReaderClient, "once">;
  readonly registry: PanelRegistry;
  readonly sources: SourceNavigator;
  readonly logger: Logger;
  mode(): "latest" | "open" | "off";
}

interface Found {
  readonly uri: vscode.Uri;
  readonly diagnostic: vscode.Diagnostic;
}

export class FailureProblems implements Disposable {
  readonly #options: FailureProblemsOptions;
  readonly #owned = new DisposableStore();
  readonly #collection = this.#owned.add(vscode.languages.createDiagnosticCollection("tracekeeper"));
  /** What was found in a session's files of a given time, so that nothing is read twice. */
  readonly #known = new Map<string, { readonly version: string; readonly found: Found | undefined }>();
  #timer: NodeJS.Timeout | undefined;
  #run = 0;

  constructor(options: FailureProblemsOptions) {
    this.#options = options;
    this.#owned.add(
      options.store.onDidChange(({ removed }) => {
        for (const key of removed) this.#known.delete(key);
        this.refresh();
      }),
    );
    this.#owned.add(options.registry.onDidChange(() => this.refresh()));
    this.#owned.add({ dispose: () => clearTimeout(this.#timer) });
  }

  /** Looks again, soon; calls in quick succession lead to one look. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update().catch((error: unknown) => this.#options.logger.error(`Problems: ${describeError(error)}`));
    }, settleMs);
  }

  /** Forgets what was found, because a setting that it depends on has changed, and looks again. */
  reset(): void {
    this.#known.clear();
    this.refresh();
  }

  dispose(): void {
    this.#run++;
    this.#owned.dispose();
  }

  async #update(): Promise<void> {
    const run = ++this.#run;
    const mode = this.#options.mode();
    const found = new Map<string, Found>();
    if (mode !== "off")
      for (const connection of this.#options.registry.connections) {
        const { model } = connection;
        const one = await this.#unlessUnread(model.key, this.#find(model));
        if (one) found.set(model.key, one);
      }
    if (mode === "latest")
      for (const entry of lastRuns(this.#options.store.entries()).slice(0, maxPrograms)) {
        if (found.has(entry.key) || !isFailed(entry) || entry.sizeBytes > maxBytes) continue;
        const one = await this.#findInFiles(entry);
        if (run !== this.#run) return;
        if (one) found.set(entry.key, one);
      }
    if (run !== this.#run || this.#owned.isDisposed) return;
    const byUri = new Map<string, { uri: vscode.Uri; diagnostics: vscode.Diagnostic[] }>();
    for (const { uri, diagnostic } of found.values()) {
      const of = byUri.get(uri.toString());
      if (of) of.diagnostics.push(diagnostic);
      else byUri.set(uri.toString(), { uri, diagnostics: [diagnostic] });
    }
    this.#collection.clear();
    for (const { uri, diagnostics } of byUri.values()) this.#collection.set(uri, diagnostics);
  }

  async #findInFiles(entry: SessionEntry): Promise<Found | undefined> {
    const version = `${entry.modifiedMs}:${entry.sizeBytes}`;
    const known = this.#known.get(entry.key);
    if (known?.version === version) return known.found;
    const { reader } = this.#options;
    const found = await this.#unlessUnread(
      entry.key,
      reader.once(entry.key, (trace) => this.#find(trace)),
    );
    this.#known.set(entry.key, { version, found });
    return found;
  }

  /** What cannot be read has no failing step that anybody could name. */
  async #unlessUnread(key: string, finding: Promise<Found | undefined>): Promise<Found | undefined> {
    try {
      return await finding;
    } catch (error) {
      if (!(error instanceof ReaderError)) throw error;
      this.#options.logger.debug(`No problem is known of ${key}: ${error.message}`);
      return undefined;
    }
  }

  async #find(trace: Pick<RemoteTrace, "key" | "facts" | "call">): Promise<Found | undefined> {
    const { key, facts } = trace;
    if (facts?.header.failingStep === undefined) return undefined;
    const step = await trace.call("failingStep", {});
    if (step === undefined) return undefined;
    const place = await this.#options.sources.locate(step, key);
    const uri = place?.uri ?? vscode.Uri.file(key);
    const line = (place?.line ?? 1) - 1;
    const diagnostic = new vscode.Diagnostic(
      new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER),
      plainText(wordsOf(step)),
      vscode.DiagnosticSeverity.Error,
    );
    diagnostic.source = "Tracekeeper";
    diagnostic.relatedInformation = [
      new vscode.DiagnosticRelatedInformation(
        new vscode.Location(vscode.Uri.file(key), new vscode.Position(0, 0)),
        plainText(vscode.l10n.t("Session {0}", facts.header.title)),
      ),
    ];
    return { uri, diagnostic };
  }
}

function wordsOf({ rule, name, label, message }: FailingStepSource): string {
  const what = label ? `${name} ${label}` : name;
  return rule === "in-progress"
    ? vscode.l10n.t("In progress when the session stopped: {0}", what)
    : `${what} — ${message}`;
}

/** The newest run of each program that has ended; newest first. A run under way hides nothing. */
function lastRuns(entries: readonly SessionEntry[]): SessionEntry[] {
  const newest = new Map<string, SessionEntry>();
  for (const entry of entries) {
    if (isLive(entry)) continue;
    const program = `${entry.directory}\0${entry.program ?? entry.key}`;
    const known = newest.get(program);
    if (!known || entryTimeMs(entry) > entryTimeMs(known)) newest.set(program, entry);
  }
  return [...newest.values()].sort((a, b) => entryTimeMs(b) - entryTimeMs(a));
}
