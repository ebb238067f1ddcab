// The terminal in which the session process itself runs, handed on to the program's own: every key as it is typed, every
// change of size. It is given back as it was.

import type { PtyChild, TerminalSize } from "./ptyChild";

const ctrlC = 0x03;

export function isInTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

export function terminalSize(): TerminalSize {
  const { columns, rows } = process.stdout;
  // A terminal that is not drawn yet has no size.
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/** @param onCtrlC Ctrl+C was typed, which is the program's affair. @returns gives the terminal back */
export function handOverTerminal(child: PtyChild, onCtrlC: () => void): () => void {
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
  return () => {
    stdout.removeListener("resize", onResize);
    stdin.removeListener("data", onData);
    stdin.pause();
    stdin.unref();
    setRawMode(false);
  };
}

function setRawMode(isRaw: boolean): void {
  try {
    process.stdin.setRawMode(isRaw);
  } catch {
    // It is gone.
  }
}
