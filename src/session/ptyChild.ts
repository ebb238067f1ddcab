// A program in a terminal of its own: to it everything is as it would be without us. Standard output and standard error
// are one there. All of its output is read, also what it wrote just before its end.

import { constants } from "node:os";
import { FdWriter } from "./fdWriter";
import { LastOutput } from "./lastOutput";
import type { NodePty, Pty, PtySocket } from "./nodePty";
import type { ChildEnd, ChildRequest, RunningChild } from "./runningChild";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Input beyond this waits where it comes from. */
const mostQueuedInputBytes = 64 * 1024;

/** Throws where there is no terminal to be had. That the program can be started was checked before. */
export function startPtyChild(nodePty: NodePty, request: ChildRequest, size: TerminalSize): PtyChild {
  const { command, cwd, env } = request;
  const args = command.isVerbatim ? command.args.join(" ") : [...command.args];
  const pty = nodePty.spawn(command.file, args, { cwd, env, cols: size.columns, rows: size.rows });
  return new PtyChild(pty, request);
}

export class PtyChild implements RunningChild {
  readonly pid: number;
  readonly hasOwnTerminal = true;
  readonly ended: Promise<ChildEnd>;
  readonly #pty: Pty;
  readonly #socket: PtySocket | undefined;
  readonly #last: LastOutput;
  readonly #input = new FdWriter({ onWritten: () => this.#wakeInput() });
  #onInputTaken: (() => void) | undefined;
  #isHeld = false;
  #hasEnded = false;

  constructor(pty: Pty, { output }: ChildRequest) {
    this.#pty = pty;
    this.pid = pty.pid;
    this.#last = new LastOutput(() => this.#giveUp());
    this.#socket = usableSocket(pty);
    // As text in UTF-8 broken bytes would be lost; this encoding gives a character for each byte.
    this.#socket?.setEncoding("latin1");
    const encoding = this.#socket === undefined ? "utf8" : "latin1";
    const close = this.#keepOpen();
    this.#close = close;
    pty.onData((data) => {
      this.#last.heard();
      output("terminal", typeof data === "string" ? Buffer.from(data, encoding) : data);
    });
    this.ended = new Promise((resolve) => {
      pty.onExit(({ exitCode, signal }) => {
        this.#hasEnded = true;
        this.#last.done();
        if (pty.fd !== undefined) this.#input.close(pty.fd);
        const name = signal ? signalName(signal) : undefined;
        resolve({
          code: name === undefined ? exitCode : undefined,
          signal: name,
          heldStreams: this.#isHeld ? ["terminal"] : [],
        });
      });
    });
  }

  readonly #close: () => void;

  get isGone(): boolean {
    return this.#last.isGone;
  }

  pause(): void {
    this.#last.pause();
    const handle = this.#handle();
    // A stream that is paused keeps what it has read, and forgets it when the terminal is closed.
    if (handle) handle.readStop();
    else this.#pty.pause();
  }

  resume(): void {
    this.#last.resume();
    const handle = this.#handle();
    if (handle) handle.readStart();
    else this.#pty.resume();
  }

  closeOutput(): void {
    // The terminal is the program's own, whoever looks at it.
  }

  /** What a person types. @param onTaken called when more can be taken, where false is returned */
  write(bytes: Buffer, onTaken: () => void): boolean {
    if (this.#hasEnded) return true;
    const { fd } = this.#pty;
    if (fd === undefined || process.platform === "win32") {
      this.#pty.write(bytes);
      return true;
    }
    this.#input.write(fd, bytes);
    if (this.#input.queuedBytes < mostQueuedInputBytes) return true;
    this.#onInputTaken = onTaken;
    return false;
  }

  resize({ columns, rows }: TerminalSize): void {
    if (this.#hasEnded) return;
    try {
      this.#pty.resize(columns, rows);
    } catch {
      // It was closed just now.
    }
  }

  #wakeInput(): void {
    if (this.#input.queuedBytes >= mostQueuedInputBytes) return;
    this.#onInputTaken?.();
    this.#onInputTaken = undefined;
  }

  #handle(): { readStop(): void; readStart(): void } | undefined {
    return this.#hasEnded ? undefined : (this.#socket?._handle ?? undefined);
  }

  /** Sees to it that the terminal is closed when everything was read, and not at some time after the program's exit. */
  #keepOpen(): () => void {
    const socket = this.#socket;
    if (socket === undefined) return () => this.#pty.kill();
    const destroy = socket.destroy.bind(socket);
    socket.destroy = (error) => {
      if (error !== undefined || socket.readableEnded) return destroy(error);
      // That the program is gone.
      this.#last.gone();
      return socket;
    };
    return () => void destroy();
  }

  #giveUp(): void {
    this.#isHeld = true;
    this.#close();
  }
}

function usableSocket({ _socket }: Pty): PtySocket | undefined {
  const isUsable =
    process.platform !== "win32" &&
    typeof _socket?.setEncoding === "function" &&
    typeof _socket.destroy === "function" &&
    typeof _socket._handle?.readStop === "function" &&
    typeof _socket._handle.readStart === "function";
  return isUsable ? _socket : undefined;
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
