// The rows of the Sessions view as data: which sessions are shown, in which group and order, and what each row says.
// Pure. Every text of a trace passes `plainText` here, because VS Code reads icons and links into labels and tooltips.

import type { SessionEntry } from "../../store/sessionEntry";
import { batchRunWords } from "../../trace/batch/batchRun";
import { describeState } from "../../trace/describeState";
import { formatAge, formatBytes, formatCost, formatCount, formatDuration } from "../../trace/formatValue";
import { markdownText, plainText } from "../../trace/plainText";
import type { SessionStatus } from "../../trace/state";

export const sortOrders = ["newest", "oldest", "longest", "title"] as const;
export type SortOrder = (typeof sortOrders)[number];

export interface SessionGroup {
  readonly id: string;
  readonly label: string;
  readonly entries: readonly SessionEntry[];
}

export interface GroupTexts {
  readonly live: string;
  readonly today: string;
  readonly yesterday: string;
  readonly allSessions: string;
  readonly noDate: string;
  day(ms: number): string;
}

/** Sessions whose words hold every word of `filter`; case does not matter. */
export function filterEntries(entries: readonly SessionEntry[], filter: string): SessionEntry[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...entries];
  return entries.filter((entry) => {
    const text = searchText(entry);
    return words.every((word) => text.includes(word));
  });
}

/** Live sessions first, then a group a day, newest first; other orders than by time make one group of the rest. */
export function groupEntries(
  entries: readonly SessionEntry[],
  order: SortOrder,
  nowMs: number,
  texts: GroupTexts,
): SessionGroup[] {
  const live = entries.filter(isLive).sort(byOrder("newest"));
  const rest = entries.filter((entry) => !isLive(entry)).sort(byOrder(order));
  const groups: SessionGroup[] = [];
  if (live.length > 0) groups.push({ id: "live", label: texts.live, entries: live });
  if (order === "longest" || order === "title") {
    if (rest.length > 0) groups.push({ id: `all-${order}`, label: texts.allSessions, entries: rest });
    return groups;
  }
  const days = new Map<string, SessionEntry[]>();
  for (const entry of rest) {
    const id = dayId(entryTimeMs(entry));
    const day = days.get(id);
    if (day) day.push(entry);
    else days.set(id, [entry]);
  }
  const today = dayId(nowMs);
  const yesterdayDate = new Date(nowMs);
  yesterdayDate.setDate(yesterdayDate.getDate() - 1);
  const yesterday = dayId(yesterdayDate.getTime());
  for (const [id, ofDay] of days) {
    const first = ofDay[0] as SessionEntry;
    const label =
      entryTimeMs(first) === 0
        ? texts.noDate
        : id === today
          ? texts.today
          : id === yesterday
            ? texts.yesterday
            : texts.day(entryTimeMs(first));
    groups.push({ id: `day-${id}`, label, entries: ofDay });
  }
  return groups;
}

export function isLive(entry: SessionEntry): boolean {
  return entry.state.status === "running" || entry.state.status === "waiting";
}

/** Ended badly: what the badge counts and "Go to Failing Step" offers. */
export function isFailed(entry: SessionEntry): boolean {
  return entry.state.status === "failed" || entry.state.status === "crashed";
}

/** When the session was last known to do something; orders and groups the view. */
export function entryTimeMs(entry: SessionEntry): number {
  return entry.endedMs ?? entry.startedMs ?? entry.modifiedMs;
}

export function entryLabel(entry: SessionEntry): string {
  return plainText(entry.title?.trim() || entry.prompt?.trim() || entry.sessionId || entry.safeId, 120);
}

/**
 * State and age, and of a run of a batch which; a problem first.
 *
 * @param directoryName says where the session is, where sessions of several directories are listed
 */
export function entryDescription(entry: SessionEntry, nowMs: number, directoryName = ""): string {
  const state = describeState(entry.state, nowMs).label;
  // A link to nothing has no time of its own.
  const atMs = entryTimeMs(entry);
  const age = atMs === 0 ? "" : formatAge(Math.max(0, nowMs - atMs));
  const what = entry.problem?.severity === "error" ? plainText(entry.problem.message, 80) : state;
  const run = entry.batch === undefined ? "" : plainText(batchRunWords(entry.batch), 80);
  return [what, age, run, plainText(directoryName, 40)].filter(Boolean).join(" · ");
}

/** What tells a trace directory from others in one word: the folder that holds it, past the names that all of them share. */
export function directoryName(directory: string): string {
  const parts = directory.split(/[\\/]/).filter(Boolean);
  return parts.findLast((part) => part !== "traces" && part !== ".tracekeeper") ?? directory;
}

/** Words before the values of a tooltip. */
export interface TooltipTexts {
  readonly state: string;
  readonly error: string;
  readonly problem: string;
  readonly started: string;
  readonly duration: string;
  readonly prompt: string;
  readonly model: string;
  readonly agent: string;
  readonly tokens: string;
  readonly cost: string;
  readonly failures: string;
  readonly tags: string;
  readonly playbook: string;
  readonly resumedFrom: string;
  readonly session: string;
  readonly file: string;
}

/** Markdown, every text of the trace escaped. */
export function entryTooltip(entry: SessionEntry, nowMs: number, texts: TooltipTexts): string {
  const words = describeState(entry.state, nowMs);
  const lines = [`**${markdownText(entryLabel(entry))}**`, ""];
  const add = (name: string, value: string | undefined): void => {
    if (value) lines.push(`${name}: ${value}  `);
  };
  add(texts.state, markdownText(words.detail ? `${words.label} (${words.detail})` : words.label));
  add(texts.error, entry.state.error && markdownText(entry.state.error));
  add(texts.problem, entry.problem && markdownText(withOffset(entry.problem)));
  add(
    texts.started,
    entry.startedMs === undefined ? undefined : markdownText(new Date(entry.startedMs).toLocaleString()),
  );
  add(texts.duration, entry.durationMs === undefined ? undefined : markdownText(formatDuration(entry.durationMs)));
  add(texts.prompt, entry.prompt && markdownText(entry.prompt));
  add(texts.model, entry.model && markdownText(entry.model));
  add(texts.agent, entry.agent && markdownText(entry.agent));
  add(texts.tokens, entry.totalTokens === undefined ? undefined : markdownText(formatCount(entry.totalTokens)));
  add(texts.cost, entry.totalCost === undefined ? undefined : markdownText(formatCost(entry.totalCost)));
  add(texts.failures, entry.failures ? String(entry.failures) : undefined);
  add(texts.playbook, entry.playbook && markdownText(entry.playbook.path, 1_000));
  add(texts.resumedFrom, entry.playbook?.resumedFrom && markdownText(entry.playbook.resumedFrom));
  add(texts.tags, entry.tags?.length ? markdownText(entry.tags.join(", ")) : undefined);
  add(texts.session, markdownText(entry.sessionId));
  add(texts.file, `${markdownText(entry.key, 1_000)} (${markdownText(formatBytes(entry.sizeBytes))})`);
  return lines.join("\n");
}

export interface EntryIcon {
  readonly icon: string;
  /** Theme colour, where the icon is not in the plain colour. */
  readonly color?: string;
}

export function entryIcon(entry: SessionEntry): EntryIcon {
  if (entry.problem?.severity === "error" && entry.state.status === "unknown")
    return { icon: "warning", color: "list.warningForeground" };
  const icons: Record<SessionStatus, EntryIcon> = {
    running: { icon: "sync~spin", color: "charts.blue" },
    waiting: { icon: "watch", color: "charts.blue" },
    completed: { icon: "pass", color: "testing.iconPassed" },
    failed: { icon: "error", color: "testing.iconFailed" },
    crashed: { icon: "debug-disconnect", color: "testing.iconFailed" },
    unknown: { icon: "question", color: "disabledForeground" },
  };
  return icons[entry.state.status];
}

/** What can be done with a session that was started here. */
export interface EntryControl {
  readonly canStop: boolean;
  readonly hasTerminal: boolean;
  readonly canRunAgain: boolean;
}

/**
 * Words for `when` clauses: `session`, the state, `failed` for whatever has a failing step to go to, `resumable` for runs
 * of playbooks that failed, and `stoppable`, `terminal` and `again` for what was started here.
 */
export function entryContext(entry: SessionEntry, control?: EntryControl): string {
  return [
    "session",
    entry.state.status,
    ...(entry.state.status === "crashed" ? ["failed"] : []),
    ...(control?.canStop ? ["stoppable"] : []),
    ...(control?.hasTerminal ? ["terminal"] : []),
    ...(control?.canRunAgain ? ["again"] : []),
    ...(entry.playbook !== undefined && isFailed(entry) ? ["resumable"] : []),
  ].join(" ");
}

function withOffset(problem: NonNullable<SessionEntry["problem"]>): string {
  return problem.offsetBytes === undefined
    ? problem.message
    : `${problem.message} (byte ${formatCount(problem.offsetBytes)})`;
}

function searchText(entry: SessionEntry): string {
  return [
    entry.title,
    entry.prompt,
    entry.sessionId,
    entry.agent,
    entry.model,
    entry.state.status,
    entry.state.error,
    entry.batch && batchRunWords(entry.batch),
    ...(entry.tags ?? []),
  ]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
}

function byOrder(order: SortOrder): (a: SessionEntry, b: SessionEntry) => number {
  const byKey = (a: SessionEntry, b: SessionEntry) => (a.key < b.key ? -1 : Number(a.key > b.key));
  switch (order) {
    case "newest":
      return (a, b) => entryTimeMs(b) - entryTimeMs(a) || byKey(a, b);
    case "oldest":
      return (a, b) => entryTimeMs(a) - entryTimeMs(b) || byKey(a, b);
    case "longest":
      return (a, b) => (b.durationMs ?? -1) - (a.durationMs ?? -1) || byKey(a, b);
    case "title":
      return (a, b) => entryLabel(a).localeCompare(entryLabel(b)) || byKey(a, b);
  }
}

/** The local day of a time, as a sortable text. */
function dayId(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}
