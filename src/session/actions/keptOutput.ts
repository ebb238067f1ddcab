// What of a program's output later steps and expectations can ask for: the end of it, of bounded length. All of it is in
// the trace. Standard output is kept by itself, because what a program prints for a machine must not be mixed with what
// it says on standard error.

import type { OutputStream } from "../../trace/outputBurst";
import type { SecretMask } from "../secrets/secretMask";

/** Of each; a JSON document that is longer can't be asked for its fields. */
export const mostKeptBytes = 1024 * 1024;

export class KeptOutput {
  readonly #stdout: LastBytes;
  readonly #all: LastBytes;

  /** @param mask knows secrets, of which nothing is left where one stands at the cut */
  constructor(mask: SecretMask) {
    this.#stdout = new LastBytes(mask);
    this.#all = new LastBytes(mask);
  }

  add(stream: OutputStream, bytes: Buffer): void {
    this.#all.add(bytes);
    if (stream !== "stderr") this.#stdout.add(bytes);
  }

  /** As `ActionResult` has them; the line feeds at the end are left out, as a shell does. */
  result(): { readonly output: string; readonly wholeOutput: string; readonly json?: unknown } {
    const output = this.#stdout.text();
    return { output, wholeOutput: this.#all.text(), json: this.#stdout.isCut ? undefined : parsedJson(output) };
  }
}

/** The value; undefined for a text that is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

class LastBytes {
  readonly #mask: SecretMask;
  #pieces: Buffer[] = [];
  #length = 0;
  isCut = false;

  constructor(mask: SecretMask) {
    this.#mask = mask;
  }

  add(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    // Now and then only: each time is as long as what is kept.
    if (this.#length > 2 * mostKeptBytes) this.#cut();
  }

  text(): string {
    this.#cut();
    return Buffer.concat(this.#pieces)
      .toString("utf8")
      .replace(/(?:\r?\n)+$/, "");
  }

  #cut(): void {
    if (this.#length <= mostKeptBytes) return;
    const all = Buffer.concat(this.#pieces);
    const from = this.#mask.outside(all, all.length - mostKeptBytes);
    // A copy: the rest of the memory is given back.
    this.#pieces = [Buffer.from(all.subarray(from))];
    this.#length = all.length - from;
    this.isCut = true;
  }
}
