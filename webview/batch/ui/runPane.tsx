// The selected run: how it stands, each attempt with its error and its trace, and what the item was.

import type { BatchHeader, RunDetails } from "../../../src/protocol/batchMessages";
import { formatBytes, formatClock, formatDateTime, formatDuration } from "../../format";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";
import { attemptIcon, runLabel, stateIcons, stateTexts, stateWord } from "../model/runWords";
import { FactList } from "./batchFacts";

export interface RunPaneProps {
  readonly page: BatchPage;
  readonly header: BatchHeader;
  readonly table: RunTable;
  readonly index: number;
}

export function RunPane({ page, header, table, index }: RunPaneProps) {
  const state = table.state(index);
  const details = page.details?.index === index ? page.details : undefined;
  const canRetry = state === "failed" || state === "cancelled" || state === "prefailed";
  const error = details?.error ?? table.error(index);
  return (
    <section class="side-section run-pane">
      <div class="run-pane-head">
        <h2>{text("runTitle", formatInteger(index + 1))}</h2>
        <span class={`run-pane-state state-${state}`}>
          <Icon name={stateIcons[state]} spin={state === "running"} />
          {stateWord(header.status, state)}
        </span>
        <span class="space" />
        {canRetry && header.controls.retryFailed.hindrance === undefined && (
          <button
            type="button"
            class="button button-secondary"
            title={text("retryRunHelp")}
            onClick={() => page.host.post({ type: "retryRun", index })}
          >
            {text("retryRun")}
          </button>
        )}
        {(table.attemptCounts[index] ?? 0) > 0 && (
          <button type="button" class="button" onClick={() => page.openRun(index, page.attempt, false)}>
            {text("openTrace")}
          </button>
        )}
      </div>
      {runLabel(table, index) !== "" && <p class="run-pane-label">{runLabel(table, index)}</p>}
      {error !== undefined && error !== "" && (
        <div class="run-pane-error">
          {details?.faultCode !== undefined && <b>{details.faultCode}</b>}
          <pre>{error}</pre>
          <button type="button" class="link-button" onClick={() => page.host.post({ type: "copyError", index })}>
            {text("copyError")}
          </button>
        </div>
      )}
      {details !== undefined && <Attempts page={page} details={details} />}
      {details !== undefined && <Facts page={page} details={details} />}
    </section>
  );
}

function Attempts({ page, details }: { page: BatchPage; details: RunDetails }) {
  const { attempts, index, error } = details;
  if (attempts.length === 0) return <p class="dim">{text("attemptsNone")}</p>;
  return (
    <ol class="attempt-list" aria-label={text("attempts")}>
      {attempts.map((attempt) => {
        const { number, startMs, endMs, outcome, exitCode, retryMs } = attempt;
        const word =
          outcome === undefined ? "runRunning" : outcome === "crashed" ? "attemptCrashed" : stateTexts[outcome];
        const took =
          endMs === undefined
            ? text("tookSoFar", formatDuration(Math.max(0, page.nowMs - startMs)))
            : formatDuration(Math.max(0, endMs - startMs));
        const facts = [
          text(word),
          took,
          exitCode === undefined ? "" : text("exitCode", String(exitCode)),
          retryMs === undefined || details.state !== "backing-off" || number !== attempts.at(-1)?.number
            ? ""
            : text("retryAt", formatClock(retryMs, page.timeZone, false)),
        ].filter(Boolean);
        return (
          <li key={number} class={`attempt-entry ${page.attempt === number ? "is-chosen" : ""}`}>
            <span class={`state-${outcome ?? "running"}`}>
              <Icon name={attemptIcon({ outcome })} spin={outcome === undefined} />
            </span>
            <button
              type="button"
              class="link-button"
              title={text("openTraceOf", formatInteger(number))}
              disabled={!attempt.hasTrace}
              onClick={(event) => page.openRun(index, number, event.ctrlKey || event.metaKey)}
            >
              {text("attemptTitle", formatInteger(number))}
            </button>
            <span class="dim">{facts.join(" · ")}</span>
            {attempt.error !== undefined && attempt.error !== error && (
              <span class="attempt-error">{attempt.error}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Facts({ page, details }: { page: BatchPage; details: RunDetails }) {
  const { payloadBytes, payloadType } = details;
  const payload =
    payloadBytes === undefined
      ? undefined
      : payloadType === undefined
        ? formatBytes(payloadBytes)
        : text("payloadOf", formatBytes(payloadBytes), payloadType);
  return (
    <FactList
      facts={[
        [text("task"), details.task],
        [text("name"), details.name],
        [text("index"), String(details.index)],
        [text("runId"), details.runId],
        [text("key"), details.idempotencyKey],
        [text("cachedFrom"), details.cachedFrom],
        [text("tags"), details.tags.length === 0 ? undefined : details.tags.join(", ")],
        [text("payload"), payload],
        [
          text("created"),
          details.createdMs === undefined ? undefined : formatDateTime(details.createdMs, page.timeZone),
        ],
      ]}
    />
  );
}
