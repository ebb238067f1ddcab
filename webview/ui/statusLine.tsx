// The line at the bottom: how much is shown, whether the session lives and when it was saved, in which zone times are.

import type { PanelHeader } from "../../src/protocol/panelMessages";
import { formatFreshAge } from "../format";
import { failuresText } from "../model/navigation";
import type { Panel } from "../model/panel";
import { countText, formatInteger, text } from "../text";
import { Icon } from "./icon";

/** "line 12 of 1,234", "12 lines chosen", or how many there are. */
function linesText({ output }: Panel): string {
  const { chosen, lineCount } = output;
  if (chosen === undefined) return countText("oneLine", "manyLines", lineCount);
  const count = chosen[1] - chosen[0] + 1;
  return count === 1
    ? text("lineOf", formatInteger(chosen[0] + 1), formatInteger(lineCount))
    : text("linesChosen", formatInteger(count));
}

export function StatusLine({ panel, header }: { panel: Panel; header: PanelHeader }) {
  const total = panel.picture?.model.columns.count ?? 0;
  const shown = panel.rows.isFiltered ? panel.rows.matchCount : total;
  const parts =
    panel.settings.view === "output" && header.output !== undefined
      ? [linesText(panel)]
      : [text("countOf", formatInteger(shown), formatInteger(total))];
  if (header.elidedCount > 0) parts.push(text("elided", formatInteger(header.elidedCount)));
  return (
    <footer class="status-line">
      <span class="status-counts">{parts.join(" · ")}</span>
      {header.live && (
        <span class="status-live">
          <Icon name="circle-filled" />
          {text("live")}
        </span>
      )}
      {header.live && header.savedMs !== undefined && (
        <span class="status-saved">{text("savedAgo", formatFreshAge(panel.nowMs - header.savedMs))}</span>
      )}
      {header.recoveredCount > 0 && header.failingStep === undefined && (
        <button
          type="button"
          class="status-button status-recovered"
          title={text("showRecovered")}
          onClick={() => panel.navigate("nextFailureIncludingRecovered")}
        >
          {failuresText(0, header.recoveredCount)}
        </button>
      )}
      {header.problemCount > 0 && (
        <button
          type="button"
          class="status-button status-problems"
          aria-expanded={panel.showsProblems}
          onClick={() => panel.toggleProblems()}
        >
          {countText("oneProblem", "manyProblems", header.problemCount)}
        </button>
      )}
      <span class="status-announcement" role="status" aria-live="polite">
        {panel.announcement}
      </span>
      <button
        type="button"
        class="status-button"
        title={text("absoluteTimes")}
        aria-pressed={panel.settings.absoluteTimes}
        onClick={() => panel.navigate("toggleAbsoluteTimes")}
      >
        {panel.settings.absoluteTimes ? header.timeZone : text("relativeTimes")}
      </button>
    </footer>
  );
}
