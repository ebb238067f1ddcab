// Boxes on whole device pixels. A canvas is sharp only where each of its pixels is one of the screen's, and that depends
// on where on the page it lies: with 1.25 device px of a CSS px hardly any row begins on a whole one.

export interface DeviceSpan {
  /** CSS px from the origin to the first whole device px. */
  readonly offset: number;
  /** CSS px, a whole number of device px. */
  readonly length: number;
  readonly pixels: number;
  /** Part of a device px by which the span begins before what was asked for. */
  readonly lead: number;
}

/** A hair, so that rounding errors of the page's layout cost no pixel. */
const hair = 1e-3;

/**
 * The whole device px that hold a stretch.
 * @param originPx where `from` counts from, in CSS px of the page
 */
export function deviceSpan(originPx: number, from: number, length: number, ratio: number): DeviceSpan {
  const start = (originPx + from) * ratio;
  const first = Math.floor(start + hair);
  const end = Math.max(first + 1, Math.ceil((originPx + from + length) * ratio - hair));
  return {
    offset: first / ratio - originPx,
    length: (end - first) / ratio,
    pixels: end - first,
    lead: Math.max(0, start - first),
  };
}
