// "Go to Source": from a span to a line in an editor. Opens only what lies inside the workspace folders without asking;
// where nothing can be opened it says why.

import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Logger } from "../../base/logger";
import type { StepSource } from "../../reader/readerProtocol";
import { isInside } from "../../store/insideFolder";
import type { Place } from "../../trace/place";
import { plainText } from "../../trace/plainText";
import { editorIds, settingIds } from "../ids";
import { readSettings } from "../settings";
import { type MapContext, replaceVariables } from "./pathMap";
import { countLines, findLine, resolvePlace, type SourceFile } from "./resolvePlace";

export interface OpenSourceOptions {
  /** Index into the places of the step: this place and no other. */
  readonly place?: number | undefined;
  readonly beside?: boolean | undefined;
}

export interface ResolvedSource {
  readonly place: Place;
  readonly file: SourceFile;
}

export class SourceNavigator {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Opens the place of the step, or tells the person why there is none. */
  async open(step: StepSource, traceKey: string, options: OpenSourceOptions = {}): Promise<void> {
    const all = step.places;
    const places = options.place === undefined ? all : all.slice(options.place, options.place + 1);
    if (places.length === 0) {
      void vscode.window.showInformationMessage(
        plainText(vscode.l10n.t("The step “{0}” names no place in a source file.", step.name)),
      );
      return;
    }
    const context = this.#context(traceKey);
    for (const place of places) {
      const files = await resolvePlace(place, context);
      const inside = files.filter((file) => file.inside);
      const chosen = inside.length > 1 ? await this.#pick(place, inside) : (inside[0] ?? undefined);
      if (inside.length > 1 && !chosen) return;
      if (chosen) return this.#show({ place, file: chosen }, options.beside === true);
      const outside = files[0];
      if (outside) {
        if (await this.#confirmOutside(outside.path))
          return this.#show({ place, file: outside }, options.beside === true);
        return;
      }
    }
    await this.#explain(places[0] as Place);
  }

  /** The first place of the step that is a file inside the workspace, without asking anybody. For Problems. */
  async locate(step: StepSource, traceKey: string): Promise<{ uri: vscode.Uri; line: number } | undefined> {
    const context = this.#context(traceKey);
    for (const place of step.places.slice(0, 5)) {
      const file = (await resolvePlace(place, context)).find((candidate) => candidate.inside);
      if (file) return { uri: vscode.Uri.file(file.path), line: (await lineOf(place, file)) ?? 1 };
    }
    return undefined;
  }

  async #show(source: ResolvedSource, beside: boolean): Promise<void> {
    const named = (await lineOf(source.place, source.file)) ?? 1;
    const lines = await countLines(source.file.path);
    const line = Math.min(named, lines ?? named);
    if (line < named)
      void vscode.window.showWarningMessage(
        plainText(
          vscode.l10n.t(
            "{0} has only {1} lines, and the trace names line {2}: the file has changed since.",
            path.basename(source.file.path),
            String(lines),
            String(named),
          ),
        ),
      );
    const uri = vscode.Uri.file(source.file.path);
    const viewColumn = beside ? vscode.ViewColumn.Beside : columnWithCode(uri);
    if (beside || viewColumn === undefined) await keepTraceTab();
    const at = new vscode.Position(line - 1, Math.max(0, (source.place.column ?? 1) - 1));
    this.#logger.debug(`Opening ${source.file.path}:${line} (${source.file.how}, ${source.place.origin})`);
    // `vscode.open` and not `showTextDocument`, which refuses files over 50 MB.
    await vscode.commands.executeCommand("vscode.open", uri, {
      selection: new vscode.Range(at, at),
      preview: true,
      ...(viewColumn === undefined ? {} : { viewColumn }),
    } satisfies vscode.TextDocumentShowOptions);
  }

  async #pick(place: Place, files: readonly SourceFile[]): Promise<SourceFile | undefined> {
    const items = files.map((file) => ({
      label: plainText(path.basename(file.path)),
      description: plainText(vscode.workspace.asRelativePath(path.dirname(file.path), true)),
      file,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: plainText(vscode.l10n.t("Several files match {0}", place.path)),
      matchOnDescription: true,
    });
    return picked?.file;
  }

  async #confirmOutside(file: string): Promise<boolean> {
    const open = vscode.l10n.t("Open");
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t("This trace names a file outside the workspace."),
      { modal: true, detail: plainText(file, 1_000) },
      open,
    );
    return choice === open;
  }

  async #explain(place: Place): Promise<void> {
    const mapPaths = vscode.l10n.t("Map Paths");
    const choice = await vscode.window.showWarningMessage(
      plainText(vscode.l10n.t("{0} is not in the workspace. A path map can tell where it is.", place.path)),
      mapPaths,
    );
    if (choice === mapPaths) await vscode.commands.executeCommand("workbench.action.openSettings", settingIds.pathMap);
  }

  #context(traceKey: string): MapContext {
    const all = vscode.workspace.workspaceFolders?.filter((folder) => folder.uri.scheme === "file") ?? [];
    const folders = all.map((folder) => ({ name: folder.name, path: folder.uri.fsPath }));
    folders.sort((a, b) => Number(isInside(b.path, traceKey)) - Number(isInside(a.path, traceKey)));
    const map = readSettings(this.#logger, all.find((folder) => isInside(folder.uri.fsPath, traceKey))?.uri).pathMap;
    const pathMap: Record<string, string> = Object.create(null);
    for (const [root, target] of Object.entries(map))
      pathMap[root] = replaceVariables(target, { home: os.homedir(), folders });
    return { folders: folders.map((folder) => folder.path), pathMap };
  }
}

/**
 * A trace that was opened by a single click has a tab that the next editor replaces. Whoever goes to the source wants to
 * come back, so the tab stays.
 */
export async function keepTraceTab(): Promise<void> {
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  if (tab?.isPreview && isTrace(tab)) await vscode.commands.executeCommand("workbench.action.keepEditor");
}

/**
 * Where code is beside the trace that has the keyboard, it opens there: in the place of the trace it would hide what the
 * person comes from, and show a file twice that is open already. Undefined: where VS Code opens it.
 */
function columnWithCode(uri: vscode.Uri): vscode.ViewColumn | undefined {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  if (!isTrace(activeTabGroup.activeTab)) return undefined;
  const others = all.filter((group) => group !== activeTabGroup);
  const isFile = ({ input }: vscode.Tab) =>
    input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
  const showsFile = others.find(({ activeTab }) => activeTab !== undefined && isFile(activeTab));
  const holdsFile = others.find(({ tabs }) => tabs.some(isFile));
  const showsText = others.find(({ activeTab }) => activeTab?.input instanceof vscode.TabInputText);
  return (showsFile ?? holdsFile ?? showsText)?.viewColumn;
}

function isTrace(tab: vscode.Tab | undefined): boolean {
  const editors: readonly string[] = Object.values(editorIds);
  return tab?.input instanceof vscode.TabInputCustom && editors.includes(tab.input.viewType);
}

/** From 1; undefined when the place names no line and no text of it is found. */
async function lineOf(place: Place, file: SourceFile): Promise<number | undefined> {
  if (place.find && place.find.length > 0) {
    const found = await findLine(file.path, place.find);
    if (found !== undefined) return found;
  }
  return place.line;
}
