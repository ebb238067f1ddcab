// Bytes of a trace file -> a trace that is sound by `traceFileSchema`, and what is wrong with it. Never throws for bad
// bytes: what is sound is returned, what is not is named. One freedom is taken with the schema: a span without a usable
// start time has `startTime` NaN, which `buildColumns` shows as `noStart`.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { describeJsonType } from "./jsonType";
import type { Problem } from "./problem";
import { ProblemList } from "./problemList";
import { isMessageCut, isOutputCut } from "./producerMarks";
import { reportCutMarks, reportCutMessage, reportCutOutput, reportElided } from "./producerProblems";
import { repairHeader } from "./repairHeader";
import { isNothing, repairSpan } from "./repairSpan";
import type { TraceFile, TraceSpan } from "./schema";
import { isFields, isPlainlySound } from "./soundSpan";
import { parseInSteps, parseTolerant, type TolerantJson } from "./tolerantJson";

export interface Snapshot {
  /** Undefined where the bytes are no trace or nothing of it could be read. */
  readonly trace: TraceFile | undefined;
  readonly problems: Problem[];
  /** The bytes end in the middle of the document, so that later spans and the summary may be missing. */
  readonly truncated: boolean;
}

/** @param fileName name of the file without directory: the session's id where the file names none. */
export function readSnapshot(bytes: Uint8Array, fileName?: string): Snapshot {
  return finish(snapshotOf(parseTolerant(bytes), fileName));
}

/** The same, with pauses in which others can be served. */
export function* readSnapshotInSteps(bytes: Uint8Array, fileName?: string): Steps<Snapshot> {
  return yield* snapshotOf(yield* parseInSteps(bytes), fileName);
}

function* snapshotOf(
  { value, problems: found, truncated, damaged }: TolerantJson,
  fileName: string | undefined,
): Steps<Snapshot> {
  const problems = new ProblemList();
  problems.addAll(found);
  const trace = yield* toTraceInSteps(value, damaged, fileName, problems);
  return { trace, problems: problems.toArray(), truncated };
}

/**
 * A trace made of a value read from JSON, which it changes; undefined where it is none.
 * @param damaged the value was put together from damaged bytes, so that missing parts are no sign of another format.
 */
export function toTrace(
  value: unknown,
  damaged: boolean,
  fileName: string | undefined,
  problems: ProblemList,
): TraceFile | undefined {
  return finish(toTraceInSteps(value, damaged, fileName, problems));
}

function* toTraceInSteps(
  value: unknown,
  damaged: boolean,
  fileName: string | undefined,
  problems: ProblemList,
): Steps<TraceFile | undefined> {
  if (!isFields(value)) {
    if (value !== undefined) {
      problems.add({
        code: "not-a-trace",
        severity: "error",
        message: `The file is not a trace: it holds ${describeJsonType(value)} instead of an object with spans`,
      });
    }
    return undefined;
  }
  const root = value as Record<string, unknown>;
  liftSpans(root, problems);
  if (!Array.isArray(root["spans"])) {
    if (!isHeader(root)) {
      problems.add({
        code: "not-a-trace",
        severity: "error",
        message: damaged
          ? "Nothing of a trace could be read from the file"
          : "The file is not a trace: it has no list of spans",
      });
      return undefined;
    }
    if (root["spans"] !== undefined) root["tracekeeper.spans"] = root["spans"];
    if (!damaged) {
      problems.add({ code: "invalid-field", severity: "error", message: "The trace has no list of spans" });
    }
    root["spans"] = [];
  }
  const spans = yield* readSpans(flattenSpans(root["spans"] as unknown[], problems), problems);
  root["spans"] = spans;
  const firstStartMs = () =>
    spans.reduce((first, { startTime }) => (startTime < first ? startTime : first), Number.POSITIVE_INFINITY);
  const trace: TraceFile = Object.assign(repairHeader(root, fallbackId(fileName), problems, firstStartMs), { spans });
  for (const [index, span] of spans.entries()) {
    if (index % rowsPerStep === 0) yield;
    reportCutMarks(span, index, problems);
  }
  if (trace.writer === undefined) yield* reportCuts(spans, problems);
  return trace;
}

/** The id of a trace that names none. */
export function fallbackId(fileName: string | undefined): string {
  const id = fileName?.replace(/\.json$/i, "") ?? "";
  return id === "" ? "unknown" : id;
}

/** Version 2 and an id: a trace, even if its spans are missing. */
function isHeader(root: Record<string, unknown>): boolean {
  return typeof root["traceId"] === "string" || (typeof root["sessionId"] === "string" && root["version"] === 2);
}

/** A damaged key or bracket leaves the spans under another name, within the metadata, or the only one without a list. */
function liftSpans(root: Record<string, unknown>, problems: ProblemList): void {
  const { spans } = root;
  if (Array.isArray(spans) || !isHeader(root)) return;
  if (isFields(spans) && typeof spans["spanId"] === "string") {
    problems.add({
      code: "invalid-field",
      severity: "warning",
      message: "In place of the list of spans there is one span",
    });
    root["spans"] = [spans];
    return;
  }
  const metadata = root["metadata"];
  const homes = isFields(metadata) ? [root, metadata as Record<string, unknown>] : [root];
  for (const home of homes) {
    for (const [key, list] of Object.entries(home)) {
      if (!isListOfSpans(list)) continue;
      problems.add({
        code: "invalid-field",
        severity: "warning",
        message: `The spans stand under "${key.slice(0, 60)}"${home === root ? "" : " within the metadata"} and are read from there`,
      });
      root["spans"] = list;
      delete home[key];
      if (home === root) return;
      for (const field of ["summary", "writer"]) {
        if (root[field] !== undefined || home[field] === undefined) continue;
        root[field] = home[field];
        delete home[field];
      }
      return;
    }
  }
}

/** A stray bracket puts spans into a list within the list. */
function flattenSpans(list: unknown[], problems: ProblemList): unknown[] {
  if (!list.some(isListOfSpans)) return list;
  problems.add({
    code: "invalid-field",
    severity: "warning",
    message: "A part of the spans stands in a list of its own and is read as if it did not",
  });
  return list.flatMap((entry) => (isListOfSpans(entry) ? entry : [entry]));
}

function isListOfSpans(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.some((entry) => isFields(entry) && typeof entry["spanId"] === "string");
}

/** Sound spans, in the order of the list and in the list itself. Entries with nothing in them are left out, counted. */
function* readSpans(list: unknown[], problems: ProblemList): Steps<TraceSpan[]> {
  let kept = 0;
  let takenIds: Set<unknown> | undefined;
  const makeSpanId = (index: number) => {
    takenIds ??= new Set(list.map((entry) => (isFields(entry) ? entry["spanId"] : undefined)));
    let id = `missing-${index}`;
    while (takenIds.has(id)) id += "-";
    takenIds.add(id);
    return id;
  };
  const context = { problems, makeSpanId };
  const spans = list as TraceSpan[];
  let read = 0;
  for (const entry of list) {
    if (++read % rowsPerStep === 0) yield;
    const isSound = isPlainlySound(entry);
    if (!isSound && isNothing(entry)) {
      problems.add(
        { code: "invalid-span", severity: "warning", message: "An empty entry in the list of spans was left out" },
        "empty entry",
      );
      continue;
    }
    const span = isSound ? entry : repairSpan(entry, kept, context);
    reportElided(span, kept, problems);
    spans[kept++] = span;
  }
  spans.length = kept;
  return spans;
}

function* reportCuts(spans: readonly TraceSpan[], problems: ProblemList): Steps<void> {
  for (const [index, span] of spans.entries()) {
    if (index % rowsPerStep === 0) yield;
    if (isOutputCut(span)) reportCutOutput(index, problems);
    else if (isMessageCut(span)) reportCutMessage(index, problems);
  }
}
