// The `node-pty` of the VS Code at hand, loaded by its path. What is used of it beside its public calls is its socket,
// because the public ones lose output: they close the terminal a moment after the program's exit, read or not.

import { createRequire } from "node:module";
import { join } from "node:path";

export interface PtySpawnOptions {
  readonly name?: string;
  readonly cols: number;
  readonly rows: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Pty {
  readonly pid: number;
  /** Of the terminal, where the system has one for it. */
  readonly fd?: number;
  onData(listener: (data: string | Buffer) => void): unknown;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): unknown;
  write(data: string | Buffer): void;
  resize(columns: number, rows: number): void;
  pause(): void;
  resume(): void;
  kill(signal?: string): void;
  readonly _socket?: PtySocket;
}

/** Node's own stream of the terminal. */
export interface PtySocket {
  setEncoding(encoding: BufferEncoding): void;
  readonly readableEnded: boolean;
  destroy: (error?: Error) => unknown;
  readonly _handle?: { readStop(): void; readStart(): void } | null;
}

export interface NodePty {
  spawn(file: string, args: readonly string[] | string, options: PtySpawnOptions): Pty;
}

/** @param directory of the package. Throws where it can't be loaded. */
export function loadNodePty(directory: string): NodePty {
  const loaded = createRequire(join(directory, "package.json"))(directory) as Partial<NodePty> | undefined;
  if (typeof loaded?.spawn !== "function") throw new Error(`${directory} is no node-pty`);
  return loaded as NodePty;
}
