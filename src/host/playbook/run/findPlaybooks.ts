// The playbooks of the workspace, the one that was changed last at the front.

import { basename } from "node:path";
import * as vscode from "vscode";

const mostPlaybooks = 200;
const notLookedInto = "**/{node_modules,bower_components,.git,.tracekeeper,.vscode-test}/**";

export interface PlaybookOffer {
  readonly path: string;
  /** `nightly-check` of `nightly-check.playbook.yaml`. */
  readonly name: string;
  /** As a person says it. */
  readonly place: string;
  readonly modifiedMs: number;
}

export async function findPlaybooks(token?: vscode.CancellationToken): Promise<readonly PlaybookOffer[]> {
  const pattern = "**/*.playbook.{yaml,yml}";
  const found = await vscode.workspace.findFiles(pattern, notLookedInto, mostPlaybooks, token);
  const offers = await Promise.all(found.filter(({ scheme }) => scheme === "file").map(offerOf));
  return offers.sort((a, b) => b.modifiedMs - a.modifiedMs || (a.path < b.path ? -1 : 1));
}

async function offerOf(uri: vscode.Uri): Promise<PlaybookOffer> {
  const path = uri.fsPath;
  return {
    path,
    name: basename(path).replace(/\.playbook\.ya?ml$/i, ""),
    place: vscode.workspace.asRelativePath(uri),
    modifiedMs: await modifiedMs(uri),
  };
}

async function modifiedMs(uri: vscode.Uri): Promise<number> {
  try {
    return (await vscode.workspace.fs.stat(uri)).mtime;
  } catch {
    // Gone since it was found.
    return 0;
  }
}
