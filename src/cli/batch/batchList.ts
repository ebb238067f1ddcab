// `tracekeeper batch ls`: the batches of a directory, the newest first.

import { resolve } from "node:path";
import { batchProgress } from "../../trace/batch/batchProgress";
import { formatAge, formatCount } from "../../trace/formatValue";
import { oneLine } from "../../trace/plainText";
import { quantity } from "../../trace/problemList";
import { defaultDirectory } from "../command";
import { endWithReader, printLines } from "../print";
import { paint, paintLine, type Screen, screenOf } from "../screen";
import { padToWidth } from "../textWidth";
import { parseWords, UsageError, wholeNumber } from "../usageError";
import { jsonLine, visibleLine } from "../visibleText";
import { batchObject, stateWords } from "./batchWords";
import { batchIdsIn, type FoundBatch, readBatch } from "./findBatch";

const usualLimit = 20;
const longestName = 200;

export async function batchList(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords({
    args: [...words],
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      all: { type: "boolean" },
      limit: { type: "string" },
      json: { type: "boolean" },
      "no-color": { type: "boolean" },
    },
  });
  const [stray] = positionals;
  if (stray !== undefined) throw new UsageError(`batch ls takes no "${stray}"`);
  if (values.all === true && values.limit !== undefined) throw new UsageError("--all and --limit can't both be");
  const given = values.limit === undefined ? undefined : wholeNumber("--limit", values.limit, 1);
  const isWhole = values.all === true || values.json === true;
  const limit = given ?? (isWhole ? Number.POSITIVE_INFINITY : usualLimit);
  const directory = resolve(values.dir ?? defaultDirectory);
  endWithReader();
  const batches: FoundBatch[] = [];
  for (const id of await batchIdsIn(directory)) {
    const found = await readBatch(directory, id);
    if (found !== undefined) batches.push(found);
  }
  batches.sort((one, other) => other.state.createdAt - one.state.createdAt || (one.id < other.id ? -1 : 1));
  const shown = batches.slice(0, limit);
  const nowMs = Date.now();
  if (values.json === true) {
    await printLines(shown.map((batch) => jsonLine(batchObject(batch, nowMs))));
    return 0;
  }
  const screen = screenOf(process.stdout, process.env, values["no-color"] === true);
  await printLines(tableLines(shown, nowMs, screen));
  if (batches.length === 0) await printLines([`No batch in ${visibleLine(directory)}`]);
  else if (shown.length < batches.length) {
    const rest = `${formatCount(shown.length)} of ${quantity(batches.length, "batch", "batches")}; --all lists the rest`;
    await printLines([paint([{ text: rest, style: "faint" }], screen)]);
  }
  return 0;
}

function* tableLines(batches: readonly FoundBatch[], nowMs: number, screen: Screen): Iterable<string> {
  const labels = batches.map((batch) => stateWords(batch).label);
  const width = labels.reduce((widest, label) => Math.max(widest, label.length), 0);
  for (const [index, batch] of batches.entries()) {
    const { state, id } = batch;
    const { mark } = stateWords(batch);
    const { done, total, failed } = batchProgress(state, nowMs);
    const name = state.name === undefined ? "" : `  ${visibleLine(oneLine(state.name, longestName))}`;
    const left = [
      mark,
      { text: ` ${padToWidth(labels[index] ?? "", width)}  `, style: mark.style },
      { text: id, style: "strong" as const },
      { text: name },
    ];
    const failures = failed === 0 ? "" : `${formatCount(failed)} failed  `;
    const runs = done === total ? quantity(total, "run") : `${formatCount(done)} of ${formatCount(total)} runs`;
    const right = [
      { text: failures, style: "error" as const },
      { text: `${runs}  `, style: "faint" as const },
      { text: formatAge(Math.max(0, nowMs - state.createdAt)), style: "faint" as const },
    ];
    yield paintLine(left, right, screen).trimEnd();
  }
}
