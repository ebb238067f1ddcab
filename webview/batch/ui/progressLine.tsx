// How far the batch is: one bar, its parts in the colours of what became of the runs, and beside it how fast it goes and how
// long it may take yet.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { type RunState, runStates } from "../../../src/trace/batch/runColumns";
import { formatRound } from "../../format";
import { formatInteger, text } from "../../text";
import type { BatchPage } from "../model/batchPage";
import { paceOf } from "../model/pace";
import type { RunTable } from "../model/runTable";
import { stateTexts } from "../model/runWords";
import { endedCount } from "./batchHeaderBar";

const parts: readonly RunState[] = [
  "succeeded",
  "failed",
  "prefailed",
  "uncreated",
  "cancelled",
  "backing-off",
  "running",
];

export interface ProgressLineProps {
  readonly page: BatchPage;
  readonly header: BatchHeader;
  readonly table: RunTable;
}

export function ProgressLine({ page, header, table }: ProgressLineProps) {
  return (
    <div class="progress-line">
      <ProgressBar header={header} />
      <Pace page={page} header={header} table={table} />
    </div>
  );
}

function ProgressBar({ header }: { header: BatchHeader }) {
  const ended = endedCount(header);
  const shown = parts.flatMap((state) => {
    const count = header.counts[runStates.indexOf(state)] ?? 0;
    return count === 0 ? [] : [{ state, count }];
  });
  const words = shown.map(({ state, count }) => `${formatInteger(count)} ${text(stateTexts[state])}`).join(", ");
  return (
    <div
      class="batch-progress"
      role="progressbar"
      aria-label={text("progressLabel", words)}
      aria-valuemin={0}
      aria-valuemax={header.runCount}
      aria-valuenow={ended}
      aria-valuetext={text("doneOfTitle", formatInteger(ended), formatInteger(header.runCount))}
      title={words}
    >
      {shown.map(({ state, count }) => (
        <span
          key={state}
          class={`progress-part state-${state}`}
          // A single run of many is still to be seen.
          style={{ width: `max(2px, ${(100 * count) / Math.max(1, header.runCount)}%)` }}
        />
      ))}
    </div>
  );
}

/** Nothing where there is too little to say. */
function Pace({ page, header, table }: ProgressLineProps) {
  const { perMinute, leftMs } = paceOf(header, table, page.nowMs);
  if (perMinute === undefined || leftMs === undefined) return null;
  const [least, most] = [roughTime(leftMs.least), roughTime(leftMs.most)];
  const rate = formatRate(perMinute);
  return (
    <span class="pace" title={text("paceTitle")}>
      {least === most ? text("paceAbout", rate, least) : text("pace", rate, least, most)}
    </span>
  );
}

/** An estimate to the second would look like knowledge. */
function roughTime(ms: number): string {
  const step = ms < 60_000 ? 5_000 : ms < 600_000 ? 30_000 : ms < 3_600_000 ? 60_000 : 600_000;
  return formatRound(Math.max(step, Math.round(ms / step) * step));
}

function formatRate(perMinute: number): string {
  return perMinute < 10 ? String(Math.round(perMinute * 10) / 10) : formatInteger(Math.round(perMinute));
}
