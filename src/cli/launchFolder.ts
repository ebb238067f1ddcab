// The folder in which a run is claimed: one for each run, readable by nobody else, and removed when the process ends.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface LaunchFolder {
  /** Where the file of the launch would be. */
  pathOf(launchId: string): string;
  remove(): void;
}

export function newLaunchFolder(): LaunchFolder {
  const folder = mkdtempSync(join(tmpdir(), "tracekeeper-run-"));
  const remove = () => {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // A system that cleans its temporary folder does it later.
    }
  };
  // Also where the session ends the process itself.
  process.once("exit", remove);
  return { pathOf: (launchId) => join(folder, `${launchId}.json`), remove };
}
