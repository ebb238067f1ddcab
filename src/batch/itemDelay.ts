// The delay of an item, as trigger.dev writes it: a duration such as "1h30m", or the time of day at which it ends.

const unitsMs: Readonly<Record<string, number>> = {
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  hr: 3_600_000,
  m: 60_000,
  s: 1_000,
};
const duration = /^(?:\d+(?:w|d|hr|h|m|s))+$/;
const longestMs = 366 * 86_400_000;

/** In ms from now on; undefined for what is no delay, or more than a year. */
export function parseDelay(text: string, nowMs: number): number | undefined {
  let delayMs = 0;
  if (duration.test(text)) {
    for (const [, count, unit = ""] of text.matchAll(/(\d+)(w|d|hr|h|m|s)/g)) {
      delayMs += Number(count) * (unitsMs[unit] ?? Number.NaN);
    }
  } else if (/^\d{4}-\d\d-\d\dT/.test(text)) delayMs = Math.max(0, Date.parse(text) - nowMs);
  else return undefined;
  return delayMs <= longestMs ? delayMs : undefined;
}
