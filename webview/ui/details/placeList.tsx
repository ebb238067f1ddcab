// The places in source files that a step names, as links; the host finds the files.

import { useState } from "preact/hooks";
import type { Place } from "../../../src/trace/place";
import { placeTitle } from "../../../src/trace/textLinks";
import type { Panel } from "../../model/panel";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { PlaceText } from "../placeText";

const shownAtFirst = 5;

export interface PlaceListProps {
  readonly panel: Panel;
  readonly places: readonly Place[];
  readonly reference: { readonly epoch: number; readonly row: number };
}

export function PlaceList({ panel, places, reference }: PlaceListProps) {
  const [showsAll, setShowsAll] = useState(false);
  if (places.length === 0) return null;
  const shown = showsAll ? places : places.slice(0, shownAtFirst);
  return (
    <section class="section places">
      <h3>{text("places")}</h3>
      <ul>
        {shown.map((place, index) => (
          <li key={index}>
            <button
              type="button"
              class="place"
              title={[placeTitle(place), place.context ?? text("openPlace")].join("\n")}
              onClick={(event) =>
                panel.connection.post({
                  type: "openSource",
                  ...reference,
                  place: index,
                  beside: event.ctrlKey || event.metaKey,
                })
              }
            >
              <Icon name="go-to-file" />
              <PlaceText class="place-path" place={placeTitle(place)} />
              {place.context !== undefined && <span class="place-context">{place.context}</span>}
            </button>
          </li>
        ))}
      </ul>
      {places.length > shownAtFirst && (
        // It stays where it is, so that the focus does.
        <button type="button" class="link-button" aria-expanded={showsAll} onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? text("showLess") : text("morePlaces", formatInteger(places.length - shownAtFirst))}
        </button>
      )}
    </section>
  );
}
