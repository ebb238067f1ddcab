// What starting sessions needs of the rest of the extension.

import { join } from "node:path";
import type * as vscode from "vscode";
import type { Logger } from "../../base/logger";
import type { TraceStore } from "../../store/traceStore";
import type { PanelRegistry } from "../panel/panelRegistry";
import type { PlaybookTools } from "../playbook/loadPlaybookTools";
import type { KeptSecrets } from "../playbook/run/keptSecrets";
import type { StoreStarter } from "../storeStarter";
import type { LaunchedSession } from "./launchRequest";

export interface SessionStartParts {
  readonly store: TraceStore;
  readonly registry: PanelRegistry;
  readonly starter: StoreStarter;
  readonly logger: Logger;
  readonly workspaceState: Pick<vscode.Memento, "get" | "update">;
  /** Folder of the extension's own. */
  readonly storage: string;
  /** Path of `dist/session.js`. */
  readonly program: string;
  /** What knows playbooks, loaded by the first call. */
  readonly playbookTools: () => PlaybookTools;
  readonly secrets: KeptSecrets;
  onLaunched(session: LaunchedSession): void;
}

/** Where the workspace keeps what was started, for "Run Again". */
export const launchesKey = "tracekeeper.launches";

export function launchesPath(storage: string): string {
  return join(storage, "launches");
}
