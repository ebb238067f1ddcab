// What the suites in the extension host share: traces to write into the workspace, tabs and diagnostics as VS Code sees
// them, and waiting for what must happen.
import { strict as assert } from "node:assert";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { before } from "mocha";
import * as vscode from "vscode";

export const workspaceFolder: string = (() => {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, "the suite needs a workspace folder");
  return folder.uri.fsPath;
})();
export const traceFolder: string = join(workspaceFolder, ".tracekeeper", "traces");

// Activation belongs to no test but its own: any other may be the first one that runs.
before(async () => {
  await vscode.extensions.getExtension("tracekeeper.tracekeeper")?.activate();
});

/** Looks until `look` gives something; gives up after a long time, only so that a failure ends. */
export async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) {
  const giveUpMs = performance.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpMs) throw new Error(`Waited in vain until ${what}`);
    await delay(20);
  }
}

export interface TraceSpec {
  readonly id: string;
  /** Sessions of one agent are runs of one program. */
  readonly agent?: string;
  readonly startMs?: number;
  readonly failed?: boolean;
  readonly title?: string;
  /** Of the failing step. */
  readonly message?: string;
  readonly place?: { readonly file: string; readonly line: number };
  readonly output?: unknown;
  readonly input?: unknown;
  readonly tool?: string;
}

export function traceOf(spec: TraceSpec): Record<string, unknown> {
  const { id, agent = id, startMs = Date.now() - 60_000, failed = true, title = `Title of ${id}` } = spec;
  const { message = "exit 1", place, output = "", input = { command: "npm test" }, tool = "bash" } = spec;
  const status = failed ? "error" : "ok";
  const times = { startTime: startMs, endTime: startMs + 1_000 };
  return {
    version: 2,
    traceId: `trace-${id}`,
    sessionId: id,
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(startMs + 1_000).toISOString(),
    metadata: { title, agent, prompt: `Prompt of ${id}` },
    spans: [
      { spanId: `${id}-root`, parentSpanId: null, name: id, kind: "session", status, ...times },
      {
        spanId: `${id}-step`,
        parentSpanId: `${id}-root`,
        name: tool,
        kind: "tool",
        status,
        ...(failed ? { statusMessage: message } : {}),
        ...times,
        tool: { callId: "call-1", durationMs: 1_000 },
        input,
        output,
        ...(place ? { attributes: { "code.file.path": place.file, "code.line.number": place.line } } : {}),
      },
    ],
    summary: { totalTokens: 0, totalCost: 0, duration: 1_000, status: failed ? "error" : "completed" },
  };
}

/** Writes the trace as recorders do, by atomic replacement; returns its path. */
export async function writeTrace(spec: TraceSpec, folder: string = traceFolder): Promise<string> {
  const path = join(folder, `${spec.id}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(`${path}.tmp.1.suite`, JSON.stringify(traceOf(spec)));
  await rename(`${path}.tmp.1.suite`, path);
  return path;
}

export async function removeFiles(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true, recursive: true });
}

/** Tabs with a custom editor: `<view type> <folder>/<file>`. */
export function customTabs(): string[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .map(({ input }) => input)
    .filter((input) => input instanceof vscode.TabInputCustom)
    .map((input) => `${input.viewType} ${basename(dirname(input.uri.fsPath))}/${basename(input.uri.fsPath)}`);
}

export async function closeAllEditors(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await until("all editors are closed", () => vscode.window.tabGroups.all.every((group) => group.tabs.length === 0));
}

/** Entries of ours in Problems whose message holds `token`: `<file>:<line from 1> <message>`. */
export function problems(token: string): string[] {
  return vscode.languages
    .getDiagnostics()
    .flatMap(([uri, diagnostics]) =>
      diagnostics
        .filter(({ source, message }) => source === "Tracekeeper" && message.includes(token))
        .map(({ range, message }) => `${basename(uri.fsPath)}:${range.start.line + 1} ${message}`),
    );
}

export interface Told {
  readonly messages: string[];
  restore(): void;
}

/**
 * Takes the place of VS Code's notifications and answers as if the person had closed them: `<error|warning|info> <text>`.
 * A test module below the extension's folder shares the extension's `vscode` object; a test checks that it does.
 */
export function hearMessages(): Told {
  const messages: string[] = [];
  const window = vscode.window as unknown as Record<string, unknown>;
  const names = { showErrorMessage: "error", showWarningMessage: "warning", showInformationMessage: "info" };
  const originals = Object.keys(names).map((name) => [name, window[name]] as const);
  for (const [name, kind] of Object.entries(names))
    window[name] = (text: string) => {
      messages.push(`${kind} ${text}`);
      return Promise.resolve(undefined);
    };
  return {
    messages,
    restore() {
      for (const [name, original] of originals) window[name] = original;
    },
  };
}

export async function setSetting(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Workspace);
}
