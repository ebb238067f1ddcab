// Asks for what the first picture of a session will show, details and labels, while the rest of it is worked out: so that
// they are there with the first frame, and not drawn after it.

import type { ViewState } from "../../src/protocol/panelMessages";
import type { DetailsModel } from "./detailsModel";
import { firstSelection } from "./firstSelection";
import type { MessageOf } from "./pictureLoader";
import type { RowList } from "./rowList";
import type { SearchModel } from "./searchModel";
import type { RowTree } from "./traceModel";

/** No view shows many more rows above or below the selected one. */
const rowsInView = 64;

/** The row is mostly known before a single one is there. */
export function expectDetails(details: DetailsModel, { epoch, ...opened }: MessageOf<"open">): void {
  const { rowCount, revealRow, restoredRow = -1, initialRow } = opened;
  const row = revealRow ?? (restoredRow >= 0 ? restoredRow : initialRow);
  if (row >= 0 && row < rowCount) details.expect(epoch, row);
}

/** @param rows that know what is to be expanded, and are to show the tree */
export function expectPicture(
  { details, search }: { readonly details: DetailsModel; readonly search: SearchModel },
  opened: MessageOf<"open">,
  tree: RowTree,
  rows: RowList,
  restored: ViewState | undefined,
): void {
  const { epoch } = opened;
  const before = { picture: undefined, selectedRow: -1, restored, isScrolledAway: false };
  const { row, isScrolled } = firstSelection(opened, { epoch, model: tree }, before);
  if (row < 0 || row >= tree.columns.count) return;
  details.expect(epoch, row);
  // The list may be scrolled to somewhere else, or be another one by then.
  if (isScrolled || search.filter !== undefined) return;
  tree.columns.texts?.want(rows.foresee(tree, row, rowsInView));
}
