// The program's output as a timeline of lines: what it is in a head, the lines below, and a button for what came while
// the end was out of view.

import type { OutputHeader } from "../../../src/protocol/outputMessages";
import type { Panel } from "../../model/panel";
import type { Picture } from "../../model/traceModel";
import { countText, text } from "../../text";
import { Icon } from "../icon";
import { IconButton } from "../iconButton";
import { OutputList } from "./outputList";

export interface OutputPaneProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly isNarrow: boolean;
}

export function OutputPane({ panel, picture, isNarrow }: OutputPaneProps) {
  const { output } = panel;
  const { header, pages } = output;
  if (header === undefined) return null;
  return (
    <div class="output-pane">
      <div class="output-head">
        <span class="output-amount">{header.amount}</span>
        <span class="output-streams">{streamWords(header)}</span>
        {header.captureReason !== undefined && (
          <span class="output-reason" title={header.captureReason}>
            <Icon name="info" />
            {header.captureReason}
          </span>
        )}
        <span class="space" />
        <IconButton
          icon="copy"
          label={text("copyOutput")}
          disabled={header.lineCount === 0}
          onClick={() =>
            panel.connection.post({ type: "copyOutput", epoch: picture.epoch, from: 0, to: header.lineCount - 1 })
          }
        />
        <IconButton
          icon="link-external"
          label={text("openOutput")}
          disabled={header.lineCount === 0}
          onClick={() => panel.connection.post({ type: "openOutput", epoch: picture.epoch })}
        />
      </div>
      {pages.error !== undefined && (
        <div class="output-problem" role="alert">
          <Icon name="warning" /> {text("outputFailed", pages.error)}
        </div>
      )}
      <OutputList panel={panel} picture={picture} isNarrow={isNarrow} />
      {header.lineCount === 0 && (
        <div class="output-empty">{text(panel.header?.live === true ? "outputWaiting" : "outputNone")}</div>
      )}
      {output.newCount > 0 && (
        <button type="button" class="new-pill" onClick={() => output.goToEnd()}>
          <Icon name="arrow-down" />
          {countText("newRows", "newRows", output.newCount)}
        </button>
      )}
    </div>
  );
}

function streamWords({ streams }: OutputHeader): string {
  if (streams.includes("terminal")) return text("streamTerminal");
  if (streams.length === 2) return text("streamsApart");
  return streams[0] === "stderr" ? text("streamStderr") : streams[0] === "stdout" ? text("streamStdout") : "";
}
