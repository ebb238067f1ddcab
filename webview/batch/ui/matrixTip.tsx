// What a cell of the matrix says when the pointer is over it.

import { formatClock } from "../../format";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";
import { attemptDuration, attemptIcon, attemptText, runLabel, stateIcons, stateWord } from "../model/runWords";
import { Tip } from "./tip";

export interface MatrixTipProps {
  readonly page: BatchPage;
  readonly table: RunTable;
  /** Both counted from 0. */
  readonly run: { readonly index: number; readonly attempts: number; readonly attempt: number };
  readonly x: number;
  readonly y: number;
}

export function MatrixTip({ page, table, run, x, y }: MatrixTipProps) {
  const { index, attempts } = run;
  const attempt = table.attempt(index, run.attempt);
  const isLast = run.attempt >= attempts - 1;
  const state = table.state(index);
  const error = isLast ? table.error(index) : attempt?.error;
  const label = runLabel(table, index);
  const isOfRun = attempt === undefined || (isLast && state !== "running");
  return (
    <Tip x={x} y={y}>
      <div class="tip-title">
        {text("runTitle", formatInteger(index + 1))} <span class="dim">{label}</span>
      </div>
      <div class={`tip-state state-${isOfRun ? state : (attempt.outcome ?? "running")}`}>
        <Icon name={isOfRun ? stateIcons[state] : attemptIcon(attempt)} />
        <b>{isOfRun ? stateWord(page.header?.status, state) : attemptText(attempt)}</b>
        {attempts > 1 && (
          <span class="dim">{text("attemptOf", formatInteger(run.attempt + 1), formatInteger(attempts))}</span>
        )}
      </div>
      {attempt !== undefined && (
        <div class="dim">
          {formatClock(attempt.startMs, page.timeZone, false)} · {attemptDuration(attempt, page.nowMs)}
        </div>
      )}
      {error !== undefined && <div class="tip-error">{error}</div>}
      {attempt !== undefined && !Number.isNaN(attempt.retryMs) && isLast && state === "backing-off" && (
        <div class="dim">{text("retryAt", formatClock(attempt.retryMs, page.timeZone, false))}</div>
      )}
      <div class="dim tip-hint">{text(attempts > 0 ? "clickOpens" : "noTraceYet")}</div>
    </Tip>
  );
}
