// How many loops there are, in the header: a button that goes from one to the next.

import type { SentLoop } from "../../src/protocol/loopMessages";
import { goToLoop, loopText } from "../model/loopWalk";
import type { Panel } from "../model/panel";
import { countText, formatInteger, text } from "../text";
import { Icon } from "./icon";
import { type WatchedLook, watchedIcons } from "./statusIcon";

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
      <Icon name={watchedIcons[worstLook(loops)]} class={`is-${worstLook(loops)}`} />
      <span class="loop-count">{words}</span>
      <span class="loop-total">{formatInteger(loops.length)}</span>
    </button>
  );
}

/** "3 loops", "1 loop, 2 hints", "1 stop, 1 warning": a loop is one whatever was said of it. */
export function countWords(loops: readonly SentLoop[]): string {
  const looks = loops.map(lookOf);
  const counted = (look: WatchedLook) => looks.filter((each) => each === look).length;
  return [
    [counted("stop"), "oneStop", "manyStops"] as const,
    [counted("loop"), "oneLoop", "manyLoops"] as const,
    [counted("warn"), "oneWarning", "manyWarnings"] as const,
    [counted("hint"), "oneHint", "manyHints"] as const,
  ]
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => countText(one, many, count))
    .join(", ");
}

function lookOf({ isLoop, told }: SentLoop): WatchedLook {
  return isLoop ? "loop" : (told?.level ?? "hint");
}

/** What says most: that the session was stopped goes before all. */
function worstLook(loops: readonly SentLoop[]): WatchedLook {
  if (loops.some(({ told }) => told?.level === "stop")) return "stop";
  const looks = new Set(loops.map(lookOf));
  return (["loop", "warn", "hint"] as const).find((look) => looks.has(look)) ?? "hint";
}
