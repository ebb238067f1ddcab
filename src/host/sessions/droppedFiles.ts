// Files that are dropped onto the Sessions view open as traces. Nothing can be dragged from it.

import * as vscode from "vscode";
import type { Logger } from "../../base/logger";
import { reportError } from "../commandEdge";
import { openTraceFile } from "../openTraceFile";

const uriList = "text/uri-list";
/** Whoever drops a folder's worth of files by accident has not to close as many editors. */
const mostOpened = 20;

export class DroppedFiles<Node> implements vscode.TreeDragAndDropController<Node> {
  readonly dropMimeTypes = [uriList];
  readonly dragMimeTypes: string[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async handleDrop(_target: Node | undefined, dropped: vscode.DataTransfer): Promise<void> {
    const text = await dropped.get(uriList)?.asString();
    for (const uri of urisIn(text ?? "").slice(0, mostOpened)) {
      try {
        await openTraceFile(uri);
      } catch (error) {
        reportError(this.#logger, "drop", error);
      }
    }
  }
}

/** One a line; a line that begins with `#` is a comment (RFC 2483). */
function urisIn(text: string): vscode.Uri[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => vscode.Uri.parse(line));
}
