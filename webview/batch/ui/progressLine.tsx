// How far the batch is: one bar over the whole width, its parts in the colours of what became of the runs.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { type RunState, runStates } from "../../../src/trace/batch/runColumns";
import { formatInteger, text } from "../../text";
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

export function ProgressLine({ header }: { header: BatchHeader }) {
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
