// Typed arrays that grow by half, so that a trace that grows for hours copies each row a few times in all.

/** For how many there is to be room where `needed` do not fit any more. */
export function grownLength(length: number, needed: number): number {
  return needed <= length ? length : Math.max(needed, length + (length >> 1), 64);
}

type Resizable = {
  readonly length: number;
  readonly constructor: unknown;
  set(values: ArrayLike<number>): void;
  fill(value: number, from: number): unknown;
};

/** The same values in an array of that length, which is not smaller; what is new holds `fill`. */
export function resized<Kind extends Resizable>(array: Kind, length: number, fill = 0): Kind {
  const larger = new (array.constructor as new (length: number) => Kind)(length);
  larger.set(array as unknown as ArrayLike<number>);
  if (fill !== 0) larger.fill(fill, array.length);
  return larger;
}
