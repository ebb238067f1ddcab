// What the tip beside the pointer says of what lies under it.

import { formatRound } from "../format";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { formatInteger, text } from "../text";
import type { DensityModel } from "./densityModel";
import type { DurabilityModel } from "./durabilityModel";
import { instantWords } from "./durabilityWords";
import { tenth } from "./paintTimeline";
import type { TimelineData } from "./timelineModel";
import type { TimelineHit } from "./timelinePointer";
import type { TimelineTipTarget } from "./timelineTip";
import { burstParentText, burstText, pointText, togetherText } from "./timelineWords";

export interface TipSources {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly data: TimelineData | undefined;
  readonly density: DensityModel;
  readonly durability: DurabilityModel;
}

/** @param x, y of the pointer on the page */
export function tipOf(sources: TipSources, hit: TimelineHit, x: number, y: number): TimelineTipTarget | undefined {
  const { panel, picture, data, density, durability } = sources;
  const words = (title: string, lines: readonly string[]) => ({ type: "words" as const, title, lines, x, y });
  switch (hit.type) {
    case "row":
      return hit.together > 1
        ? words(togetherText(hit.together), [text("zoomToTell")])
        : { type: "row", row: hit.row, x, y };
    case "burst": {
      const bursts = data?.result.bursts;
      if (bursts === undefined) return undefined;
      const lines = [
        burstParentText(picture, bursts, hit.index),
        pointText(panel, picture, bursts.fromMs[hit.index] ?? 0),
      ];
      const failed = bursts.failed[hit.index] ?? 0;
      if (failed > 0) lines.push(text("failedCount", formatInteger(failed)));
      return words(text("burstNamed", burstText(bursts, hit.index)), lines);
    }
    case "density": {
      const title = densityWords(density, hit.wallMs);
      return title === undefined ? undefined : words(title, [pointText(panel, picture, hit.wallMs)]);
    }
    case "durability": {
      const { at } = durability;
      if (at === undefined) return undefined;
      const [title = "", ...lines] = instantWords(panel, picture, at.result, at.atMs);
      return words(title, [...lines, pointText(panel, picture, at.atMs), text("eventsAre")]);
    }
    case "none":
      return undefined;
  }
}

function densityWords({ profile }: DensityModel, wallMs: number): string | undefined {
  if (profile === undefined) return undefined;
  const { edgesMs } = profile;
  let column = 0;
  while (column + 2 < edgesMs.length && (edgesMs[column + 1] ?? 0) <= wallMs) column++;
  const ms = (edgesMs[column + 1] ?? 0) - (edgesMs[column] ?? 0);
  const begun = formatInteger(profile.begun[column] ?? 0);
  return text("atWorkHere", tenth(profile.atWork[column] ?? 0), begun, formatRound(ms));
}
