// The full timeline below the strip: lanes, with the time axis, density and bursts above them. It shows the same time as
// the strip's brush and the waterfall, by the same scale; what is selected here is selected in the tree.

import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { RangeBar } from "./rangeBar";
import { RangeModel } from "./rangeModel";
import { TimelineControl } from "./timelineControl";
import { TimelineModel } from "./timelineModel";
import { TimelinePicture } from "./timelinePicture";
import { laneMode, timelineSettings } from "./timelineSettings";
import { TimelineText } from "./timelineText";
import { TimelineToolbar } from "./timelineToolbar";

export function TimelinePane({ panel, picture, heightPx }: { panel: Panel; picture: Picture; heightPx: number }) {
  const [, setCount] = useState(0);
  const redraw = () => setCount((count) => count + 1);
  const { model, control, ranges } = useMemo(
    () => ({
      model: new TimelineModel(panel),
      control: new TimelineControl(panel, redraw),
      ranges: new RangeModel(panel, redraw),
    }),
    [panel],
  );
  useLayoutEffect(() => {
    const subscription = model.onDidChange(redraw);
    return () => subscription.dispose();
  }, [model]);
  const settings = timelineSettings(panel);
  const mode = laneMode(panel);
  const [draft, setDraft] = useState<readonly [number, number] | undefined>(undefined);
  const range = draft ?? settings.range;
  const { lastMs } = picture.times;
  useEffect(() => {
    model.refresh(mode, settings.path === true || settings.text === true);
    ranges.refresh(range, model.data?.result.layout ?? 0, lastMs);
  });
  const { data } = model;
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
            panel.setFilters([...panel.rows.filters, { type: "within", fromMs: range[0], toMs: range[1] }])
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
          data={data}
          onJump={(row, fromMs, toMs) => control.jump(row, fromMs, toMs)}
        />
      ) : (
        <TimelinePicture
          panel={panel}
          picture={picture}
          data={data}
          isBusy={model.isBusy}
          control={control}
          range={range}
          onDraft={setDraft}
        />
      )}
      <div class="visually-hidden" role="status" aria-live="polite">
        {control.announcement}
      </div>
    </section>
  );
}
