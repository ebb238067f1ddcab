// The `tracekeeper` command as it is shipped: built by the build of the product and run by a Node of its own.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { build } from "../../esbuild.mjs";
import { makeTempDir } from "./tempDir";

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** It leads a process group, so that a signal reaches what it starts as Ctrl+C would. */
  readonly isGroup?: boolean;
}

export interface BuiltCli extends AsyncDisposable {
  /** Path of `cli.js`. */
  readonly path: string;
  /** Runs the command to its end. */
  run(words: readonly string[], options: CliOptions): Promise<CliResult>;
  /** Starts it and leaves the rest to the caller. */
  start(words: readonly string[], options: CliOptions): ChildProcessWithoutNullStreams;
  remove(): Promise<void>;
}

/** Neither the terminal nor the person at it changes what is printed. */
const neutral: Readonly<Record<string, string | undefined>> = {
  TZ: "UTC",
  COLUMNS: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  NODE_OPTIONS: undefined,
  NODE_V8_COVERAGE: undefined,
};

export async function buildCli(): Promise<BuiltCli> {
  const folder = await makeTempDir();
  await build({ names: ["cli"], outputFolder: folder.path, quiet: true });
  const path = folder.join("cli.js");
  const start = (words: readonly string[], { cwd, env = {}, isGroup = false }: CliOptions) =>
    spawn(process.execPath, [path, ...words], {
      cwd,
      env: { ...process.env, ...neutral, ...env },
      stdio: "pipe",
      detached: isGroup,
    });
  return {
    path,
    start,
    async run(words, options) {
      const child = start(words, options);
      child.stdin.end();
      return await resultOf(child);
    },
    remove: folder.remove,
    [Symbol.asyncDispose]: folder.remove,
  };
}

export async function resultOf(child: ChildProcessWithoutNullStreams): Promise<CliResult> {
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...output };
}
