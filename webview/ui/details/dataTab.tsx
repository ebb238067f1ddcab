// Attributes, events and links of a span.

import { formatDateTime, formatPoint } from "../../format";
import { formatInteger, text } from "../../text";
import { DataTable } from "./dataTable";
import type { DetailsProps } from "./overview";

export function DataTab({ panel, picture, details }: DetailsProps) {
  const zone = panel.header?.timeZone ?? "UTC";
  const absolute = panel.settings.absoluteTimes ? zone : undefined;
  const isEmpty = details.attributes.length === 0 && details.events.length === 0 && details.links.length === 0;
  if (isEmpty) return <div class="details-none">{text("noData")}</div>;
  return (
    <div class="data-tab">
      {details.attributes.length > 0 && (
        <section class="section">
          <h3>{text("attributes")}</h3>
          <DataTable entries={details.attributes} label={text("attributes")} />
        </section>
      )}
      {details.events.length > 0 && (
        <section class="section">
          <h3>{text("events")}</h3>
          {details.events.map((event, index) => (
            <div key={index} class="event">
              <div class="event-head">
                <span class="event-time" title={`${formatDateTime(event.timeMs, zone)} ${zone}`}>
                  {formatPoint(event.timeMs, picture.times.firstMs, absolute)}
                </span>
                <span class="event-name">{event.name}</span>
              </div>
              {event.attributes.length > 0 && <DataTable entries={event.attributes} label={event.name} />}
            </div>
          ))}
        </section>
      )}
      {details.links.length > 0 && (
        <section class="section">
          <h3>{text("links")}</h3>
          <table class="data-table">
            <tbody>
              {details.links.map((link, index) => (
                <tr key={index}>
                  <th scope="row">{link.spanId}</th>
                  <td>{link.traceId ?? text("thisTrace")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {details.leftOut > 0 && <p class="cut-mark">{text("entriesLeftOut", formatInteger(details.leftOut))}</p>}
    </div>
  );
}
