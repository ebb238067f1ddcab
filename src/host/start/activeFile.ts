// The file in front, and how it is run on this machine.

import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { describeError, type Logger } from "../../base/logger";
import { isInside } from "../../store/insideFolder";
import { fileFolders } from "../directories";
import { settingIds } from "../ids";
import { readSettings } from "../settings";
import { type FileRun, runOfFile, type TypeStripping } from "./fileRunner";
import { folderOf } from "./traceFolder";

export interface ActiveFile {
  readonly path: string;
  /** Where it is run: its workspace folder, or its own folder where it is in none. */
  readonly cwd: string;
  /** As it is named there. */
  readonly name: string;
}

/** Undefined where no text of a file on this machine is in front. */
export function activeFile(): ActiveFile | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme !== "file") return undefined;
  const folder = folderOf(
    uri.fsPath,
    fileFolders().map((each) => each.path),
  );
  const cwd = folder !== undefined && isInside(folder, uri.fsPath) ? folder : path.dirname(uri.fsPath);
  return { path: uri.fsPath, cwd, name: path.relative(cwd, uri.fsPath) };
}

export async function runOfActiveFile(file: ActiveFile, logger: Logger): Promise<FileRun> {
  const uri = vscode.Uri.file(file.path);
  const document = await vscode.workspace.openTextDocument(uri);
  return await runOfFile(file.name, document.lineAt(0).text, {
    runners: readSettings(logger, uri).runners,
    ownRunners: ownRunners(uri),
    platform: process.platform,
    typeStripping: (node) => typeStripping(node, file.cwd),
    python: () => activePython(uri, logger),
  });
}

function ownRunners(uri: vscode.Uri): ReadonlySet<string> {
  const inspected = vscode.workspace.getConfiguration(undefined, uri).inspect<unknown>(settingIds.runners);
  const set = [inspected?.globalValue, inspected?.workspaceValue, inspected?.workspaceFolderValue];
  return new Set(set.flatMap((value) => (typeof value === "object" && value !== null ? Object.keys(value) : [])));
}

const answerMs = 5_000;

/** Asks that Node itself: it may be another one than that of VS Code. */
async function typeStripping(node: string, cwd: string): Promise<TypeStripping> {
  const question =
    "process.features.typescript?'always':process.allowedNodeEnvironmentFlags.has('--experimental-strip-types')?'byFlag':'never'";
  try {
    const { stdout } = await promisify(execFile)(node, ["-p", question], { cwd, timeout: answerMs, windowsHide: true });
    const answer = stdout.trim();
    return answer === "always" || answer === "byFlag" ? answer : "never";
  } catch {
    // A Node that is not there will say so when it is started.
    return "never";
  }
}

/** The part of the Python extension's API that is used here. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(
      environment: unknown,
    ): Promise<{ readonly executable: { readonly uri?: vscode.Uri | undefined } } | undefined>;
  };
}

async function activePython(resource: vscode.Uri, logger: Logger): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  try {
    return await withinMs(answerMs, async () => {
      const { environments } = await extension.activate();
      const active = environments?.getActiveEnvironmentPath(resource);
      if (!environments || !active) return undefined;
      return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
    });
  } catch (error) {
    logger.warn(`The Python extension did not name its interpreter: ${describeError(error)}`);
    return undefined;
  }
}

async function withinMs<T>(limitMs: number, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
