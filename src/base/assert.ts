// Exhaustiveness at the end of a `switch` over a discriminated union.

/** Throws: reached only when a union has gained a member that a `switch` does not handle. */
export function assertNever(value: never, what = "value"): never {
  throw new Error(`Unexpected ${what}: ${String(value)}`);
}
