// What programs say of themselves: written once each, with the first of a program's spans that has no parent here.

import type { MappedSpan } from "../importers/otlpSpan";

/** Different programs or restarts; then they are written again. */
const mostResources = 256;

export class OtlpResources {
  readonly #written = new Set<string>();
  #last: MappedSpan["resource"] | undefined;

  /** True once for each. */
  isNew(resource: MappedSpan["resource"]): boolean {
    // All spans of a request have the same object.
    if (resource === this.#last) return false;
    this.#last = resource;
    const json = JSON.stringify(resource);
    if (json === "{}" || this.#written.has(json)) return false;
    if (this.#written.size >= mostResources) this.#written.clear();
    this.#written.add(json);
    return true;
  }
}
