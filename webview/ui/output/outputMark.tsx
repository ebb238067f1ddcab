// What stands between lines of the output: a command began, nothing came for a while, a command has ended.

import { assertNever } from "../../../src/base/assert";
import type { OutputMark } from "../../../src/protocol/outputMessages";
import type { WebviewTextKey } from "../../../src/protocol/webviewTexts";
import { formatDuration, formatRound } from "../../format";
import type { Panel } from "../../model/panel";
import { text } from "../../text";
import { Icon, type IconName } from "../icon";
import { type LineTimes, lineTime } from "./lineTime";

export interface OutputMarkProps {
  readonly panel: Panel;
  readonly mark: OutputMark;
  readonly rowIndex: number;
  readonly top: number;
  readonly times: LineTimes;
}

export function OutputMarkRow(props: OutputMarkProps) {
  return (
    <div
      class={`mark-row mark-${props.mark.type}`}
      role="row"
      aria-rowindex={props.rowIndex}
      style={{ top: `${props.top}px` }}
    >
      <span class="mark-content" role="gridcell">
        <MarkContent {...props} />
      </span>
    </div>
  );
}

const endIcons: Readonly<Record<Extract<OutputMark, { type: "end" }>["status"], IconName>> = {
  ok: "pass",
  failed: "error",
  interrupted: "circle-slash",
  lost: "debug-disconnect",
};

function MarkContent({ panel, mark, times }: OutputMarkProps) {
  const select = (row: number) => () => {
    if (row >= 0) panel.select(row, { reveal: true });
  };
  switch (mark.type) {
    case "gap":
      return <span class="mark-quiet">{text("quietGap", formatRound(mark.lengthMs))}</span>;
    case "note":
      return (
        <span class={`note is-${mark.note}`}>
          <Icon name={noteIcons[mark.note]} />
          <span class="mark-time">{lineTime(mark.timeMs, times)}</span>
          <span class="mark-words">{noteWords(mark)}</span>
        </span>
      );
    case "start":
      return (
        <button type="button" class="mark-button" tabIndex={-1} title={text("showStep")} onClick={select(mark.row)}>
          <Icon name="terminal" />
          <span class="mark-time" />
          <span class="mark-command">{mark.text}</span>
          {mark.detail !== "" && <span class="mark-detail">{mark.detail}</span>}
        </button>
      );
    case "end":
      return (
        <button
          type="button"
          class={`mark-button is-${mark.status}`}
          tabIndex={-1}
          title={text("showStep")}
          onClick={select(mark.row)}
        >
          <Icon name={endIcons[mark.status]} />
          <span class="mark-time">{mark.timeMs === undefined ? "" : lineTime(mark.timeMs, times)}</span>
          <span class="mark-command">{endWords(mark)}</span>
          {mark.lengthMs !== undefined && (
            <span class="mark-detail">{text("afterDuration", formatDuration(mark.lengthMs))}</span>
          )}
        </button>
      );
    default:
      return assertNever(mark, "mark");
  }
}

const noteIcons = { stop: "debug-stop", lost: "warning", held: "info" } as const;

const stopTexts: Readonly<Record<string, WebviewTextKey>> = {
  interrupt: "noteInterrupt",
  terminate: "noteTerminate",
  kill: "noteKill",
};

function noteWords({ note, words }: Extract<OutputMark, { type: "note" }>): string {
  const [first = "", second = ""] = words;
  switch (note) {
    case "stop":
      return text(stopTexts[first] ?? "noteStop", second === "person" ? text("thePerson") : second);
    case "lost":
      return text("noteLost", first, second);
    case "held":
      return text("noteHeld");
  }
}

function endWords(mark: Extract<OutputMark, { type: "end" }>): string {
  if (mark.status === "lost") return text("endLost");
  if (mark.text !== "") return mark.text;
  return text(mark.status === "ok" ? "endOk" : mark.status === "failed" ? "outcomeFailed" : "outcomeInterrupted");
}
