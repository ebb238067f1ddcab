// Playbooks in the editor, as seen from activation: what is registered costs nothing until a playbook is there.

import { type Disposable, DisposableStore } from "../../base/disposable";
import type { Logger } from "../../base/logger";
import type { PlaybookTools } from "./loadPlaybookTools";
import { PlaybookLenses } from "./playbookLenses";
import { PlaybookProblems } from "./playbookProblems";
import { registerPlaybookProviders } from "./playbookProviders";
import type { PlaybookRuns } from "./playbookRuns";

export interface PlaybookSupportOptions {
  /** Loaded by the first call. */
  readonly tools: () => PlaybookTools;
  readonly runs: PlaybookRuns;
  readonly logger: Logger;
}

export class PlaybookSupport implements Disposable {
  readonly #owned = new DisposableStore();

  constructor({ tools, runs, logger }: PlaybookSupportOptions) {
    this.#owned.add(registerPlaybookProviders(tools));
    this.#owned.add(new PlaybookProblems(tools, logger));
    this.#owned.add(new PlaybookLenses(tools, runs));
  }

  dispose(): void {
    this.#owned.dispose();
  }
}
