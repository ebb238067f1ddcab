// What the command says, on stdout, in few writes. Whoever stops to read (`| head`) ends the command and is no error.

import { once } from "node:events";
import { errorCode } from "../base/errorCode";
import { describeError } from "../base/logger";
import { visibleLine } from "./visibleText";

const writeLength = 65_536;

/** From here on a closed stdout ends the process. */
export function endWithReader(): void {
  process.stdout.on("error", (error) => {
    if (errorCode(error) === "EPIPE") process.exit(0);
    printError(describeError(error));
    process.exit(1);
  });
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Waits for the reader where it is slower. */
export async function printLines(lines: Iterable<string>): Promise<void> {
  let pending = "";
  for (const line of lines) {
    pending += `${line}\n`;
    if (pending.length < writeLength) continue;
    if (!process.stdout.write(pending)) await once(process.stdout, "drain");
    pending = "";
  }
  if (pending !== "") process.stdout.write(pending);
}

/** A piece of something, as it is; waits for the reader where it is slower. */
export async function writePiece(piece: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(piece)) await once(process.stdout, "drain");
}

/** One line on stderr. */
export function printError(message: string): void {
  process.stderr.write(`tracekeeper: ${visibleLine(message)}\n`);
}
