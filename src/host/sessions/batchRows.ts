// The rows of batches in the Sessions view as data: what each says, and which sessions stand below it. Pure. Every text of
// a trace passes `plainText` here, because VS Code reads icons and links into labels and tooltips.

import type { BatchAction } from "../../protocol/batchMessages";
import type { BatchEntry } from "../../store/batches/batchCatalog";
import type { SessionEntry } from "../../store/sessionEntry";
import { failedRuns } from "../../trace/batch/batchSummary";
import {
  type BatchRunner,
  type BatchWord,
  batchWord,
  batchWordLabel,
  describeBatchProgress,
  describeFlags,
} from "../../trace/batch/describeBatch";
import { formatAge, formatCount } from "../../trace/formatValue";
import { markdownText, plainText } from "../../trace/plainText";
import { safeId } from "../../trace/safeId";
import { type EntryIcon, isFailed, isLive } from "./sessionRows";

/** Names a batch among those of all directories. */
export function batchKey({ directory, safeId: id }: Pick<BatchEntry, "directory" | "safeId">): string {
  return `${directory}\n${id}`;
}

/** Name of the batch that a session is a run of; undefined where it is none. */
export function batchKeyOf({ directory, batch }: Pick<SessionEntry, "directory" | "batch">): string | undefined {
  return batch && batchKey({ directory, safeId: safeId(batch.id) });
}

/** Those that are not over first, then the newest first. */
export function sortBatches(batches: readonly BatchEntry[]): BatchEntry[] {
  const timeMs = ({ summary }: BatchEntry) => summary.endedAt ?? summary.updatedAt;
  return [...batches].sort(
    (a, b) =>
      Number(a.summary.isFinal) - Number(b.summary.isFinal) || timeMs(b) - timeMs(a) || (a.key < b.key ? -1 : 1),
  );
}

/** Batches whose words hold every word of `filter`. */
export function filterBatches(batches: readonly BatchEntry[], filter: string): BatchEntry[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return batches.filter(({ summary }) => {
    const text = [summary.name, summary.id, summary.status, summary.abortReason].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The runs that are listed below a batch: what needs a look first, then by number. */
export function runsOfBatch(sessions: readonly SessionEntry[]): SessionEntry[] {
  const rank = (entry: SessionEntry) => (isLive(entry) ? 0 : isFailed(entry) ? 1 : 2);
  const number = ({ batch }: SessionEntry) => batch?.index ?? 0;
  return [...sessions].sort(
    (a, b) => rank(a) - rank(b) || number(a) - number(b) || (a.batch?.attempt ?? 0) - (b.batch?.attempt ?? 0),
  );
}

export function batchLabel({ summary }: BatchEntry): string {
  return plainText(summary.name?.trim() || summary.id, 120);
}

/** "34 of 40, 2 failed · Running · 5 min ago". */
export function batchDescription(batch: BatchEntry, runner: BatchRunner, nowMs: number): string {
  const { summary, isDamaged } = batch;
  const word = batchWord(summary, runner);
  const timeMs = summary.endedAt ?? summary.updatedAt;
  const age = timeMs === 0 ? "" : formatAge(Math.max(0, nowMs - timeMs));
  // What failed is told by its number already.
  const state = word === "partlyFailed" || word === "completed" ? "" : batchWordLabel(word);
  return [describeBatchProgress(summary), state, isDamaged ? "damaged log" : "", age].filter(Boolean).join(" · ");
}

const icons: Readonly<Record<BatchWord, EntryIcon>> = {
  waitingForItems: { icon: "watch", color: "charts.blue" },
  creatingRuns: { icon: "sync~spin", color: "charts.blue" },
  running: { icon: "sync~spin", color: "charts.blue" },
  paused: { icon: "debug-pause", color: "charts.blue" },
  cancelling: { icon: "debug-stop", color: "charts.blue" },
  interrupted: { icon: "debug-disconnect", color: "testing.iconFailed" },
  unknown: { icon: "question", color: "disabledForeground" },
  completed: { icon: "pass", color: "testing.iconPassed" },
  partlyFailed: { icon: "error", color: "testing.iconFailed" },
  failed: { icon: "error", color: "testing.iconFailed" },
  cancelled: { icon: "circle-slash", color: "disabledForeground" },
  aborted: { icon: "error", color: "testing.iconFailed" },
};

export function batchIcon({ summary }: BatchEntry, runner: BatchRunner): EntryIcon {
  return icons[batchWord(summary, runner)];
}

/**
 * Words for `when` clauses: `batch`, and what can be done with it now, such as `canCancel`.
 * @param can whether an action has no hindrance
 */
export function batchContext(can: (action: BatchAction) => boolean): string {
  const words: Readonly<Record<BatchAction, string>> = {
    cancel: "canCancel",
    pause: "canPause",
    unpause: "canUnpause",
    retryFailed: "canRetry",
    goOn: "canGoOn",
  };
  return ["batch", ...(Object.keys(words) as BatchAction[]).filter(can).map((action) => words[action])].join(" ");
}

/** Markdown, every text of the log escaped. */
export function batchTooltip(batch: BatchEntry, runner: BatchRunner): string {
  const { summary } = batch;
  const lines = [`**${markdownText(batchLabel(batch))}**`, ""];
  const add = (name: string, value: string) => lines.push(`${name}: ${markdownText(value, 1_000)}  `);
  const time = (atMs: number) => new Date(atMs).toLocaleTimeString();
  add("State", `${batchWordLabel(batchWord(summary, runner))} (${describeFlags(summary, time)})`);
  if (summary.abortReason !== undefined) add("Reason", summary.abortReason);
  add("Runs", describeBatchProgress(summary));
  const failed = failedRuns(summary.counts);
  if (summary.counts.running > 0) add("Under way", formatCount(summary.counts.running));
  if (failed > 0) add("Failed", formatCount(failed));
  if (summary.createdAt > 0) add("Created", new Date(summary.createdAt).toLocaleString());
  add("Batch", summary.id);
  add("Log", batch.key);
  return lines.join("\n");
}

/** What tells a run apart below its batch: "Run 7", and the attempt where there were several. */
export function runLabel({ batch }: Pick<SessionEntry, "batch">): string {
  if (batch === undefined) return "";
  const run = `Run ${formatCount(batch.index + 1)}`;
  return batch.attempt > 1 ? `${run}, attempt ${formatCount(batch.attempt)}` : run;
}

/** Sessions that are not runs of the batches of these names, and the others by their batch. */
export function splitRuns(
  sessions: readonly SessionEntry[],
  batches: ReadonlySet<string>,
): { readonly others: SessionEntry[]; readonly runs: ReadonlyMap<string, SessionEntry[]> } {
  const others: SessionEntry[] = [];
  const runs = new Map<string, SessionEntry[]>();
  for (const entry of sessions) {
    const key = batchKeyOf(entry);
    if (key === undefined || !batches.has(key)) others.push(entry);
    else {
      const list = runs.get(key);
      if (list) list.push(entry);
      else runs.set(key, [entry]);
    }
  }
  return { others, runs };
}
