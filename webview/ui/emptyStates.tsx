// What is shown when there is no tree to show: loading, a trace without spans, a trace that cannot be read. Never blank.

import { useEffect, useState } from "preact/hooks";
import type { PanelHeader } from "../../src/protocol/panelMessages";
import type { Panel, Unavailable } from "../model/panel";
import { text } from "../text";
import { DelayBanner, ProblemList } from "./banners";
import { Icon, type IconName } from "./icon";

/** A skeleton that flashes up for a moment is worse than none. */
const skeletonDelayMs = 150;

export function Loading({ panel }: { panel: Panel }) {
  const { header } = panel;
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), skeletonDelayMs);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate) return <div class="app" aria-busy="true" />;
  return (
    <div class="app loading" aria-busy="true">
      <div class="progress" role="progressbar" aria-label={text("loading")} />
      <DelayBanner panel={panel} />
      <div class="loading-title">{header === undefined ? text("loading") : text("loadingTitle", header.title)}</div>
      <div class="skeleton" aria-hidden="true">
        {[38, 62, 54, 70, 46, 58, 40, 66].map((width, index) => (
          <div key={width} class="skeleton-row" style={{ marginLeft: `${(index % 4) * 14}px` }}>
            <span style={{ width: `${width / 2}%` }} />
          </div>
        ))}
      </div>
    </div>
  );
}

export function EmptyTrace({ header }: { header: PanelHeader }) {
  return (
    <div class="notice">
      <Icon name="list-tree" class="notice-icon" />
      <h2>{text("emptyTitle")}</h2>
      <p>{text(header.live ? "emptyLive" : "emptyEnded")}</p>
      {header.prompt !== undefined && <blockquote>{header.prompt}</blockquote>}
    </div>
  );
}

const reasonIcons: Readonly<Record<Unavailable["reason"], IconName>> = {
  missing: "search",
  unreadable: "error",
  "not-a-trace": "question",
  stopped: "warning",
};

const reasonTexts = {
  missing: ["missingTitle", "missingHelp"],
  unreadable: ["unreadableTitle", "unreadableHelp"],
  "not-a-trace": ["notATraceTitle", "notATraceHelp"],
  stopped: ["stoppedTitle", "stoppedHelp"],
} as const;

export function UnavailableView({ panel, unavailable }: { panel: Panel; unavailable: Unavailable }) {
  const { reason, message, problems } = unavailable;
  const [title, help] = reasonTexts[reason];
  return (
    <main class="app notice-page">
      <div class="notice" role="alert">
        <Icon name={reasonIcons[reason]} class="notice-icon" />
        <h1>{text(title)}</h1>
        {message !== "" && !problems.some((problem) => problem.message === message) && (
          <p class="notice-message">{message}</p>
        )}
        <p>{text(help)}</p>
        {problems.length > 0 && <ProblemList panel={panel} problems={problems} total={problems.length} />}
        <div class="notice-actions">
          <button type="button" class="button" onClick={() => panel.connection.post({ type: "reload" })}>
            {text("reload")}
          </button>
          {reason !== "missing" && (
            <button
              type="button"
              class="button button-secondary"
              onClick={() => panel.connection.post({ type: "openJson" })}
            >
              {text("openJson")}
            </button>
          )}
        </div>
      </div>
    </main>
  );
}
