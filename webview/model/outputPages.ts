// Lines of the output that are here: asked for a page at a time, as many as are looked at and some around them. A page
// that has changed stays until its new lines are here, so that nothing flickers.

import { type OutputLineView, outputLinesResultSchema } from "../../src/protocol/outputMessages";
import { type HostConnection, StaleReplyError } from "./hostConnection";

const pageLines = 100;
const mostPages = 60;

interface Page {
  lines: readonly OutputLineView[];
  isStale: boolean;
}

export class OutputPages {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  readonly #pages = new Map<number, Page>();
  /** By page: the question that is on its way, of which only the last one counts. */
  readonly #asked = new Map<number, number>();
  #serial = 0;
  #generation = 0;
  error: string | undefined;

  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** Undefined while it is not here. */
  line(number: number): OutputLineView | undefined {
    return this.#pages.get(Math.floor(number / pageLines))?.lines[number % pageLines];
  }

  /** Line numbers lose their meaning. */
  clear(): void {
    this.#generation++;
    this.#pages.clear();
    this.#asked.clear();
    this.error = undefined;
  }

  /** The lines may be others now. */
  invalidate(lines: Iterable<number>): void {
    this.error = undefined;
    for (const line of lines) {
      const number = Math.floor(line / pageLines);
      const page = this.#pages.get(number);
      if (page !== undefined) page.isStale = true;
      // An answer that is on its way may be of before.
      this.#asked.delete(number);
    }
  }

  /** Asks for what is missing of the lines `from` (included) to `to` (excluded). */
  need(epoch: number, from: number, to: number): void {
    if (this.error !== undefined) return;
    for (let page = Math.floor(from / pageLines); page * pageLines < to; page++) {
      if (this.#pages.get(page)?.isStale === false || this.#asked.has(page)) continue;
      const serial = ++this.#serial;
      this.#asked.set(page, serial);
      void this.#ask(epoch, page, serial);
    }
    this.#forgetFarFrom((from + to) / 2 / pageLines);
  }

  async #ask(epoch: number, page: number, serial: number): Promise<void> {
    const generation = this.#generation;
    try {
      const params = { epoch, from: page * pageLines, count: pageLines };
      const { lines } = await this.#connection.request("outputLines", params, outputLinesResultSchema);
      if (generation !== this.#generation) return;
      const isLast = this.#asked.get(page) === serial;
      if (isLast) this.#asked.delete(page);
      this.#pages.set(page, { lines, isStale: !isLast });
    } catch (error) {
      if (generation !== this.#generation || this.#asked.get(page) !== serial) return;
      this.#asked.delete(page);
      // After a stale answer the next `open` begins anew.
      if (error instanceof StaleReplyError) return;
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.#onChange();
  }

  #forgetFarFrom(page: number): void {
    if (this.#pages.size <= mostPages) return;
    const farthest = [...this.#pages.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page));
    for (const far of farthest.slice(0, this.#pages.size - mostPages)) this.#pages.delete(far);
  }
}
