// The attributes of one span while it is mapped: what is taken out to stand in a field of its own is not left behind, and
// everything else survives. Instrumentations write the same thing under several names, so each look-up takes a list.

import type { Fields } from "./otlpFields";
import { setOwn } from "./otlpFields";

export class OtlpAttributes {
  readonly all: Fields;
  #taken: Set<string> | undefined;

  constructor(all: Fields) {
    this.all = all;
  }

  /** The first of these that holds a text with something in it. */
  text(names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.all[name];
      if (typeof value === "string" && value !== "") return value;
    }
    return undefined;
  }

  /** The first of these that is a count, also one written as text. */
  count(names: readonly string[]): number | undefined {
    for (const name of names) {
      const value = this.all[name];
      const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
      if (typeof count === "number" && Number.isFinite(count) && count >= 0) return count;
    }
    return undefined;
  }

  /** The first of these names that there is. */
  find(names: readonly string[]): string | undefined {
    return names.find((name) => this.all[name] !== undefined && this.all[name] !== null);
  }

  take(name: string): unknown {
    this.#taken ??= new Set();
    this.#taken.add(name);
    return this.all[name];
  }

  /** What was not taken, as an object of its own. Names that only a recorder of ours gives are told to be the sender's. */
  rest(): Record<string, unknown> {
    const rest: Record<string, unknown> = {};
    for (const name of Object.keys(this.all)) {
      if (this.#taken?.has(name) === true) continue;
      setOwn(rest, name.startsWith("tracekeeper.") ? `sent.${name}` : name, this.all[name]);
    }
    return rest;
  }
}
