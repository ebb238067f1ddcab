// The line above the timeline: how lanes are made, what is emphasised, and the way out.

import { laneModes } from "../../src/protocol/timelineMessages";
import { formatDuration } from "../format";
import type { Panel } from "../model/panel";
import { formatInteger, text } from "../text";
import { IconButton } from "../ui/iconButton";
import type { TimelineModel } from "./timelineModel";
import { changeTimeline, laneMode, timelineSettings } from "./timelineSettings";

const modeText = { concurrency: "lanesByConcurrency", agent: "lanesByAgent" } as const;

export function TimelineToolbar({ panel, model }: { panel: Panel; model: TimelineModel }) {
  const settings = timelineSettings(panel);
  const mode = laneMode(panel);
  const result = model.data?.result;
  const hasGaps = (panel.picture?.times.scale.gaps.length ?? 0) > 0 || settings.trueScale === true;
  return (
    <div class="timeline-bar">
      <div class="segmented is-small" role="group" aria-label={text("lanesBy")}>
        {laneModes.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={mode === name}
            onClick={() => changeTimeline(panel, { mode: name })}
          >
            {text(modeText[name])}
          </button>
        ))}
      </div>
      <button
        type="button"
        class="toggle"
        aria-pressed={settings.path === true}
        title={text("criticalPathHelp")}
        onClick={() => changeTimeline(panel, { path: settings.path !== true })}
      >
        {text("criticalPath")}
        {settings.path === true && (result?.pathCount ?? 0) > 0 && (
          <span class="dim"> {formatDuration(result?.pathMs ?? 0)}</span>
        )}
      </button>
      {hasGaps && (
        <button
          type="button"
          class="toggle"
          aria-pressed={settings.trueScale === true}
          title={text("trueScaleHelp")}
          onClick={() => panel.setTrueScale(settings.trueScale !== true)}
        >
          {text("trueScale")}
        </button>
      )}
      <span class="timeline-counts dim">
        {result !== undefined &&
          [
            text("laneCount", formatInteger(result.laneCount)),
            ...(result.burstCount > 0 ? [text("burstCount", formatInteger(result.burstCount))] : []),
          ].join(" · ")}
      </span>
      <IconButton
        icon="list-flat"
        label={text("viewAsText")}
        pressed={settings.text === true}
        onClick={() => changeTimeline(panel, { text: settings.text !== true })}
      />
      <IconButton icon="close" label={text("closeTimeline")} onClick={() => changeTimeline(panel, { open: false })} />
    </div>
  );
}
