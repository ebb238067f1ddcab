// What a row of the tree shows and tells a screen reader, as plain values that are easily compared.

import { FLAG } from "../../src/trace/spanColumns";
import { durationText, shortDurationText } from "../format";
import { partText, toldText } from "../model/loopWalk";
import type { Panel } from "../model/panel";
import { rowDuration } from "../model/rowDuration";
import { hasChildren, type PanelColumns, type Picture, stringAt } from "../model/traceModel";
import type { IconName } from "./icon";
import { kindIcon, type OutcomeLook, outcomeLook, type WatchedLook } from "./statusIcon";

export interface RowFacts {
  readonly row: number;
  readonly position: number;
  readonly className: string;
  readonly depth: number;
  readonly ordinal: number;
  readonly siblings: number;
  /** Undefined for a row without children. */
  readonly isExpanded: boolean | undefined;
  readonly isSelected: boolean;
  readonly icon: IconName;
  readonly kind: number;
  readonly name: string;
  readonly label: string;
  readonly outcome: string;
  /** What came of the row; undefined where it simply went well. */
  readonly mark: OutcomeLook | undefined;
  /** What guardrails know of the row, in words: what they said of it, the loop that it is part of; "" for nothing. */
  readonly watched: string;
  readonly watchedLook: WatchedLook;
  /** Within a collapsed row. */
  readonly failures: number;
  readonly duration: string;
  /** In a column of its own; undefined where there is the waterfall. */
  readonly shortDuration: string | undefined;
  readonly durationType: string;
}

export function rowFacts(panel: Panel, picture: Picture, row: number, position: number, isNarrow: boolean): RowFacts {
  const { model, times } = picture;
  const { columns, forest } = model;
  const { rows } = panel;
  const flags = columns.flags[row] ?? 0;
  const isError = columns.status[row] === 1;
  const isExpanded = hasChildren(model, row) ? rows.isExpanded(row) : undefined;
  const name = stringAt(columns, "name", row);
  const duration = rowDuration(model, times, row);
  const isSelected = row === panel.selectedRow;
  const watched = watchedWords(panel, row);
  return {
    row,
    position,
    className: `row${stateClass(flags, isError)}${isSelected ? " is-selected" : ""}${
      panel.search.isMatch(row) ? " is-match" : ""
    }`,
    depth: forest.depth[row] ?? 0,
    ordinal: rows.ordinalOf(row),
    siblings: rows.siblingCount(row),
    isExpanded,
    isSelected,
    icon: kindIcon(columns.kind[row] ?? 0, flags, name),
    kind: columns.kind[row] ?? 0,
    name,
    label: shownText(columns, "label", row),
    outcome: shownText(columns, "outcome", row),
    mark: outcomeLook(flags, isError, panel.header?.live === true),
    watched,
    watchedLook: watched === "" ? "loop" : (panel.loops.toldOf(row)?.level ?? "loop"),
    failures: isExpanded === false ? (model.failuresBelow[row] ?? 0) : 0,
    duration: durationText(duration),
    shortDuration: isNarrow ? shortDurationText(duration) : undefined,
    durationType: duration.type,
  };
}

/** What was said while the session ran goes before what is found now. */
function watchedWords({ loops }: Panel, row: number): string {
  const loop = loops.of(row);
  const told = loops.toldOf(row);
  const words = (told?.findings ?? []).map(toldText);
  if (loop?.isLoop === true) words.push(partText(loop));
  return words.join("\n");
}

/** The list asks for the texts of all its rows at once. */
function shownText(columns: PanelColumns, column: "label" | "outcome", row: number): string {
  const { texts } = columns;
  if (texts === undefined || texts.isInColumns(row)) return stringAt(columns, column, row);
  return texts.known(row)?.[column] ?? "";
}

function stateClass(flags: number, isError: boolean): string {
  if ((flags & FLAG.failingStep) !== 0) return " is-failure is-failing-step";
  if ((flags & FLAG.failure) !== 0) return " is-failure";
  if ((flags & FLAG.recovered) !== 0) return " is-recovered";
  if ((flags & FLAG.interrupted) !== 0) return " is-interrupted";
  if ((flags & FLAG.notRun) !== 0) return " is-not-run";
  if ((flags & (FLAG.synthetic | FLAG.elided)) !== 0) return " is-synthetic";
  return isError ? " is-error" : "";
}
