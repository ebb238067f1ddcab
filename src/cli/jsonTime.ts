// Times and durations as the JSON of the command line has them.

export function isoTime(timeMs: number | undefined): string | undefined {
  // The range of `Date`.
  return timeMs !== undefined && Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : undefined;
}

/** To the microsecond: what is behind that is an artefact of large numbers. */
export function roundMs(ms: number): number;
export function roundMs(ms: number | undefined): number | undefined;
export function roundMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1_000) / 1_000;
}
