// Numbers as a person reads them, the same in every language and on every machine. What is no number is "–", never an
// invented one.

const unknown = "–";
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** "<1 ms", "340 ms", "4.2 s", "4 m 12 s", "7 h 0 m", "2 d 3 h". */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return unknown;
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms > 0 && ms < 0.5) return "<1 ms";
  // Each step is rounded before it is compared, so that 59.96 s is "1 m 0 s" and not "60.0 s".
  if (Math.round(ms) < second) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / second);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  const minutes = Math.round(ms / minute);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
  const hours = Math.round(ms / hour);
  return `${groupThousands(Math.floor(hours / 24))} d ${hours % 24} h`;
}

/** "61,204"; rounded to a whole number. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return unknown;
  const rounded = Math.round(count);
  return rounded < 0 ? `-${groupThousands(-rounded)}` : groupThousands(rounded);
}

/** US dollars: "$0.48", "<$0.01" for anything between nothing and a cent, "$1,204.50". */
export function formatCost(dollars: number): string {
  if (!Number.isFinite(dollars)) return unknown;
  if (dollars < 0) return `-${formatCost(-dollars)}`;
  if (dollars > 0 && dollars < 0.01) return "<$0.01";
  const cents = Math.round(dollars * 100);
  return `$${groupThousands(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, "0")}`;
}

/** In steps of 1,024: "0 B", "812 B", "1.5 KB", "340 MB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return unknown;
  if (bytes < 0) return `-${formatBytes(-bytes)}`;
  let value = bytes;
  let unit = 0;
  const units = ["B", "KB", "MB", "GB", "TB"];
  while (unit < units.length - 1 && rounded(value, unit) >= 1_024) {
    value /= 1_024;
    unit++;
  }
  const shown = rounded(value, unit);
  const digits = Number.isInteger(shown) ? groupThousands(shown) : shown.toFixed(1);
  return `${digits} ${units[unit] ?? ""}`;
}

/** Time since the start of a trace: "+0:00.000", "+1:02.345", "+7:00:12.345". */
export function formatOffset(ms: number): string {
  if (!Number.isFinite(ms)) return unknown;
  const whole = Math.round(Math.abs(ms));
  const hours = Math.floor(whole / hour);
  const minutes = Math.floor((whole % hour) / minute);
  const seconds = `${pad(Math.floor((whole % minute) / second), 2)}.${pad(whole % second, 3)}`;
  const sign = ms < 0 && whole > 0 ? "-" : "+";
  return hours > 0 ? `${sign}${hours}:${pad(minutes, 2)}:${seconds}` : `${sign}${minutes}:${seconds}`;
}

/** How long ago: "just now" (also for a clock that is ahead), "5 min ago", "3 h ago", "2 d ago", "4 mo ago", "2 y ago". */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return unknown;
  if (ms < minute) return "just now";
  if (ms < hour) return `${Math.floor(ms / minute)} min ago`;
  if (ms < day) return `${Math.floor(ms / hour)} h ago`;
  const days = Math.floor(ms / day);
  if (days < 60) return `${days} d ago`;
  return days < 730 ? `${Math.floor(days / 30.44)} mo ago` : `${groupThousands(Math.floor(days / 365.25))} y ago`;
}

/** One decimal below ten of a unit, none above and none for bytes. */
function rounded(value: number, unit: number): number {
  return unit === 0 || value >= 9.95 ? Math.round(value) : Math.round(value * 10) / 10;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function groupThousands(whole: number): string {
  // Beyond this a number is written with an exponent, where groups would make no sense.
  return whole < 1e21 ? String(whole).replace(/\B(?=(?:\d{3})+$)/g, ",") : String(whole);
}
