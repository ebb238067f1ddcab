// Playbooks in the editor, as seen from activation: what is registered costs nothing until a playbook is there.

import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import { plainText } from "../../trace/plainText";
import { type PlaybookTools, playbookToolsLoader } from "./loadPlaybookTools";
import { PlaybookLenses } from "./playbookLenses";
import { PlaybookProblems } from "./playbookProblems";
import { registerPlaybookProviders } from "./playbookProviders";
import type { PlaybookRuns } from "./playbookRuns";

export interface PlaybookSupportOptions {
  /** The folder of the bundles. */
  readonly dist: string;
  readonly runs: PlaybookRuns;
  readonly logger: Logger;
}

export class PlaybookSupport implements Disposable {
  /** For whoever runs a playbook: parsing and parameters. Loaded by the first call. */
  readonly tools: () => PlaybookTools;
  readonly #owned = new DisposableStore();

  constructor({ dist, runs, logger }: PlaybookSupportOptions) {
    this.tools = playbookToolsLoader(dist);
    this.#owned.add(registerPlaybookProviders(this.tools));
    this.#owned.add(new PlaybookProblems(this.tools, logger));
    this.#owned.add(new PlaybookLenses(this.tools, runs));
  }

  async run(): Promise<void> {
    await tellOfCommandLine("tracekeeper run <file>");
  }

  async resume(): Promise<void> {
    await tellOfCommandLine("tracekeeper resume <session>");
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

async function tellOfCommandLine(command: string): Promise<void> {
  await vscode.window.showInformationMessage(
    plainText(vscode.l10n.t("This window can't start playbooks yet. In a terminal, use: {0}", command)),
  );
}
