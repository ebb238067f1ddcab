// The full timeline below the strip: lanes, with the time axis, density and bursts above them, and below them what was safe
// when. It shows the same time as the strip's brush and the waterfall, by the same scale; what is selected here is selected
// in the tree.

import { useEffect } from "preact/hooks";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { RangeBar } from "./rangeBar";
import type { TimelineParts } from "./timelineParts";
import { TimelinePicture } from "./timelinePicture";
import { laneMode, timelineSettings } from "./timelineSettings";
import { TimelineText } from "./timelineText";
import { TimelineToolbar } from "./timelineToolbar";

export interface TimelinePaneProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly parts: TimelineParts;
  readonly heightPx: number;
}

export function TimelinePane({ panel, picture, parts, heightPx }: TimelinePaneProps) {
  const { model, control, ranges, pointer, durability } = parts;
  const settings = timelineSettings(panel);
  const range = pointer.draft ?? settings.range;
  useEffect(() => {
    model.refresh(laneMode(panel), settings.path === true || settings.text === true);
    ranges.refresh(range, model.data?.result.layout ?? 0, picture.times.lastMs);
  });
  return (
    <section class="timeline" aria-label={text("timeline")} style={{ height: `${heightPx}px` }}>
      <TimelineToolbar panel={panel} model={model} />
      {range !== undefined && (
        <RangeBar
          panel={panel}
          picture={picture}
          range={range}
          totals={ranges.totals}
          isCurrent={ranges.isCurrent}
          onZoom={() => control.zoomTo(range[0], range[1])}
          onFilter={() =>
            panel.setFilters([
              ...panel.rows.filters.filter(({ type }) => type !== "within"),
              { type: "within", fromMs: range[0], toMs: range[1] },
            ])
          }
          onClear={() => control.setRange(undefined)}
        />
      )}
      {model.error !== undefined ? (
        <p class="timeline-note" role="alert">
          <Icon name="warning" /> {text("timelineFailed", model.error)}{" "}
          <button type="button" class="link-button" onClick={() => model.tryAgain()}>
            {text("tryAgain")}
          </button>
        </p>
      ) : settings.text === true ? (
        <TimelineText
          panel={panel}
          picture={picture}
          data={model.data}
          durability={durability.result}
          onJump={(row, fromMs, toMs) => control.jump(row, fromMs, toMs)}
        />
      ) : (
        <TimelinePicture panel={panel} picture={picture} parts={parts} range={range} />
      )}
      <div class="visually-hidden" role="status" aria-live="polite">
        {control.announcement}
      </div>
    </section>
  );
}
