// VS Code closes a terminal whose process has ended, and what it shows is gone. Where the launch says so, this process
// stays after the end until a key is pressed.

import { setTimeout as delay } from "node:timers/promises";
import { isInTerminal, setRawMode } from "./ownTerminal";

/** Keys that were typed for the program and never read are not meant for us: they arrive within this time. */
const leftoverMs = 100;

export async function holdTerminal(): Promise<void> {
  if (!isInTerminal()) return;
  const { stdin, stdout } = process;
  setRawMode(true);
  stdin.resume();
  await delay(leftoverMs);
  stdout.write("\x1b[2mPress any key to close this terminal.\x1b[22m");
  await new Promise<void>((resolve) => {
    // A terminal that is closed ends the input, or fails it.
    for (const event of ["data", "end", "error", "close"]) stdin.once(event, () => resolve());
    stdin.ref();
    stdin.resume();
  });
  stdin.pause();
  setRawMode(false);
  stdout.write("\n");
}
