// Spans of a transcript of which large payloads are not held: they are read again from the lines of the file when somebody
// asks for them.

import type { Rereading } from "../importers/importSession";
import type { TraceSpan } from "../trace/schema";
import { TraceReplacedError } from "../trace/spanSource";
import type { TailedFile } from "./tailedFile";

/** Whoever looks at a span asks for several of its fields. */
const mostRemembered = 4;

export class ImportedPayloads {
  readonly #rereading: Rereading;
  readonly #fileAt: (number: number) => TailedFile | undefined;
  readonly #remembered = new Map<number, TraceSpan>();

  /** @param fileAt by number in the places of lines */
  constructor(rereading: Rereading, fileAt: (number: number) => TailedFile | undefined) {
    this.#rereading = rereading;
    this.#fileAt = fileAt;
  }

  /** The span with all of its payload; undefined where that is held. @throws TraceReplacedError */
  wholeAt(row: number): TraceSpan | undefined {
    return this.#rereading.isClipped(row) ? (this.#remembered.get(row) ?? this.#read(row)) : undefined;
  }

  /** Lines have come that may tell more of any span. */
  forget(): void {
    this.#remembered.clear();
  }

  #read(row: number): TraceSpan {
    const whole = this.#rereading.reread(row, ({ file, offsetBytes, lengthBytes }) => {
      const bytes = this.#fileAt(file)?.read(offsetBytes, lengthBytes);
      if (bytes === undefined) throw new TraceReplacedError("A file of the session is not there any more");
      return bytes;
    });
    if (whole === undefined) throw new TraceReplacedError("The lines of a step say something else now");
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size < mostRemembered) break;
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(row, whole);
    return whole;
  }
}
