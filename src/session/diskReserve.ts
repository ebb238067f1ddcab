// A little room on the disk for the end of a session: on a disk that has become full it is given back just before the end,
// so that the trace can say how the run ended and what is missing. It is a file without a name, which goes with the
// process whatever becomes of it.

import { randomBytes } from "node:crypto";
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";

/** For what waits when the disk is found full, and for the records of the end. */
const reservedBytes = 512 * 1024;

export class DiskReserve {
  #fd: number | undefined;

  /** @param directory where the session is recorded */
  constructor(directory: string) {
    // There a file keeps its name as long as it is open.
    if (process.platform === "win32") return;
    try {
      const path = join(directory, `.reserve-${randomBytes(8).toString("hex")}`);
      this.#fd = openSync(path, "wx", 0o600);
      unlinkSync(path);
      const bytes = Buffer.alloc(reservedBytes, 0x20);
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    } catch {
      // What could be had of it is kept.
    }
  }

  /** Gives the room back. */
  release(): void {
    if (this.#fd === undefined) return;
    try {
      closeSync(this.#fd);
    } catch {
      // It is closed all the same.
    }
    this.#fd = undefined;
  }
}
