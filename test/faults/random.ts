// Random choices that can be repeated. A source gives numbers from 0 up to 1; 0 always stands for the smallest damage, so
// that what fast-check shrinks shrinks towards no damage.

import fc from "fast-check";

export type Random = () => number;

/** The same choices for the same seed. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** The given choices, and no damage after them. */
export function chosen(choices: readonly number[]): Random {
  let next = 0;
  return () => choices[next++] ?? 0;
}

/** Choices for properties: `fc.property(choices, (values) => disk.powerCut(chosen(values)))`. */
export const choices: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
  maxLength: 60,
  size: "max",
});

/** One of `options`, the first for 0. */
export function pick<T>(random: Random, options: readonly [T, ...T[]]): T {
  return options[Math.floor(random() * options.length)] ?? options[0];
}

/** A whole number from `from` to `to`, both included; `to` for 0, because as much as possible is kept then. */
export function lengthFrom(random: Random, from: number, to: number): number {
  return to - Math.min(to - from, Math.floor(random() * (to - from + 1)));
}
