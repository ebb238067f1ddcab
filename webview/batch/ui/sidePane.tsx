// What lies beside the runs: the selected run, the errors, and what happened to the batch.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { text } from "../../text";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";
import { BatchFacts } from "./batchFacts";
import { ErrorGroups } from "./errorGroups";
import { History } from "./history";
import { RunPane } from "./runPane";

export function SidePane({ page, header, table }: { page: BatchPage; header: BatchHeader; table: RunTable }) {
  return (
    // Reached by Tab, because it may hold nothing else that is and be longer than its room.
    <aside class="side" tabIndex={0} aria-label={text("details")}>
      {page.selected !== undefined && page.selected < table.count && (
        <RunPane page={page} header={header} table={table} index={page.selected} />
      )}
      <ErrorGroups page={page} />
      <History page={page} header={header} />
      <BatchFacts page={page} header={header} table={table} />
    </aside>
  );
}
