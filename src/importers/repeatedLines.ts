// Which lines of a file stand there a second time, as in a tail that was written twice. Only a line that tells who it is can
// be known again by itself; any other one, such as a person's second "yes", only behind a line that was.

import { createHash } from "node:crypto";
import type { Fields } from "./otlpFields";
import { own, part } from "./recordFields";

export class RepeatedLines {
  /** Of the lines that were taken, in their order. */
  readonly #hashes: number[] = [];
  /** Where those with an identity stand among them. */
  readonly #places = new Map<number, number>();
  /** Place of the line that comes next if a block is repeated. */
  #next = -1;

  /** Counts the line as taken where it is no repeated one. */
  isRepeated(bytes: Uint8Array, hasIdentity: boolean): boolean {
    const hash = createHash("sha1").update(bytes).digest().readUIntBE(0, 6);
    const place = this.#hashes[this.#next] === hash ? this.#next : this.#places.get(hash);
    if (place !== undefined) {
      this.#next = place + 1;
      return true;
    }
    this.#next = -1;
    if (hasIdentity) this.#places.set(hash, this.#hashes.length);
    this.#hashes.push(hash);
    return false;
  }
}

/** The record has an id or a time of its own, itself or in what it carries. */
export function hasIdentity(fields: Fields): boolean {
  return [fields, ...carriers.map((name) => part(fields, name))].some((each) =>
    identities.some((name) => {
      const value = own(each, name);
      return typeof value === "number" || (typeof value === "string" && value !== "");
    }),
  );
}

const carriers = ["payload", "message", "data"] as const;
const identities = ["uuid", "id", "timestamp", "call_id"] as const;
