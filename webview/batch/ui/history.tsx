// What happened to the batch, in order: its states with the flags that decided, and the streams of items with the answers
// that they were given.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { formatClock, formatDateTime } from "../../format";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";
import { flagsText } from "./batchHeaderBar";

type Entry =
  | { readonly type: "change"; readonly atMs: number; readonly change: BatchHeader["changes"][number] }
  | { readonly type: "stream"; readonly atMs: number; readonly stream: BatchHeader["streams"][number] };

export function History({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const entries: Entry[] = [
    ...header.changes.map((change): Entry => ({ type: "change", atMs: change.atMs, change })),
    ...header.streams.map((stream): Entry => ({ type: "stream", atMs: stream.atMs, stream })),
  ].sort((one, other) => one.atMs - other.atMs);
  const hidden = header.changeCount + header.streamCount - entries.length;
  return (
    <section class="side-section">
      <h2>{text("history")}</h2>
      {hidden > 0 && <p class="dim">{text("historyMore", formatInteger(hidden))}</p>}
      <ol class="history">
        {entries.map((entry, at) => (
          <li key={at} class={`history-entry history-${entry.type}`}>
            <time title={formatDateTime(entry.atMs, page.timeZone)}>
              {formatClock(entry.atMs, page.timeZone, false)}
            </time>
            {entry.type === "change" ? <Change page={page} change={entry.change} /> : <Stream stream={entry.stream} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Change({ page, change }: { page: BatchPage; change: BatchHeader["changes"][number] }) {
  return (
    <>
      <span class={`status-mark status-${change.status}`} aria-hidden="true" />
      <div class="history-words">
        <b>{flagsText(page, change)}</b> <span class="dim">{change.why}</span>
      </div>
    </>
  );
}

function Stream({ stream }: { stream: BatchHeader["streams"][number] }) {
  const isFault = stream.httpStatus >= 400;
  const facts = [
    stream.accepted === 1
      ? text("historyOneAccepted", "1")
      : stream.accepted > 0
        ? text("historyAccepted", formatInteger(stream.accepted))
        : "",
    stream.deduplicated > 0 ? text("historyDeduplicated", formatInteger(stream.deduplicated)) : "",
    stream.sealed && !stream.isRetrySuccess ? text("historySealed") : "",
    stream.error ?? "",
    stream.reason ?? "",
  ].filter(Boolean);
  return (
    <>
      <Icon
        name={isFault ? "error" : stream.isRetrySuccess ? "refresh" : "arrow-down"}
        class={isFault ? "severity-error" : "history-icon"}
      />
      <div class="history-words">
        {text("historyStream", formatInteger(stream.number))}: {text("historyAnswer", String(stream.httpStatus))}{" "}
        {stream.isRetrySuccess && <span class="retry-success">{text("historyRetrySuccess")}</span>}{" "}
        <span class="dim">{facts.join(" · ")}</span>
      </div>
    </>
  );
}
