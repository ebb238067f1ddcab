// Durations as a playbook writes them: a number of seconds, or a text such as `500ms`, `30s`, `5m`, `1h30m`.

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Each unit at most once, the largest first; at least one of them. */
export const durationPattern =
  /^(?=\d)(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

export const durationWords = "a number of seconds, or a text such as 500ms, 30s, 5m or 1h30m";

/** What a timer can wait at most. */
export const longestDurationMs = 2 ** 31 - 1;

/** Undefined where it is none, or one longer than a timer can wait (24 days). */
export function durationMs(value: string | number): number | undefined {
  const ms = typeof value === "number" ? value * 1000 : textMs(value.trim());
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > longestDurationMs) return undefined;
  return Math.round(ms);
}

function textMs(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const match = durationPattern.exec(text);
  if (!match) return undefined;
  return Object.values(unitMs).reduce((sum, ms, index) => sum + Number(match[index + 1] ?? 0) * ms, 0);
}

/** The shortest text that means this duration: `1h30m`, `1.5s`, `0s`. */
export function durationText(ms: number): string {
  let left = Math.round(ms);
  let text = "";
  for (const [unit, size] of Object.entries(unitMs)) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text === "" ? "0s" : text;
}
