// Which row is selected when a picture opens: what a jump asked for, what was selected before, or what tells most.

import type { ViewState } from "../../src/protocol/panelMessages";
import type { MessageOf } from "./pictureLoader";
import type { RowList } from "./rowList";
import { findSameRow, type Picture, type RowTree } from "./traceModel";

/** What is known of a picture before it is complete. */
export interface PictureToCome {
  readonly epoch: number;
  readonly model: Pick<RowTree, "columns" | "forest">;
}

export interface FirstSelection {
  /** -1: none. */
  readonly row: number;
  /** It was selected before, and stays where it is in the view. */
  readonly isKept: boolean;
  /** The list is shown where it was scrolled to, and the row need not be in view. */
  readonly isScrolled: boolean;
}

export interface Before {
  readonly picture: Picture | undefined;
  readonly selectedRow: number;
  /** What the page remembers of this session, where it shows its first picture. */
  readonly restored: ViewState | undefined;
  /** The list shows the same rows as before, and the selected one was out of view. */
  readonly isScrolledAway: boolean;
}

export function firstSelection(opened: MessageOf<"open">, now: PictureToCome, before: Before): FirstSelection {
  const { model } = now;
  const kept = opened.restoredRow ?? rowBefore(now, before);
  const isKept = kept !== undefined && kept >= 0 && kept < model.columns.count;
  const { output } = opened.header;
  // Of a run that only printed its command tells most.
  const command = output?.isOnly === true ? (output.commands.at(-1)?.row ?? -1) : -1;
  const first = [opened.initialRow, command, model.forest.firstRoot].find((candidate) => candidate >= 0) ?? -1;
  const { scrollTop, selectedInView } = before.restored ?? {};
  // The panel may be smaller now: a row that was in view is brought into view again.
  const isPlaceKept = scrollTop !== undefined ? selectedInView !== true : before.isScrolledAway;
  const isScrolled = opened.revealRow === undefined && isKept && isPlaceKept;
  return { row: opened.revealRow ?? (isKept ? kept : first), isKept, isScrolled };
}

/** Expands what hides the rows one of which may be selected. */
export function openPaths(
  opened: MessageOf<"open">,
  tree: RowTree,
  rows: RowList,
  restored: ViewState | undefined,
): void {
  // What the person sees of the same rows is not for the panel to open again.
  const others = rows.keepsNumbers ? [] : [opened.initialRow, opened.restoredRow, restored?.selectedRow];
  for (const row of [opened.revealRow, ...others]) {
    if (row !== undefined && row < tree.columns.count) rows.openPath(row, tree);
  }
}

function rowBefore(now: PictureToCome, { picture, selectedRow, restored }: Before): number | undefined {
  if (picture === undefined) return restored?.selectedRow;
  if (picture.epoch === now.epoch) return selectedRow;
  return findSameRow(picture.model.columns, selectedRow, now.model.columns);
}
