// A program that runs, however its input and output are connected. Its output is handed over piece by piece, in the order
// in which it came, and it has ended once nothing more of it can come.

import type { OutputStream } from "../trace/outputBurst";
import type { ProgramCommand } from "./programCommand";

export interface ChildRequest {
  readonly command: ProgramCommand;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The bytes are the receiver's. */
  output(stream: OutputStream, bytes: Buffer): void;
}

export interface ChildEnd {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  /** "SIGKILL", for example. */
  readonly signal: string | undefined;
  /** Another process still held these when the wait for more output was given up. */
  readonly heldStreams: readonly OutputStream[];
}

export interface RunningChild {
  readonly pid: number;
  /** It leads a terminal of its own, whose processes end with it; otherwise it is in our process group. */
  readonly hasOwnTerminal: boolean;
  /** Resolves when the process is gone and its last output was handed over. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** The process is gone; output of it may still come. */
  readonly isGone: boolean;
  /** Takes no output until `resume`; the program waits once the system's buffers are full. */
  pause(): void;
  resume(): void;
  /** Nobody reads this stream any more: the program finds it closed. */
  closeOutput(stream: OutputStream): void;
}
