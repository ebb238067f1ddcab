// What the command line says of a batch in a word, and as JSON.

import { basename, dirname, join, resolve } from "node:path";
import { batchFolder, parseBatchLogName } from "../../trace/batch/batchIds";
import { batchProgress } from "../../trace/batch/batchProgress";
import { summarizeBatch } from "../../trace/batch/batchSummary";
import { type BatchWord, batchWord, batchWordLabel } from "../../trace/batch/describeBatch";
import { groupErrors } from "../../trace/batch/errorGroups";
import { defaultDirectory } from "../command";
import { quotedWord, relativePath, statusMarks } from "../headerLines";
import { isoTime } from "../jsonTime";
import type { Piece } from "../screen";
import type { FoundBatch } from "./findBatch";

const marks: Readonly<Record<BatchWord, Piece>> = {
  waitingForItems: statusMarks.waiting,
  creatingRuns: statusMarks.running,
  running: statusMarks.running,
  paused: statusMarks.waiting,
  cancelling: statusMarks.running,
  interrupted: statusMarks.crashed,
  unknown: statusMarks.unknown,
  completed: statusMarks.completed,
  partlyFailed: statusMarks.failed,
  failed: statusMarks.failed,
  cancelled: { text: "⊘", style: "faint" },
  aborted: statusMarks.failed,
};

/** One or two words for its state, and the mark before them. */
export function stateWords(batch: Pick<FoundBatch, "state" | "runner">): {
  readonly label: string;
  readonly mark: Piece;
} {
  const word = wordOf(batch);
  return { label: batchWordLabel(word), mark: marks[word] };
}

function wordOf({ state, runner }: Pick<FoundBatch, "state" | "runner">): BatchWord {
  return batchWord(summarizeBatch(state), runner);
}

type BatchFacts = Pick<FoundBatch, "state" | "file" | "runner">;

export function batchObject({ state, file, runner }: BatchFacts, nowMs: number): object {
  const { counts } = state;
  const { done, failed, perMinute, leftMs } = batchProgress(state, nowMs);
  const count = (value: number) => value || undefined;
  return {
    type: "batch",
    id: state.id,
    name: state.name,
    file,
    engine: state.created?.engine,
    status: state.status,
    sealed: state.sealed,
    state: wordOf({ state, runner }),
    paused: state.isPaused || undefined,
    cancelled: state.isCancelled || undefined,
    abortReason: state.abortReason,
    runCount: state.runCount,
    done,
    succeeded: counts.succeeded,
    failed,
    cancelledRuns: count(counts.cancelled),
    running: count(counts.running),
    backingOff: count(counts["backing-off"]),
    queued: count(counts.queued),
    createdAt: isoTime(state.createdAt || undefined),
    sealedAt: isoTime(state.sealedAt),
    processingCompletedAt: isoTime(state.processingCompletedAt),
    completedAt: isoTime(state.completedAt),
    perMinute: perMinute === undefined ? undefined : Math.round(perMinute * 10) / 10,
    leftMs: leftMs && { least: Math.round(leftMs.least), most: Math.round(leftMs.most) },
    parentSession: state.created?.parentSession,
    errors: groupErrors(state).map(({ message, indexes }) => ({ message, count: indexes.length, indexes })),
  };
}

/** Command by which somebody in this folder sees the batch. @param file path of its log */
export function showBatchFor(file: string): string {
  const isHere = dirname(file) === join(resolve(defaultDirectory), batchFolder);
  const argument = isHere ? (parseBatchLogName(basename(file)) ?? file) : relativePath(file);
  return `tracekeeper batch show ${quotedWord(argument)}`;
}
