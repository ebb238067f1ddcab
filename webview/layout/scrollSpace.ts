// A list that may be taller than a browser lets an element be. Below that height the list scrolls as any other. Above it
// the scroll bar stands for a part of the list, but what wheel, keys and pages scroll by is exact: between the place in
// the list and that of the scroll bar there is a shift, which only a drag of the bar or a rest changes. Near both ends of
// the list the bar counts px as well, so that there is always a way on, and back.

/** Chromium counts layout in 64ths of a device px in 32 bits; what is below this stays exact. */
const mostDevicePx = 30_000_000;

/** Views at each end in which the bar counts px. */
const endViews = 10;

export class ScrollSpace {
  #totalPx = 0;
  #viewportPx = 0;
  #heightPx = 0;
  #top = 0;
  #barTop = 0;

  /** Height of the whole list and of the part in view, in CSS px. @param ratio device px of a CSS px */
  resize(totalPx: number, viewportPx: number, ratio: number): void {
    this.#totalPx = totalPx;
    this.#viewportPx = viewportPx;
    this.#heightPx = Math.min(totalPx, Math.max(2 * viewportPx, Math.floor(mostDevicePx / ratio)));
    this.#top = this.#clamp(this.#top);
    if (!this.isScaled) this.#barTop = this.#top;
    else if (this.#barTop > this.#mostBarTop) this.#barTop = this.#barOf(this.#top);
  }

  /** The scroll bar stands for more than it can. */
  get isScaled(): boolean {
    return this.#heightPx < this.#totalPx;
  }

  /** Of the element that is scrolled. */
  get heightPx(): number {
    return this.#heightPx;
  }

  /** Place in the list. */
  get top(): number {
    return this.#top;
  }

  /** Where the element is to be scrolled to. */
  get barTop(): number {
    return this.#barTop;
  }

  /** What stands at a place in the list stands so much higher within the element. */
  get shiftPx(): number {
    return this.#top - this.#barTop;
  }

  /** Goes to a place in the list, as far as there is one. */
  moveTo(top: number): void {
    this.#top = this.#clamp(top);
    this.#barTop = this.#barOf(this.#top);
  }

  /**
   * The element was scrolled.
   * @param isStep by something that means px, however many: otherwise more than two views at once are a drag of the bar
   */
  scrolled(barTop: number, isStep: boolean): void {
    const by = barTop - this.#barTop;
    this.#barTop = barTop;
    if (!this.isScaled) this.#top = this.#clamp(barTop);
    else if (isStep || Math.abs(by) <= 2 * this.#viewportPx) this.#top = this.#clamp(this.#top + by);
    else this.#top = this.#topOf(barTop);
    if (this.#isNearEnd(barTop, this.#mostBarTop) || this.#isNearEnd(this.#top, this.#mostTop)) this.rest();
  }

  /** Nobody scrolls: the bar may stand where it belongs. */
  rest(): void {
    this.#barTop = this.#barOf(this.#top);
  }

  get #mostTop(): number {
    return Math.max(0, this.#totalPx - this.#viewportPx);
  }

  get #mostBarTop(): number {
    return Math.max(0, this.#heightPx - this.#viewportPx);
  }

  #clamp(top: number): number {
    return Math.min(this.#mostTop, Math.max(0, top));
  }

  /** Room at both ends in which the bar counts px. */
  get #endPx(): number {
    return Math.min(endViews * this.#viewportPx, this.#mostBarTop / 4);
  }

  #isNearEnd(top: number, mostTop: number): boolean {
    return top < this.#endPx || top > mostTop - this.#endPx;
  }

  #barOf(top: number): number {
    const end = this.#endPx;
    if (!this.isScaled || top <= end) return top;
    if (top >= this.#mostTop - end) return this.#mostBarTop - (this.#mostTop - top);
    // Whole px, because the element is scrolled to nothing finer everywhere.
    return Math.round(end + ((top - end) / (this.#mostTop - 2 * end)) * (this.#mostBarTop - 2 * end));
  }

  #topOf(barTop: number): number {
    const end = this.#endPx;
    if (barTop <= end) return barTop;
    if (barTop >= this.#mostBarTop - end) return this.#mostTop - (this.#mostBarTop - barTop);
    return end + ((barTop - end) / (this.#mostBarTop - 2 * end)) * (this.#mostTop - 2 * end);
  }
}
