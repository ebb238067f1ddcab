// What a person wants to know of a step: the error first, then where, what went in, what came out, what it took.

import { FLAG } from "../../../src/trace/spanColumns";
import type { SpanDetails } from "../../../src/trace/spanDetails";
import { formatCost, formatDateTime, formatDuration } from "../../format";
import type { Panel } from "../../model/panel";
import type { Picture } from "../../model/traceModel";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { onDemand } from "../onDemand";
import { CallList } from "./callList";
import { ErrorBlock } from "./errorBlock";
import { type Fact, FactTable } from "./factTable";
import { PayloadSection } from "./payloadSection";
import { PlaceList } from "./placeList";
import { RunNotes } from "./runNotes";

const LoopNotes = onDemand(async () => (await import("./loopNote")).LoopNotes);
const StepsCard = onDemand(async () => (await import("../stepsCard")).StepsCard);

export interface DetailsProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly details: SpanDetails;
  readonly row: number;
}

export function Overview(props: DetailsProps) {
  const { panel, picture, details, row } = props;
  const ref = { epoch: picture.epoch, row };
  const isSynthetic = details.spanId === "";
  const isCommand = commandOf(panel, row) !== undefined;
  return (
    <div class="overview">
      {details.error !== undefined && (
        <ErrorBlock panel={panel} reference={ref} error={details.error} isRecovered={isRecovered(picture, row)} />
      )}
      {details.run !== undefined && <RunNotes panel={panel} notes={details.run} />}
      <LoopNotes panel={panel} row={row} />
      {details.elided !== undefined && (
        <p class="hint">
          <Icon name="info" />
          {text("standsForElided", formatInteger(details.elided.elided), formatInteger(details.elided.totalSpans))}
        </p>
      )}
      <PlaceList panel={panel} places={details.places} reference={ref} />
      {details.calls.length > 0 && <CallList panel={panel} calls={details.calls} leftOut={details.callsLeftOut} />}
      <PayloadSection
        panel={panel}
        reference={ref}
        kind={details.kind}
        field="input"
        title={text(details.kind === "tool" ? "arguments" : "input")}
        payload={details.input}
        edit={details.edit}
        hasActions={!isSynthetic}
      />
      <OutputLink panel={panel} picture={picture} row={row} />
      {!(isCommand && panel.settings.view === "output") && (
        <PayloadSection
          panel={panel}
          reference={ref}
          kind={details.kind}
          field="output"
          title={text(isCommand ? "lastOutput" : "output")}
          payload={details.output}
          hasActions={!isSynthetic}
        />
      )}
      {details.status === "open" && details.output.type === "empty" && !isCommand && (
        <p class="hint">
          <Icon name="info" /> {text(panel.header?.live === true ? "noOutputYet" : "noOutputEver")}
        </p>
      )}
      <FactTable facts={facts(props)} label={text("facts")} />
      {showsStepsCard(panel) && <StepsCard panel={panel} />}
    </div>
  );
}

function commandOf(panel: Panel, row: number) {
  return panel.header?.output?.commands.find((command) => command.row === row);
}

/** From a command or a piece of its output to the lines. */
function OutputLink({ panel, picture, row }: { panel: Panel; picture: Picture; row: number }) {
  const { output } = panel;
  const isOutput = ((picture.model.columns.flags[row] ?? 0) & FLAG.output) !== 0;
  if (panel.settings.view === "output" || output.lineCount === 0) return null;
  if (!isOutput && commandOf(panel, row) === undefined) return null;
  const show = async () => {
    const isBurst = isOutput && panel.header?.output?.commands.every((command) => command.outputRow !== row) === true;
    const line = isBurst ? await panel.lineOfBurst(row) : (output.header?.failingLine ?? -1);
    panel.setView("output");
    if (line >= 0) output.moveTo(line, { center: true });
    else output.goToEnd();
    panel.focus("list");
  };
  return (
    <p class="output-link">
      <button type="button" class="button button-secondary" onClick={() => void show()}>
        <Icon name="output" />
        {text(isOutput ? "showInOutput" : "showLastOutput")}
      </button>
    </p>
  );
}

function isRecovered(picture: Picture, row: number): boolean {
  return ((picture.model.columns.flags[row] ?? 0) & FLAG.recovered) !== 0;
}

function facts({ panel, picture, details }: DetailsProps): Fact[] {
  const zone = panel.header?.timeZone ?? "UTC";
  const { tokens, model } = details;
  const list: Fact[] = [];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== "") list.push({ name, value });
  };
  const count = (value: number | undefined) => (value === undefined ? undefined : formatInteger(value));
  // The format has a number for each, which is 0 where a model has no such thing, or did not tell.
  const part = (value: number | undefined) => (value === 0 ? undefined : count(value));
  add(text("factModel"), [model?.provider, model?.id, model?.variant].filter(Boolean).join(" / "));
  add(text("factFinish"), details.finishReason);
  add(text("factTokensInput"), count(tokens?.input));
  add(text("factTokensOutput"), count(tokens?.output));
  add(text("factTokensReasoning"), part(tokens?.reasoning));
  add(text("factCacheRead"), part(tokens?.cacheRead));
  add(text("factCacheWrite"), part(tokens?.cacheWrite));
  add(text("factTokensTotal"), count(tokens?.total));
  add(text("factCost"), details.cost === undefined ? undefined : formatCost(details.cost));
  const open = text(panel.header?.live === true ? "stillRunning" : "neverEnded");
  const isNotRun = details.run?.replayedFrom !== undefined || details.run?.skipped !== undefined;
  if (details.startMs !== undefined && !isNotRun) {
    add(text("factStarted"), `${formatDateTime(details.startMs, zone)} ${zone}`);
    add(text("factEnded"), details.endMs === undefined ? open : `${formatDateTime(details.endMs, zone)} ${zone}`);
  }
  if (details.durationMs !== undefined && !isNotRun) {
    const total = picture.times.lastMs - picture.times.firstMs;
    const share = total > 0 ? ` (${text("shareOfTrace", ((100 * details.durationMs) / total).toFixed(1))})` : "";
    add(text("factDuration"), `${formatDuration(details.durationMs)}${share}`);
  }
  add(text("factCallId"), details.callId);
  add(text("factSpanId"), details.spanId);
  return list;
}

/** Of a run that only printed, unless the person has put it away. */
function showsStepsCard({ header, hidesStepsCard }: Panel): boolean {
  return header?.output?.isOnly === true && !hidesStepsCard;
}
