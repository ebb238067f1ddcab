// From one loop to the next, and from call to call within one; and what a loop is in words.

import type { SentLoop } from "../../src/protocol/loopMessages";
import type { GuardrailLevel } from "../../src/trace/guardrails/guardrail";
import { formatInteger, text } from "../text";
import type { Panel } from "./panel";

/** The next loop after the one that the selected row is part of, or after the selected row; wraps. */
export function goToLoop(panel: Panel, direction: 1 | -1): void {
  const { loops } = panel.loops;
  if (loops.length === 0) return panel.announce(text("noLoops"));
  const at = panel.loops.indexOf(panel.selectedRow);
  const from = at >= 0 ? at : placeOf(panel, direction);
  const next = (from + direction + loops.length) % loops.length;
  const loop = loops[next];
  const row = loop?.rows[0];
  if (loop === undefined || row === undefined) return;
  const words =
    loops.length === 1
      ? text("onlyLoop", loopText(loop))
      : text("loopAt", formatInteger(next + 1), formatInteger(loops.length), loopText(loop));
  panel.loops.arriveAt(row, next);
  show(panel, row, words);
}

/** Between the loops, where the selected row is part of none. */
function placeOf(panel: Panel, direction: 1 | -1): number {
  const { picture, selectedRow } = panel;
  const startOf = (row: number | undefined) => picture?.times.startMs[row ?? -1] ?? Number.NEGATIVE_INFINITY;
  const { loops } = panel.loops;
  const later = loops.findIndex((loop) => startOf(loop.rows[0]) > startOf(selectedRow));
  if (direction === 1) return later < 0 ? -1 : later - 1;
  return later < 0 ? loops.length : later;
}

/** The call before or after within a loop; at its ends the other end. */
export function goToCall(panel: Panel, loop: SentLoop, from: number, direction: 1 | -1): void {
  const { rows } = loop;
  const next = (from + direction + rows.length) % rows.length;
  const row = rows[next];
  if (row === undefined) return;
  panel.loops.arriveAt(row, panel.loops.loops.indexOf(loop));
  show(panel, row, text("callOfLoop", formatInteger(next + 1), formatInteger(rows.length)));
}

function show(panel: Panel, row: number, words: string): void {
  panel.setView("tree");
  panel.select(row, { reveal: true });
  panel.announce(words);
  panel.focus("list");
}

/** "bash npm ci, failed 8 times" */
export function loopText(loop: SentLoop): string {
  if (loop.tool === "" && loop.told !== undefined) return loop.told.message;
  const name = `${loop.tool} ${loop.label}`.trim();
  const count = formatInteger(loop.count);
  switch (loop.pattern) {
    case "repeat":
      return text(loop.failures === loop.count ? "loopFailing" : "loopRepeat", name, count);
    case "cycle":
      return text("loopCycle", name, count);
    case "revisit":
      return text("loopRevisit", name, formatInteger(loop.length), count);
    case "consecutive-errors":
      return text("loopFailures", name, count);
    default:
      return loop.told?.message ?? name;
  }
}

const levelTexts = { hint: "levelHint", warn: "levelWarn", stop: "levelStop" } as const;

export function levelText(level: GuardrailLevel): string {
  return text(levelTexts[level]);
}

/** What a guardrail said while the session ran. */
export function toldText({ level, message }: { readonly level: GuardrailLevel; readonly message: string }): string {
  return text("guardrailTold", levelText(level), message);
}

/** For a row of the tree, in words. */
export function partText(loop: SentLoop): string {
  if (loop.tool === "" && loop.told !== undefined) return toldText(loop.told);
  return text(loop.isLoop ? "partOfLoop" : "partOfHint", loopText(loop));
}
