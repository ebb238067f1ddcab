// Which trace directories are watched: `.tracekeeper/traces` of each workspace folder, those of the settings, and for a
// window without a folder the one in the extension's own storage. In Restricted Mode only what lies below the workspace.

import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { isUnc, replaceVariables } from "./source/pathMap";

/** Directories that other recorders use by default, relative to the home directory. */
const knownDirectories = [{ recorder: "altimate-code", path: ".local/share/altimate-code/traces" }] as const;

export interface WatchedDirectories {
  readonly directories: readonly string[];
  /** Entries of the setting that cannot be used, with the reason in words. */
  readonly refused: readonly { readonly entry: string; readonly reason: string }[];
}

export function watchedDirectories(configured: readonly string[], storage: vscode.Uri): WatchedDirectories {
  const folders = fileFolders();
  const directories = folders.map((folder) => path.join(folder.path, ".tracekeeper", "traces"));
  if (folders.length === 0) directories.push(path.join(storage.fsPath, "traces"));
  const refused: { entry: string; reason: string }[] = [];
  if (vscode.workspace.isTrusted) {
    for (const entry of configured) {
      const replaced = replaceVariables(entry.trim(), { home: os.homedir(), folders });
      if (!path.isAbsolute(replaced)) refused.push({ entry, reason: vscode.l10n.t("it is not an absolute path") });
      else if (isUnc(replaced))
        refused.push({ entry, reason: vscode.l10n.t("it is a network path (UNC); mount it first") });
      else directories.push(path.normalize(replaced));
    }
  }
  return { directories: [...new Set(directories)], refused };
}

/** Known directories of other recorders that exist and are not watched yet. */
export async function offeredDirectories(watched: readonly string[]): Promise<{ recorder: string; path: string }[]> {
  const offered: { recorder: string; path: string }[] = [];
  for (const known of knownDirectories) {
    const directory = path.join(os.homedir(), known.path);
    if (!watched.includes(directory) && (await isDirectory(directory)))
      offered.push({ recorder: known.recorder, path: directory });
  }
  return offered;
}

export async function anyExists(directories: readonly string[]): Promise<boolean> {
  for (const directory of directories) if (await isDirectory(directory)) return true;
  return false;
}

async function isDirectory(directory: string): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(vscode.Uri.file(directory))).type & vscode.FileType.Directory) !== 0;
  } catch {
    return false;
  }
}

export function fileFolders(): { name: string; path: string }[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => ({ name: folder.name, path: folder.uri.fsPath }));
}
