// Which loops a step is part of, with the way to the calls before and after it.

import type { SentLoop } from "../../../src/protocol/loopMessages";
import { goToCall, levelText, partText } from "../../model/loopWalk";
import type { Panel } from "../../model/panel";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { watchedIcons } from "../statusIcon";

export function LoopNotes({ panel, row }: { panel: Panel; row: number }) {
  return (
    <>
      {panel.loops.allOf(row).map((loop, index) => (
        <LoopNote key={index} panel={panel} row={row} loop={loop} />
      ))}
    </>
  );
}

function LoopNote({ panel, row, loop }: { panel: Panel; row: number; loop: SentLoop }) {
  const { rows, told } = loop;
  const at = rows.indexOf(row);
  const look = loop.isLoop ? "loop" : (told?.level ?? "hint");
  return (
    <div class={`loop-note is-${look}`} role="group" aria-label={partText(loop)}>
      <Icon name={watchedIcons[look]} />
      <div class="loop-words">
        <p>{partText(loop)}</p>
        {told !== undefined && loop.tool !== "" && (
          <p class="dim">{text("toldThen", levelText(told.level), told.message)}</p>
        )}
        {rows.length > 1 && at >= 0 && (
          <p class="loop-walk">
            <span class="dim">{text("callOfLoop", formatInteger(at + 1), formatInteger(rows.length))}</span>
            <button
              type="button"
              class="link-button"
              title={text("previousOfLoopHelp")}
              onClick={() => goToCall(panel, loop, at, -1)}
            >
              {text("previousOfLoop")}
            </button>
            <button
              type="button"
              class="link-button"
              title={text("nextOfLoopHelp")}
              onClick={() => goToCall(panel, loop, at, 1)}
            >
              {text("nextOfLoop")}
            </button>
          </p>
        )}
      </div>
    </div>
  );
}
