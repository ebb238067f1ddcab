// The spans that are open, for those that begin to follow in the middle: memory is that of open spans, each cut to what
// tells what it is.

import { cutMark } from "./streamEvent";

/** Longer beginnings are kept without their payloads. */
const mostKeptLength = 16 * 1024;
/** Beyond these the oldest are forgotten: a follower then sees their ends alone. */
const mostOpen = 10_000;

export interface OpenSpan {
  readonly spanId: string;
  readonly timeMs: number;
  readonly json: string;
}

export class OpenSpansOfStream {
  readonly #spans = new Map<string, OpenSpan>();

  begin(span: OpenSpan): void {
    this.#spans.delete(span.spanId);
    this.#spans.set(span.spanId, span.json.length <= mostKeptLength ? span : { ...span, json: shortened(span.json) });
    const [oldest] = this.#spans.keys();
    if (this.#spans.size > mostOpen && oldest !== undefined) this.#spans.delete(oldest);
  }

  end(spanId: string): void {
    this.#spans.delete(spanId);
  }

  /** In the order of their beginnings. */
  all(): Iterable<OpenSpan> {
    return this.#spans.values();
  }
}

/** Without payloads, and with a mark that says so. */
export function shortened(json: string): string {
  const { input, output, attributes, ...span } = JSON.parse(json) as Record<string, unknown>;
  const left = Object.entries({ input, output, attributes }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  return JSON.stringify({ ...span, attributes: { [cutMark]: left } });
}
