// What a person wants to know of a step: the error first, then where, what went in, what came out, what it took.

import type { PayloadField } from "../../../src/protocol/panelMessages";
import { FLAG } from "../../../src/trace/spanColumns";
import type { SpanDetails } from "../../../src/trace/spanDetails";
import { formatCost, formatDateTime, formatDuration } from "../../format";
import type { Panel } from "../../model/panel";
import type { Picture } from "../../model/traceModel";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { CallList } from "./callList";
import { DataTable } from "./dataTable";
import { ErrorBlock } from "./errorBlock";
import { type Fact, FactTable } from "./factTable";
import { PayloadSection } from "./payloadSection";
import { PlaceList } from "./placeList";

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
  const copy = (field: PayloadField) => () => panel.connection.post({ type: "copy", ...ref, field });
  return (
    <div class="overview">
      {details.error !== undefined && (
        <ErrorBlock error={details.error} onCopy={copy("error")} isRecovered={isRecovered(picture, row)} />
      )}
      <PlaceList panel={panel} places={details.places} reference={ref} />
      {details.calls.length > 0 && <CallList panel={panel} calls={details.calls} />}
      <PayloadSection
        panel={panel}
        reference={ref}
        field="input"
        title={text("input")}
        payload={details.input}
        hasActions={!isSynthetic}
      />
      {details.inputFields.length > 0 && <DataTable entries={details.inputFields} label={text("arguments")} />}
      <PayloadSection
        panel={panel}
        reference={ref}
        field="output"
        title={text("output")}
        payload={details.output}
        hasActions={!isSynthetic}
      />
      {details.status === "open" && details.output.type === "empty" && (
        <p class="hint">
          <Icon name="info" /> {text(panel.header?.live === true ? "noOutputYet" : "noOutputEver")}
        </p>
      )}
      <FactTable facts={facts(props)} label={text("facts")} />
    </div>
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
  add(text("factModel"), [model?.provider, model?.id, model?.variant].filter(Boolean).join(" / "));
  add(text("factFinish"), details.finishReason);
  add(text("factTokensInput"), count(tokens?.input));
  add(text("factTokensOutput"), count(tokens?.output));
  add(text("factTokensReasoning"), count(tokens?.reasoning));
  add(text("factCacheRead"), count(tokens?.cacheRead));
  add(text("factCacheWrite"), count(tokens?.cacheWrite));
  add(text("factTokensTotal"), count(tokens?.total));
  add(text("factCost"), details.cost === undefined ? undefined : formatCost(details.cost));
  const open = text(panel.header?.live === true ? "stillRunning" : "neverEnded");
  if (details.startMs !== undefined) {
    add(text("factStarted"), `${formatDateTime(details.startMs, zone)} ${zone}`);
    add(text("factEnded"), details.endMs === undefined ? open : `${formatDateTime(details.endMs, zone)} ${zone}`);
  }
  if (details.durationMs !== undefined) {
    const total = picture.times.lastMs - picture.times.firstMs;
    const share = total > 0 ? ` (${text("shareOfTrace", ((100 * details.durationMs) / total).toFixed(1))})` : "";
    add(text("factDuration"), `${formatDuration(details.durationMs)}${share}`);
  }
  add(text("factCallId"), details.callId);
  add(text("factSpanId"), details.spanId);
  return list;
}
