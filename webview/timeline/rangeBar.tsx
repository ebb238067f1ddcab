// What happened in the marked range, and what can be done with it.

import type { RangeTotalsResult } from "../../src/protocol/timelineMessages";
import { kindCodes } from "../../src/trace/spanColumns";
import { formatCost, formatCount, formatDuration } from "../format";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { countText, formatInteger, text } from "../text";
import { kindText } from "../ui/filterMenu";
import { IconButton } from "../ui/iconButton";
import { rangeText } from "./timelineWords";

export interface RangeBarProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly range: readonly [number, number];
  readonly totals: RangeTotalsResult | undefined;
  readonly isCurrent: boolean;
  readonly onZoom: () => void;
  readonly onFilter: () => void;
  readonly onClear: () => void;
}

export function RangeBar(props: RangeBarProps) {
  const { panel, picture, range, totals } = props;
  const words = rangeText(panel, picture, range[0], range[1]);
  const facts = totals === undefined ? [] : totalsText(totals);
  return (
    <div class="range-bar" role="group" aria-label={text("markedRange")}>
      <b>{words}</b>
      <span class={`range-facts ${props.isCurrent ? "" : "dim"}`} aria-live="polite">
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </span>
      <span class="range-actions">
        <IconButton icon="zoom-in" label={text("zoomToRange")} onClick={props.onZoom} />
        <IconButton icon="filter" label={text("filterToRange")} onClick={props.onFilter} />
        <IconButton
          icon="copy"
          label={text("copyRange")}
          onClick={() => {
            copyText([words, ...facts].join("\n")).then(
              () => panel.announce(text("rangeCopied")),
              () => panel.announce(text("copyFailed")),
            );
          }}
        />
        <IconButton icon="close" label={text("clearRange")} onClick={props.onClear} />
      </span>
    </div>
  );
}

async function copyText(words: string): Promise<void> {
  await navigator.clipboard.writeText(words);
}

/** What is known of a range; what nobody reported is not named. */
export function totalsText(totals: RangeTotalsResult): string[] {
  const kinds = kindCodes.flatMap((kind, index) => {
    const count = totals.byKind[index] ?? 0;
    return count === 0 ? [] : [`${text(kindText[kind])} ${formatInteger(count)}`];
  });
  const began = countText("oneStepBegan", "manyStepsBegan", totals.spans);
  const facts = [kinds.length > 1 ? text("withKinds", began, kinds.join(", ")) : began];
  if (totals.running > 0) facts.push(text("moreRunning", formatInteger(totals.running)));
  if (totals.failures > 0) facts.push(countText("oneFailure", "manyFailures", totals.failures));
  if (totals.recovered > 0) facts.push(text("recoveredCount", formatInteger(totals.recovered)));
  if (totals.open > 0) facts.push(text("openCount", formatInteger(totals.open)));
  if (totals.tokens !== undefined) facts.push(text("tokensShort", formatCount(totals.tokens)));
  if (totals.cost !== undefined) facts.push(formatCost(totals.cost));
  if (totals.peak > 0) facts.push(text("peakAndBusy", formatInteger(totals.peak), formatDuration(totals.busyMs)));
  return facts;
}
