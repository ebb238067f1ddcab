// The view state: read back once through its schema, written a moment after the last change.

import * as z from "zod/mini";
import { type ViewState, viewStateSchema } from "../../src/protocol/panelMessages";
import { type Filter, filterSchema } from "./filters";
import type { HostConnection } from "./hostConnection";

const delayMs = 100;

export class ViewMemory {
  readonly #connection: HostConnection;
  readonly #current: () => ViewState | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: HostConnection, current: () => ViewState | undefined) {
    this.#connection = connection;
    this.#current = current;
  }

  read(): ViewState | undefined {
    const parsed = viewStateSchema.safeParse(this.#connection.getState());
    return parsed.success ? parsed.data : undefined;
  }

  /** Writes soon. */
  touch(): void {
    this.#timer ??= setTimeout(() => this.flush(), delayMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const state = this.#current();
    if (state !== undefined) this.#connection.setState(state);
  }
}

/** The filters of a view state; those that this version does not know are left out. */
export function readFilters(value: unknown): Filter[] {
  const list = z.array(z.unknown()).check(z.maxLength(200)).safeParse(value);
  if (!list.success) return [];
  return list.data.flatMap((item) => {
    const filter = filterSchema.safeParse(item);
    return filter.success ? [filter.data] : [];
  });
}
