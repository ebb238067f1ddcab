// The npm scripts of the workspace: every `package.json` that is not installed, nested ones too, up to a number.

import * as path from "node:path";
import * as vscode from "vscode";
import {
  lockfileNames,
  managerOf,
  type PackageManager,
  type PackageScripts,
  packageManagers,
  readPackage,
} from "./npmScripts";
import type { ScriptOffer } from "./startRows";

const mostPackages = 100;
const mostBytes = 1024 * 1024;
const installed = "**/{node_modules,bower_components,.git,.tracekeeper,.vscode-test}/**";

/** Scripts of the packages nearest to the root first. */
export async function findScripts(token: vscode.CancellationToken): Promise<readonly ScriptOffer[]> {
  const [found, locks] = await Promise.all([
    vscode.workspace.findFiles("**/package.json", installed, mostPackages, token),
    vscode.workspace.findFiles(`**/{${lockfileNames.join(",")}}`, installed, mostPackages * 2, token),
  ]);
  const lockfiles = new Map<string, string[]>();
  for (const { fsPath } of locks.filter(isHere)) {
    const folder = path.dirname(fsPath);
    lockfiles.set(folder, [...(lockfiles.get(folder) ?? []), path.basename(fsPath)]);
  }
  const packages = new Map<string, PackageScripts>();
  for (const uri of found.filter(isHere)) {
    const read = await readPackageFile(uri);
    if (read) packages.set(path.dirname(uri.fsPath), read);
  }
  const byDepth = [...packages].sort(([a], [b]) => depth(a) - depth(b) || (a < b ? -1 : 1));
  return byDepth.flatMap(([folder, read]) => offersOf(folder, read, packages, lockfiles));
}

function offersOf(
  folder: string,
  { scripts, manager }: PackageScripts,
  packages: ReadonlyMap<string, PackageScripts>,
  lockfiles: ReadonlyMap<string, readonly string[]>,
): readonly ScriptOffer[] {
  const root = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(folder));
  const rootPath = root?.uri.fsPath ?? folder;
  const within = path.relative(rootPath, folder).split(path.sep).join("/");
  const used = managerOf(within, (at) => lockfiles.get(path.join(rootPath, at)) ?? [], [
    configuredManager(root),
    manager,
    packages.get(rootPath)?.manager,
  ]);
  const hasSeveralRoots = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const place = [hasSeveralRoots ? root?.name : "", within].filter(Boolean).join("/");
  return scripts.map(({ name, command }) => ({ manager: used, script: name, command, folder, place }));
}

/** Of the built-in npm extension: where a person has said it, that counts. */
function configuredManager(root: vscode.WorkspaceFolder | undefined): PackageManager | undefined {
  const npm = vscode.workspace.getConfiguration("npm", root?.uri);
  const named = npm.get<string>("scriptRunner", "auto");
  const general = npm.get<string>("packageManager", "auto");
  return packageManagers.find((manager) => manager === named) ?? packageManagers.find((each) => each === general);
}

async function readPackageFile(uri: vscode.Uri): Promise<PackageScripts | undefined> {
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > mostBytes) return undefined;
    return readPackage(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)));
  } catch {
    // Gone since it was found.
    return undefined;
  }
}

function isHere(uri: vscode.Uri): boolean {
  return uri.scheme === "file";
}

function depth(folder: string): number {
  return folder.split(path.sep).length;
}
