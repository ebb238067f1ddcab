// Activates a bundle of the extension in a fresh process, beside a stand-in for `vscode`:
//
//   const { activateMs, after } = await activateAlone(bundle, { folder, storage, until: "rest" });
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { pinnedNode, repositoryRoot } from "../../scripts/lib/paths.mjs";

export interface AloneOptions {
  /** The workspace folder; undefined for a window without one. */
  readonly folder?: string | undefined;
  /** The extension's global storage, which need not exist. */
  readonly storage: string;
  /**
   * Looked at once the window is idle, once something is watched, or once every command has run and was cancelled, the
   * last also in Restricted Mode.
   */
  readonly until: "rest" | "watching" | "returned" | "commands" | "restricted";
}

export interface Held {
  /** Active resources as Node counts them, without the process's own streams. */
  readonly resources: readonly string[];
  /** Watches of the system (inotify); 0 where only Node knows of them. */
  readonly watches: number;
}

export interface Activated {
  readonly loadMs: number;
  readonly activateMs: number;
  readonly isSynchronous: boolean;
  /** How often a directory was looked for. */
  readonly looks: number;
  readonly before: Held;
  readonly after: Held;
  readonly disposed: Held;
  /** What a person or the log was told: `<error|warning|info|log|pick|dialog> <text>`. */
  readonly told: readonly string[];
  readonly commands: number;
  /** Names of the files that were loaded, the bundle first. */
  readonly bundles: readonly string[];
}

export async function activateAlone(bundle: string, options: AloneOptions): Promise<Activated> {
  const program = join(repositoryRoot, "test/support/activateProcess.mts");
  const folder = options.folder === undefined ? [] : [options.folder];
  const { stdout } = await promisify(execFile)(
    pinnedNode,
    ["--no-warnings", program, bundle, options.storage, options.until, ...folder],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout) as Activated;
}
