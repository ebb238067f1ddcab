// What the session process itself shows: the program's output as it came, and a few words of its own, which are not
// recorded. In a terminal the words are dim and begin on a line of their own.

import { relative } from "node:path";
import { isatty } from "node:tty";
import { formatDuration } from "../trace/formatValue";
import type { OutputStream } from "../trace/outputBurst";
import { visibleControls } from "../trace/plainText";
import { FdWriter, type FdWriterEvents } from "./fdWriter";
import type { Outcome } from "./outcome";

const stdoutFd = 1;
const stderrFd = 2;

export class OwnOutput {
  readonly #writer: FdWriter;
  readonly #isTerminal = isatty(stderrFd);
  #isAtLineStart = true;

  /** `onClosed` is told 1 for standard output and 2 for standard error. */
  constructor(events: FdWriterEvents) {
    this.#writer = new FdWriter(events);
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  get isAtLineStart(): boolean {
    return this.#isAtLineStart;
  }

  /** Shows output of the program. The bytes must not change any more. */
  show(stream: OutputStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#isAtLineStart = bytes[bytes.length - 1] === 0x0a;
    this.#writer.write(stream === "stderr" ? stderrFd : stdoutFd, bytes);
  }

  /** One line on standard error. */
  say(text: string): void {
    const line = `tracekeeper: ${oneLine(text)}`;
    const isDim = this.#isTerminal && !process.env["NO_COLOR"];
    const start = this.#isAtLineStart ? "" : "\n";
    this.#isAtLineStart = true;
    this.#writer.write(stderrFd, Buffer.from(`${start}${isDim ? `\x1b[2m${line}\x1b[22m` : line}\n`));
  }

  /** Lines on standard output: what was asked for. */
  print(text: string): void {
    this.#writer.write(stdoutFd, Buffer.from(text));
  }

  /** What came of the run, where a person sees it. @param path of the trace; undefined where there is none */
  sayEnd({ status, error = "", command }: Outcome, durationMs: number, path: string | undefined): void {
    if (!this.#isTerminal) return;
    const outcome = status === "completed" ? "completed" : command.isInterrupted ? error : `failed: ${error}`;
    const place = path === undefined ? "" : ` · ${shortPath(path)}`;
    this.say(`${outcome} · ${formatDuration(durationMs)}${place}`);
  }

  /** Resolves when everything is shown. */
  async settled(): Promise<void> {
    await this.#writer.idle();
  }
}

function shortPath(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside.startsWith("..") ? path : inside;
}

function oneLine(text: string): string {
  return visibleControls(text).replaceAll("\n", "␊");
}
