// The colours of bars by how they ended and what they are; grounds on which words are read are mixed once a frame.

import { faded } from "../draw/canvas";
import type { BarState } from "../layout/bars";
import type { TimelinePalette } from "./timelinePalette";

export class BarFills {
  readonly #palette: TimelinePalette;
  readonly #grounds = new Map<string, string>();

  constructor(palette: TimelinePalette) {
    this.#palette = palette;
  }

  color(state: BarState, kind: number): string {
    const palette = this.#palette;
    if (state === "failed") return palette.failed;
    if (state === "recovered") return palette.recovered;
    if (state === "interrupted" || state === "notRun") return palette.interrupted;
    return this.kind(kind);
  }

  kind(kind: number): string {
    return this.#palette.kinds[kind] ?? this.#palette.text;
  }

  /** Thin enough to read words on; in high contrast the page's own. */
  ground(color: string): string {
    let ground = this.#grounds.get(color);
    if (ground === undefined) {
      ground = this.#palette.barGround === 0 ? this.#palette.background : faded(color, this.#palette.barGround);
      this.#grounds.set(color, ground);
    }
    return ground;
  }
}

const letters = new Map<string, number>();

/** Mean width of a letter of the font, a little generous, so that hardly a text runs over its bar. */
export function letterWidth(context: CanvasRenderingContext2D): number {
  let width = letters.get(context.font);
  if (width === undefined) {
    const sample = "The quick brown fox: src/billing/tax.test.ts --run 0123456789";
    width = (context.measureText(sample).width / sample.length) * 1.12;
    letters.set(context.font, width);
  }
  return width;
}
