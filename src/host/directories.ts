// Which trace directories are watched: `.tracekeeper/traces` of each workspace folder, those of the settings, and for a
// window without a folder the one in the extension's own storage. In Restricted Mode only what lies below the workspace.

import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { isUnc, replaceVariables } from "./source/pathMap";

/** Directories that other recorders use by default. */
const knownDirectories: readonly KnownDirectory[] = [
  { recorder: "altimate-code", path: ".local/share/altimate-code/traces", levels: 0 },
  {
    recorder: "Claude Code",
    path: ".claude/projects",
    moved: { variable: "CLAUDE_CONFIG_DIR", path: "projects" },
    levels: 1,
  },
  { recorder: "Codex", path: ".codex/sessions", moved: { variable: "CODEX_HOME", path: "sessions" }, levels: 3 },
  {
    recorder: "Copilot CLI",
    path: ".copilot/session-state",
    moved: { variable: "COPILOT_HOME", path: "session-state" },
    levels: 1,
  },
];

interface KnownDirectory {
  readonly recorder: string;
  /** Relative to the home directory. */
  readonly path: string;
  /** The variable of the environment that moves it, and where it is below that. */
  readonly moved?: { readonly variable: string; readonly path: string };
  /** Levels of folders between it and the files of sessions. */
  readonly levels: number;
}

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
    const directory = placeOf(known);
    if (!watched.includes(directory) && (await isDirectory(directory)))
      offered.push({ recorder: known.recorder, path: directory });
  }
  return offered;
}

function placeOf({ path: usual, moved }: KnownDirectory): string {
  const base = moved === undefined ? undefined : process.env[moved.variable];
  return moved !== undefined && base ? path.resolve(base, moved.path) : path.join(os.homedir(), usual);
}

/** Of a directory that a known program fills with folders, how many levels of these there are; 0 for any other. */
export function levelsBelow(directory: string): number {
  const parts = path.normalize(directory).split(path.sep).join("/");
  const known = knownDirectories.find(
    (each) => placeOf(each) === path.normalize(directory) || parts.endsWith(`/${each.path}`),
  );
  return known?.levels ?? 0;
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
