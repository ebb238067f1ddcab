// The terminal in which the session process itself runs, handed on to the program's own: every key as it is typed, every
// change of size. It is given back as it was.

import { spawnSync } from "node:child_process";
import { isatty } from "node:tty";
import type { PtyChild, TerminalSize } from "./ptyChild";

const ctrlC = 0x03;

/** Node's own streams are not asked: with them it would take hold of what the program inherits. */
export function isInTerminal(): boolean {
  return isatty(0) && isatty(1);
}

export function terminalSize(): TerminalSize {
  const { columns, rows } = process.stdout;
  // A terminal that is not drawn yet has no size.
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

export interface HandedOver {
  /** Takes nothing more of what is typed. */
  endInput(): void;
  /** The terminal is as it was before; when all output is shown. */
  giveBack(): void;
}

/** @param onCtrlC Ctrl+C was typed, which is the program's affair */
export function handOverTerminal(child: PtyChild, onCtrlC: () => void): HandedOver {
  const { stdin, stdout } = process;
  const onData = (bytes: Buffer) => {
    if (bytes.includes(ctrlC)) onCtrlC();
    if (!child.write(bytes, () => stdin.resume())) stdin.pause();
  };
  const onResize = () => child.resize(terminalSize());
  // A terminal that is closed is told of by SIGHUP.
  const onError = () => undefined;
  setRawMode(true);
  stdin.on("error", onError);
  stdin.on("data", onData);
  stdout.on("error", onError);
  stdout.on("resize", onResize);
  // It may have changed while the program was started.
  onResize();
  return {
    endInput() {
      stdout.removeListener("resize", onResize);
      stdin.removeListener("data", onData);
      stdin.pause();
      stdin.unref();
    },
    giveBack: () => setRawMode(false),
  };
}

export function setRawMode(isRaw: boolean): void {
  try {
    process.stdin.setRawMode(isRaw);
    // Node leaves it to the terminal to put a carriage return before each line feed, which the program's has done where
    // the program wants it. What is restored is everything.
    if (isRaw && process.platform !== "win32")
      spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
  } catch {
    // It is gone.
  }
}
