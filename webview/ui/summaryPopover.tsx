// What the trace adds up to, as a popover of the title: the sentence, tokens by kind, models, tools, loops, slow steps.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PanelHeader } from "../../src/protocol/panelMessages";
import { summarySchema } from "../../src/protocol/panelReplies";
import type { TraceSummaryView } from "../../src/trace/summarizeTrace";
import type { TokenTotals } from "../../src/trace/traceUsage";
import { formatCost, formatDateTime, formatDuration } from "../format";
import { StaleReplyError } from "../model/hostConnection";
import type { Panel } from "../model/panel";
import { stringAt } from "../model/traceModel";
import { formatInteger, text } from "../text";
import { Waiting } from "./details/waiting";
import { Icon } from "./icon";
import { IconButton } from "./iconButton";
import { Popup } from "./popup";

type Loaded = TraceSummaryView | { readonly error: string } | undefined;

export function SummaryPopover({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const [summary, setSummary] = useState<Loaded>(undefined);
  const picture = panel.picture;
  useEffect(() => {
    if (picture === undefined) return;
    let isCurrent = true;
    panel.connection.request("summary", { epoch: picture.epoch }, summarySchema).then(
      (result) => {
        if (isCurrent) setSummary(result);
      },
      (error: unknown) => {
        if (isCurrent && !(error instanceof StaleReplyError)) {
          setSummary({ error: error instanceof Error ? error.message : String(error) });
        }
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [picture?.model]);
  const close = () => panel.setPopup("none");
  return (
    <Popup label={text("summary")} role="dialog" class="summary" onClose={close}>
      <div class="summary-head">
        <h2>{header.title}</h2>
        <IconButton icon="close" label={text("close")} onClick={close} />
      </div>
      {summary === undefined ? (
        <Waiting />
      ) : "error" in summary ? (
        <p class="details-none">{text("summaryFailed", summary.error)}</p>
      ) : (
        <SummaryBody panel={panel} header={header} summary={summary} />
      )}
    </Popup>
  );
}

function SummaryBody({ panel, header, summary }: { panel: Panel; header: PanelHeader; summary: TraceSummaryView }) {
  const { tokens, cost, models, tools, loops, slowest, counts } = summary;
  const zone = header.timeZone;
  const show = (row: number) => () => {
    panel.setPopup("none");
    panel.setView("tree");
    panel.select(row, { reveal: true });
    panel.focus("list");
  };
  return (
    <>
      {summary.narrative !== "" && <p class="summary-narrative">{summary.narrative}</p>}
      {summary.producerNarrative !== undefined && summary.producerNarrative !== summary.narrative && (
        <p class="summary-narrative dim">{text("producerSays", summary.producerNarrative)}</p>
      )}
      <dl class="summary-facts">
        <Fact name={text("summarySession")} value={header.sessionId} />
        {header.agent !== undefined && <Fact name={text("summaryAgent")} value={header.agent} />}
        {summary.startMs !== undefined && (
          <Fact name={text("factStarted")} value={`${formatDateTime(summary.startMs, zone)} ${zone}`} />
        )}
        {summary.wallMs !== undefined && (
          <Fact
            name={text("factDuration")}
            value={text("wallAndBusy", formatDuration(summary.wallMs), formatDuration(summary.busyMs))}
          />
        )}
        <Fact name={text("summarySteps")} value={stepCounts(counts)} />
        {cost !== undefined && (
          <Fact
            name={text("factCost")}
            value={summary.usageSource === "summary" ? text("reportedSum", formatCost(cost)) : formatCost(cost)}
          />
        )}
      </dl>
      {tokens !== undefined && <TokenBar tokens={tokens} />}
      <div class="summary-columns">
        <div>
          {models.length > 0 && (
            <SummarySection heading={text("summaryModels")}>
              {models.map((model) => (
                <SummaryLine
                  key={`${model.provider} ${model.model}`}
                  name={model.model === "" ? text("unknownModel") : model.model}
                  value={[
                    text("calls", formatInteger(model.calls)),
                    model.cost === undefined ? "" : formatCost(model.cost),
                    formatDuration(model.durationMs),
                  ]}
                  failures={model.failures}
                />
              ))}
            </SummarySection>
          )}
          {tools.length > 0 && (
            <SummarySection heading={text("summaryTools")}>
              {tools.map((tool) => (
                <SummaryLine
                  key={tool.name}
                  name={tool.name}
                  value={[`×${formatInteger(tool.count)}`, formatDuration(tool.durationMs)]}
                  share={tool.count / (tools[0]?.count ?? 1)}
                  failures={tool.failures}
                  onClick={show(tool.firstRow)}
                />
              ))}
              {summary.toolCount > tools.length && (
                <li class="dim">{text("moreTools", formatInteger(summary.toolCount - tools.length))}</li>
              )}
            </SummarySection>
          )}
        </div>
        <div>
          {slowest.length > 0 && (
            <SummarySection heading={text("summarySlowest")}>
              {slowest.map((step) => (
                <SummaryLine
                  key={step.row}
                  name={rowText(panel, step.row)}
                  value={[formatDuration(step.ownMs)]}
                  share={step.ownMs / (slowest[0]?.ownMs || 1)}
                  failures={0}
                  onClick={show(step.row)}
                />
              ))}
            </SummarySection>
          )}
          {loops.length > 0 && (
            <SummarySection heading={text("summaryLoops")}>
              {loops.map((loop, index) => (
                <SummaryLine
                  key={index}
                  name={`${loop.tool} ${loop.label}`.trim()}
                  value={[
                    loop.length > 1 ? text("rounds", formatInteger(loop.count)) : `×${formatInteger(loop.count)}`,
                  ]}
                  failures={loop.failures}
                  {...(loop.rows[0] === undefined ? {} : { onClick: show(loop.rows[0]) })}
                />
              ))}
            </SummarySection>
          )}
        </div>
      </div>
    </>
  );
}

function stepCounts(counts: TraceSummaryView["counts"]): string {
  const parts = [text("generationsAndTools", formatInteger(counts.kinds.generation), formatInteger(counts.kinds.tool))];
  if (counts.failures > 0) parts.push(text("failedCount", formatInteger(counts.failures)));
  if (counts.recovered > 0) parts.push(text("recoveredCount", formatInteger(counts.recovered)));
  if (counts.interrupted > 0) parts.push(text("interruptedCount", formatInteger(counts.interrupted)));
  if (counts.open > 0) parts.push(text("openCount", formatInteger(counts.open)));
  if (counts.elided > 0) parts.push(text("elided", formatInteger(counts.elided)));
  return parts.join(" · ");
}

const tokenKinds = ["cacheRead", "cacheWrite", "input", "output", "reasoning"] as const;
const tokenText = {
  input: "factTokensInput",
  output: "factTokensOutput",
  reasoning: "factTokensReasoning",
  cacheRead: "factCacheRead",
  cacheWrite: "factCacheWrite",
} as const;

function TokenBar({ tokens }: { tokens: TokenTotals }) {
  const sum = tokenKinds.reduce((total, kind) => total + tokens[kind], 0);
  return (
    <section class="summary-tokens" aria-label={text("tokensTitle", formatInteger(tokens.total))}>
      <h3>{text("tokensShort", formatInteger(tokens.total))}</h3>
      {sum > 0 && (
        <div class="token-bar" aria-hidden="true">
          {tokenKinds.map((kind) => (
            <span key={kind} class={`token-${kind}`} style={{ flexGrow: String(tokens[kind]) }} />
          ))}
        </div>
      )}
      <ul>
        {tokenKinds
          .filter((kind) => tokens[kind] > 0)
          .map((kind) => (
            <li key={kind}>
              <span class={`token-dot token-${kind}`} aria-hidden="true" />
              {text(tokenText[kind])} <b>{formatInteger(tokens[kind])}</b>
            </li>
          ))}
      </ul>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function SummarySection({ heading, children }: { heading: string; children: ComponentChildren }) {
  return (
    <section>
      <h3>{heading}</h3>
      <ul>{children}</ul>
    </section>
  );
}

interface SummaryLineProps {
  readonly name: string;
  readonly value: readonly string[];
  readonly failures: number;
  /** Length of the bar behind it, from 0 to 1. */
  readonly share?: number;
  readonly onClick?: () => void;
}

function SummaryLine({ name, value, failures, share, onClick }: SummaryLineProps) {
  const content = (
    <>
      {share !== undefined && <span class="summary-share" style={{ width: `${(100 * share).toFixed(1)}%` }} />}
      <span class="summary-name">{name}</span>
      {failures > 0 && (
        <span class="badge-failures" title={text("failedCount", formatInteger(failures))}>
          <Icon name="error" />
          {formatInteger(failures)}
        </span>
      )}
      <span class="summary-value">{value.filter(Boolean).join(" · ")}</span>
    </>
  );
  return (
    <li>
      {onClick === undefined ? (
        <span class="summary-line">{content}</span>
      ) : (
        <button type="button" class="summary-line" title={name} onClick={onClick}>
          {content}
        </button>
      )}
    </li>
  );
}

function rowText(panel: Panel, row: number): string {
  const columns = panel.picture?.model.columns;
  if (columns === undefined || row >= columns.count) return "";
  return `${stringAt(columns, "name", row)} ${stringAt(columns, "label", row)}`.trim();
}
