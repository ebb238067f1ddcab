// How many loops there are, in the header: a button that goes from one to the next.

import type { SentLoop } from "../../src/protocol/loopMessages";
import { goToLoop, loopText } from "../model/loopWalk";
import type { Panel } from "../model/panel";
import { countText, text } from "../text";
import { Icon } from "./icon";

/** Lines of the tooltip. */
const mostListed = 5;

export function LoopChip({ panel }: { panel: Panel }) {
  const { loops } = panel.loops;
  if (loops.length === 0) return null;
  const words = countWords(loops);
  const listed = loops.slice(0, mostListed).map(loopText);
  const title = [...listed, loops.length > mostListed ? "…" : "", text("nextLoopHelp")].filter(Boolean).join("\n");
  return (
    <button
      type="button"
      class="loop-chip"
      title={title}
      aria-label={`${words}. ${text("nextLoopHelp")}`}
      onClick={(event) => goToLoop(panel, event.shiftKey ? -1 : 1)}
    >
      <Icon name={loops.some(({ isLoop }) => isLoop) ? "sync" : "info"} />
      {words}
    </button>
  );
}

/** "3 loops", "1 loop, 2 hints" */
export function countWords(loops: readonly SentLoop[]): string {
  const real = loops.filter(({ isLoop }) => isLoop).length;
  const hints = loops.length - real;
  return [
    real > 0 ? countText("oneLoop", "manyLoops", real) : "",
    hints > 0 ? countText("oneHint", "manyHints", hints) : "",
  ]
    .filter(Boolean)
    .join(", ");
}
