// One row of the list of runs. Its attempts are buttons for the pointer; by keys the grid chooses among them.

import { formatDuration } from "../../format";
import { rowPx } from "../../layout/rowWindow";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";
import { attemptDuration, attemptIcon, attemptText, runLabel, stateIcons, stateWord } from "../model/runWords";

/** More attempts are told by a number. */
const mostAttempts = 6;

export interface RunRowProps {
  readonly page: BatchPage;
  readonly table: RunTable;
  readonly index: number;
  readonly position: number;
}

export function RunRow({ page, table, index, position }: RunRowProps) {
  const state = table.state(index);
  const isSelected = page.selected === index;
  const duration = table.durationMs(index, page.nowMs);
  const isOver = !Number.isNaN(table.endedMs[index] ?? Number.NaN);
  const words = stateWord(page.header?.status, state);
  const error = table.error(index);
  return (
    <div
      class={`run-row state-${state} ${isSelected ? "is-selected" : ""}`}
      id={`run-${index}`}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      style={{ top: `${position * rowPx}px` }}
      onClick={(event) => page.select(index, undefined, event.detail > 1)}
      onDblClick={(event) => page.openRun(index, page.attempt, event.ctrlKey || event.metaKey)}
    >
      <div class="run-cell run-number" role="gridcell">
        {formatInteger(index + 1)}
      </div>
      <div class="run-cell run-state" role="gridcell" title={words}>
        <Icon name={stateIcons[state]} spin={state === "running"} />
        <span class="run-word">{words}</span>
      </div>
      {table.hasLabels && (
        <div class="run-cell run-task" role="gridcell" title={runLabel(table, index)}>
          {runLabel(table, index)}
        </div>
      )}
      <div class="run-cell run-attempts" role="gridcell">
        <Attempts page={page} table={table} index={index} isSelected={isSelected} />
      </div>
      <div class="run-cell run-duration" role="gridcell">
        {Number.isNaN(duration) || state === "prefailed"
          ? ""
          : isOver
            ? formatDuration(duration)
            : text("tookSoFar", formatDuration(duration))}
      </div>
      <div class="run-cell run-error" role="gridcell" title={error}>
        {error}
        {error === undefined && state !== "succeeded" && (
          // Where the column of states is too narrow for words.
          <span class="run-narrow-word" aria-hidden="true">
            {words}
          </span>
        )}
      </div>
    </div>
  );
}

interface AttemptsProps extends Omit<RunRowProps, "position"> {
  readonly isSelected: boolean;
}

function Attempts({ page, table, index, isSelected }: AttemptsProps) {
  const count = table.attemptCounts[index] ?? 0;
  const from = Math.max(0, count - mostAttempts);
  return (
    <>
      {from > 0 && <span class="attempts-before">{`+${formatInteger(from)}`}</span>}
      {Array.from({ length: count - from }, (_, offset) => {
        const place = from + offset;
        const attempt = table.attempt(index, place);
        if (attempt === undefined) return null;
        const words = `${text("attemptTitle", formatInteger(attempt.number))}: ${attemptText(attempt)}`;
        const isChosen = isSelected && (page.attempt ?? table.attempt(index, count - 1)?.number) === attempt.number;
        const look = place < count - 1 && attempt.outcome !== "succeeded" ? "is-retried" : "";
        return (
          <button
            key={attempt.number}
            type="button"
            tabIndex={-1}
            class={`attempt state-${attempt.outcome ?? "running"} ${look} ${isChosen ? "is-chosen" : ""}`}
            aria-label={`${words}. ${text("openTraceOf", formatInteger(attempt.number))}`}
            title={[words, attemptDuration(attempt, page.nowMs), attempt.error].filter(Boolean).join("\n")}
            onClick={(event) => {
              event.stopPropagation();
              page.select(index, attempt.number, false);
              page.openRun(index, attempt.number, event.ctrlKey || event.metaKey);
            }}
          >
            <Icon name={attemptIcon(attempt)} spin={attempt.outcome === undefined} />
          </button>
        );
      })}
    </>
  );
}
