// Attributes, events and links of a span.

import { formatDateTime, formatPoint } from "../../format";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { FieldList } from "./fieldList";
import type { DetailsProps } from "./overview";

export function DataTab({ panel, picture, details, row }: DetailsProps) {
  const reference = { epoch: picture.epoch, row };
  const zone = panel.header?.timeZone ?? "UTC";
  const absolute = panel.settings.absoluteTimes ? zone : undefined;
  const { checkpoints } = details;
  const hasEvents = details.events.length > 0 || checkpoints !== undefined;
  const isEmpty = details.attributes.length === 0 && !hasEvents && details.links.length === 0;
  if (isEmpty) return <div class="details-none">{text("noData")}</div>;
  return (
    <div class="data-tab">
      {details.attributes.length > 0 && (
        <section class="section">
          <h3>{text("attributes")}</h3>
          <FieldList
            panel={panel}
            entries={details.attributes}
            address={{ ...reference, field: "attributes" }}
            label={text("attributes")}
          />
        </section>
      )}
      {hasEvents && (
        <section class="section">
          <h3>{text("events")}</h3>
          {checkpoints !== undefined && (
            <p class="event checkpoints" title={text("checkpointsHelp")}>
              <Icon name="history" />
              {text(
                checkpoints.count === 1 ? "oneCheckpoint" : "manyCheckpoints",
                formatInteger(checkpoints.count),
                formatPoint(checkpoints.lastMs, picture.times.firstMs, absolute),
              )}
            </p>
          )}
          {details.events.map((event) => (
            <div key={event.index} class="event">
              <div class="event-head">
                <span class="event-time" title={`${formatDateTime(event.timeMs, zone)} ${zone}`}>
                  {formatPoint(event.timeMs, picture.times.firstMs, absolute)}
                </span>
                <span class="event-name">{event.name}</span>
              </div>
              {event.attributes.length > 0 && (
                <FieldList
                  panel={panel}
                  entries={event.attributes}
                  address={{ ...reference, field: "events", path: [event.index] }}
                  label={event.name}
                />
              )}
            </div>
          ))}
        </section>
      )}
      {details.links.length > 0 && (
        <section class="section">
          <h3>{text("links")}</h3>
          <dl class="fields" aria-label={text("links")}>
            {details.links.map((link, index) => (
              <div key={index} class="field">
                <dt>{link.spanId}</dt>
                <dd>{link.traceId ?? text("thisTrace")}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {details.leftOut > 0 && <p class="cut-mark">{text("entriesLeftOut", formatInteger(details.leftOut))}</p>}
    </div>
  );
}
