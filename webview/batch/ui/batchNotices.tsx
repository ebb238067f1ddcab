// What a person must know before all else: that nobody runs the batch, that it was aborted and why, and what is damaged.

import { useState } from "preact/hooks";
import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { countText, formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import type { BatchPage } from "../model/batchPage";

export function BatchNotices({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const { pid, host, type } = header.runner;
  return (
    <>
      {header.status === "ABORTED" && (
        <div class="banner" role="region" aria-label={header.label}>
          <Icon name="error" class="banner-icon" />
          <span class="banner-text banner-words">
            {header.abortReason !== undefined && <b class="banner-reason">{header.abortReason}</b>}
            <span class="banner-lead">{text("abortedNotice")}</span>
          </span>
        </div>
      )}
      {header.word === "interrupted" && (
        <div class="banner banner-warning" role="region" aria-label={header.label}>
          <Icon name="warning" class="banner-icon" />
          <span class="banner-text banner-words">
            <span class="banner-message">{text("interruptedNotice")}</span>
          </span>
        </div>
      )}
      {!header.isFinal && type === "unknown" && pid !== undefined && host !== undefined && (
        <div class="banner banner-warning" role="region" aria-label={header.label}>
          <Icon name="info" class="banner-icon" />
          <span class="banner-text banner-words">
            <span class="banner-message">{text("elsewhereNotice", String(pid), host)}</span>
          </span>
        </div>
      )}
      <Problems page={page} header={header} />
    </>
  );
}

const icons = { error: "error", warning: "warning", info: "info" } as const;

function Problems({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const [isOpen, setOpen] = useState(false);
  const { problems, problemCount } = header;
  const first = problems.find(({ severity }) => severity === "error") ?? problems[0];
  if (first === undefined) return null;
  return (
    <section class="problems">
      <button type="button" class="problems-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} />
        <Icon name={icons[first.severity]} class={`severity-${first.severity}`} />
        <span class="problems-count">{countText("onePieceLost", "piecesLost", problemCount)}</span>
        {!isOpen && <span class="problems-first">{placed(first)}</span>}
      </button>
      {isOpen && (
        <ul class="problem-list">
          {problems.map((problem) => (
            <li key={`${problem.message} ${problem.offsetBytes}`} class="problem">
              <Icon name={icons[problem.severity]} class={`severity-${problem.severity}`} />
              <span class="problem-message">{problem.message}</span>
              {(problem.count ?? 1) > 1 && (
                <span class="problem-times">{text("times", formatInteger(problem.count ?? 1))}</span>
              )}
              {problem.offsetBytes !== undefined && (
                <button
                  type="button"
                  class="problem-place"
                  title={text("openLogThere")}
                  onClick={() => page.host.post({ type: "openLog", offsetBytes: problem.offsetBytes })}
                >
                  {text("atByte", formatInteger(problem.offsetBytes))}
                </button>
              )}
            </li>
          ))}
          {problemCount > problems.length && (
            <li class="problem-more">{text("moreProblems", formatInteger(problemCount - problems.length))}</li>
          )}
        </ul>
      )}
    </section>
  );
}

function placed({ message, offsetBytes }: BatchHeader["problems"][number]): string {
  return offsetBytes === undefined ? message : `${message} (${text("atByte", formatInteger(offsetBytes))})`;
}
