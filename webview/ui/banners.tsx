// The lines below the header: where the session failed, and what is wrong with its trace.

import { useMemo } from "preact/hooks";
import type { PanelHeader, PanelProblem } from "../../src/protocol/panelMessages";
import { reasonOfStop } from "../../src/trace/guardrails/guardrail";
import { failureOrdinal } from "../model/failureWalk";
import { failuresText } from "../model/navigation";
import type { Panel } from "../model/panel";
import { stringAt } from "../model/traceModel";
import { countText, formatInteger, text } from "../text";
import { Icon, type IconName } from "./icon";
import { IconButton } from "./iconButton";
import { PlaceText } from "./placeText";

export function FailureBanner({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const step = header.failingStep;
  const { picture } = panel;
  const { selectedRow } = panel;
  const ordinal = useMemo(
    () => (picture === undefined ? -1 : failureOrdinal(picture.model, picture.times.startMs, selectedRow)),
    [picture?.model, selectedRow],
  );
  const showsFailure = endedBadly(header);
  const message = bannerMessage(header);
  const stop = showsFailure ? reasonOfStop(header.error) : undefined;
  if (step === undefined && !(showsFailure && header.error !== undefined)) return null;
  // A session that went on after its failures, or runs still, is not called failed.
  const isMild = step !== undefined && !showsFailure;
  const isInProgress = step?.rule === "in-progress";
  return (
    <section class={`banner ${isMild ? "banner-warning" : "banner-error"}`} aria-label={text("failure")}>
      {stop !== undefined && (
        <p class="banner-stop" title={stop}>
          <Icon name="stop-circle" class="banner-icon" />
          <span class="banner-lead">{text("stoppedByGuardrail")}</span>
          <span class="banner-reason">{stop}</span>
        </p>
      )}
      <Icon name={isInProgress ? "debug-disconnect" : isMild ? "warning" : "error"} class="banner-icon" />
      {step === undefined ? (
        <span class="banner-text">{stop === undefined && <span class="banner-message">{message}</span>}</span>
      ) : (
        <button
          type="button"
          class="banner-text banner-step"
          title={text("showFailingStep")}
          onClick={() => panel.navigate("failingStep")}
        >
          <span class="banner-lead">
            {text(isInProgress ? "inProgressWhenDied" : isMild ? "lastFailureAt" : "failedAt")}
          </span>
          <BannerTitle panel={panel} step={step} />
          {message !== "" && <span class="banner-message">{message}</span>}
          {step.place !== undefined && <PlaceText class="banner-place" place={step.place} />}
        </button>
      )}
      <span class="banner-actions">
        {step?.place !== undefined && (
          <button
            type="button"
            class="button"
            onClick={(event) =>
              panel.connection.post({
                type: "openSource",
                epoch: panel.picture?.epoch ?? 0,
                row: step.row,
                beside: event.ctrlKey || event.metaKey,
              })
            }
          >
            {text("goToSource")}
          </button>
        )}
        {header.control?.canResume === true && !header.live && (
          <button
            type="button"
            class="button button-secondary"
            title={text("resumeTitle")}
            onClick={() => panel.connection.post({ type: "resume" })}
          >
            {text("resume")}
          </button>
        )}
        {header.control?.canRunAgain === true && !header.live && (
          <button
            type="button"
            class={`button ${step?.place === undefined ? "" : "button-secondary"}`}
            onClick={() => panel.connection.post({ type: "runAgain" })}
          >
            {text("runAgain")}
          </button>
        )}
        <span class="banner-walk">
          <span class="banner-count">{failureCount(ordinal, header)}</span>
          <IconButton
            icon="chevron-up"
            label={text("previousFailure")}
            disabled={header.failureCount === 0}
            onClick={() => panel.navigate("previousFailure")}
          />
          <IconButton
            icon="chevron-down"
            label={text("nextFailure")}
            disabled={header.failureCount === 0}
            onClick={() => panel.navigate("nextFailure")}
          />
        </span>
      </span>
    </section>
  );
}

function endedBadly(header: PanelHeader): boolean {
  return header.status === "failed" || header.status === "crashed";
}

/** What the banner says of the failure: the step's own error, or that of the session where the step names none. */
export function bannerMessage(header: PanelHeader): string {
  const own = header.failingStep?.message ?? "";
  return own === "" && endedBadly(header) ? (header.error ?? "") : own;
}

/** The step's name keeps its room; what it is about gives way before the message does. */
function BannerTitle({ panel, step }: { panel: Panel; step: NonNullable<PanelHeader["failingStep"]> }) {
  const columns = panel.picture?.model.columns;
  const name = columns === undefined ? "" : stringAt(columns, "name", step.row);
  const label = columns === undefined ? "" : stringAt(columns, "label", step.row);
  if (name === "") return <span class="banner-title">{step.step ?? step.title}</span>;
  // Of a playbook the person knows the step by the name that it has there.
  const about = step.step === undefined ? label : `${name} ${label}`.trim();
  return (
    <>
      <span class="banner-title">{step.step ?? name}</span>
      {about !== "" && <span class="banner-label">{about}</span>}
    </>
  );
}

/** "1 of 2 failures, 5 recovered" where a failure is selected, else "2 failures, 5 recovered". */
function failureCount(ordinal: number, header: PanelHeader): string {
  if (ordinal < 0 || header.failureCount < 2) return failuresText(header.failureCount, header.recoveredCount);
  const counted = text("failureOf", ordinal + 1, formatInteger(header.failureCount));
  const recovered = failuresText(0, header.recoveredCount);
  return recovered === "" ? counted : `${counted}, ${recovered}`;
}

const delayTexts = {
  reader: ["readerSilent", "readerSilentHelp"],
  files: ["filesSilent", "filesSilentHelp"],
} as const;

/** Why nothing more comes for now. */
export function DelayBanner({ panel }: { panel: Panel }) {
  const { delay } = panel;
  const [title, help] = delay === "nothing" ? [] : delayTexts[delay];
  // There from the beginning, because a region that comes with its words is not read out everywhere.
  return (
    <div role="status">
      {title !== undefined && (
        <section class="banner banner-warning banner-delay">
          <Icon name="warning" class="banner-icon" />
          <span class="banner-text">
            <span class="banner-lead">{text(title)}</span>
            <span class="banner-message">{text(help)}</span>
          </span>
        </section>
      )}
    </div>
  );
}

const severityIcons: Readonly<Record<PanelProblem["severity"], IconName>> = {
  error: "error",
  warning: "warning",
  info: "info",
};

export function ProblemsBanner({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const isOpen = panel.showsProblems;
  const { problems } = header;
  const worst =
    problems.find(({ severity }) => severity === "error") ?? problems.find(({ severity }) => severity === "warning");
  // Notes alone make no banner; the status line counts them and opens the list.
  const first = worst ?? (isOpen ? problems[0] : undefined);
  if (first === undefined) return null;
  return (
    <section class="problems" aria-label={text("problems")}>
      <button type="button" class="problems-line" aria-expanded={isOpen} onClick={() => panel.toggleProblems()}>
        <Icon name={isOpen ? "chevron-down" : "chevron-right"} />
        <Icon name={severityIcons[first.severity]} class={`severity-${first.severity}`} />
        <span class="problems-count">{countText("oneProblem", "manyProblems", header.problemCount)}</span>
        <span class="problems-first">{first.message}</span>
      </button>
      {isOpen && <ProblemList panel={panel} problems={problems} total={header.problemCount} />}
    </section>
  );
}

export function ProblemList(props: { panel: Panel; problems: readonly PanelProblem[]; total: number }) {
  const { panel, problems, total } = props;
  return (
    <ul class="problem-list">
      {problems.map((problem, index) => (
        <li key={index}>
          <ProblemLine panel={panel} problem={problem} />
        </li>
      ))}
      {total > problems.length && (
        <li class="problem-more">{text("moreProblems", formatInteger(total - problems.length))}</li>
      )}
    </ul>
  );
}

/** The words lead to the step, the place to the bytes, where either is known. */
function ProblemLine({ panel, problem }: { panel: Panel; problem: PanelProblem }) {
  const { row, offsetBytes, file } = problem;
  const canShowRow = row !== undefined && panel.picture !== undefined && row < panel.picture.model.columns.count;
  return (
    <div class="problem">
      <Icon name={severityIcons[problem.severity]} class={`severity-${problem.severity}`} />
      {canShowRow ? (
        <button
          type="button"
          class="problem-message"
          title={text("showSpan")}
          onClick={() => {
            panel.setView("tree");
            panel.select(row, { reveal: true });
            panel.focus("list");
          }}
        >
          {problem.message}
        </button>
      ) : (
        <span class="problem-message">{problem.message}</span>
      )}
      {problem.count !== undefined && problem.count > 1 && (
        <span class="problem-times">×{formatInteger(problem.count)}</span>
      )}
      {offsetBytes !== undefined && (
        <button
          type="button"
          class="problem-place"
          title={text("openJsonThere")}
          onClick={() =>
            panel.connection.post({ type: "openJson", offsetBytes, ...(file === undefined ? {} : { file }) })
          }
        >
          {file === undefined
            ? text("atByte", formatInteger(offsetBytes))
            : text("inFileAtByte", file, formatInteger(offsetBytes))}
        </button>
      )}
    </div>
  );
}
