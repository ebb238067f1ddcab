// Where the search matches in texts that are shown. A plain text is looked for here; an expression is matched by the
// reader, whose engine cannot hang, and what it says comes a moment later.

import { matchPlacesResultSchema, mostMarkedTexts, mostMarkedUnits } from "../../src/protocol/searchMessages";
import type { SearchQuery } from "../../src/trace/searchQuery";
import { literalMatcher, type TextMatcher } from "../../src/trace/searchText";
import type { HostConnection } from "./hostConnection";

/** Marks of one text. */
const mostMarks = 200;
const mostKnown = 5_000;
/** UTF-16 units that are asked about together. */
const mostAsked = 262_144;
const none: readonly number[] = [];

export class MatchMarks {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  #query: SearchQuery | undefined;
  #epoch = 0;
  #literal: TextMatcher | undefined;
  /** By text; of expressions only. */
  #known = new Map<string, readonly number[]>();
  #unknown = new Set<string>();
  #isAsking = false;
  #version = 0;

  /** @param onChange told when texts that were asked for have their marks */
  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** The query whose matches are marked. */
  get query(): SearchQuery | undefined {
    return this.#query;
  }

  /** Changes when places may be others. */
  get version(): number {
    return this.#version;
  }

  setQuery(query: SearchQuery | undefined, epoch: number): void {
    this.#version++;
    this.#query = query;
    this.#epoch = epoch;
    this.#literal = query === undefined || query.regex ? undefined : literalMatcher(query);
    this.#known = new Map();
    this.#unknown = new Set();
  }

  /** Where matches start and end, in turn; none yet where the reader has to be asked. */
  places(text: string): readonly number[] {
    if (this.#query === undefined || text === "") return none;
    if (this.#literal !== undefined) return this.#literal.places(text, mostMarks);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (text.length <= mostMarkedUnits) {
      this.#unknown.add(text);
      if (!this.#isAsking) void this.#ask();
    }
    return none;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    // Everything that is drawn now is asked about together.
    await new Promise((resolve) => setTimeout(resolve));
    while (this.#unknown.size > 0) {
      const query = this.#query;
      if (query === undefined) break;
      const texts = this.#takeUnknown();
      try {
        const params = { epoch: this.#epoch, query, texts };
        const { places } = await this.#connection.request("matchPlaces", params, matchPlacesResultSchema);
        if (query !== this.#query) continue;
        if (this.#known.size > mostKnown) this.#known.clear();
        for (const [index, text] of texts.entries()) this.#known.set(text, places[index] ?? none);
        if (places.every((list) => list.length === 0)) continue;
        this.#version++;
        this.#onChange();
      } catch {
        // Another picture is on its way, which is drawn anew.
        break;
      }
    }
    this.#isAsking = false;
  }

  #takeUnknown(): string[] {
    const texts: string[] = [];
    let units = 0;
    for (const text of this.#unknown) {
      if (texts.length > 0 && (texts.length === mostMarkedTexts || units + text.length > mostAsked)) break;
      texts.push(text);
      units += text.length;
      this.#unknown.delete(text);
    }
    return texts;
  }
}
