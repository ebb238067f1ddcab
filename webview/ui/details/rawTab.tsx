// The span as it is in the trace.

import { useEffect, useState } from "preact/hooks";
import { payloadResultSchema } from "../../../src/protocol/panelMessages";
import { StaleReplyError } from "../../model/hostConnection";
import type { Panel } from "../../model/panel";
import type { Picture } from "../../model/traceModel";
import { formatInteger, text } from "../../text";
import { IconButton } from "../iconButton";
import { JsonTree } from "./jsonTree";
import { Waiting } from "./waiting";

const firstLength = 100_000;

type Raw = { readonly row: number } & (
  | { readonly text: string; readonly totalLength: number }
  | { readonly error: string }
);

export function RawTab({ panel, picture, row }: { panel: Panel; picture: Picture; row: number }) {
  /** Of the row that was shown before, until this one's is here. */
  const [raw, setRaw] = useState<Raw | undefined>(undefined);
  const [asText, setAsText] = useState(true);
  const reference = { epoch: picture.epoch, row };
  useEffect(() => {
    let isCurrent = true;
    const params = { ...reference, field: "raw" as const, from: 0, length: firstLength };
    panel.connection.request("payload", params, payloadResultSchema).then(
      (result) => {
        if (isCurrent) setRaw({ row, text: result.text, totalLength: result.totalLength });
      },
      (error: unknown) => {
        if (isCurrent && !(error instanceof StaleReplyError)) {
          setRaw({ row, error: error instanceof Error ? error.message : String(error) });
        }
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [picture.epoch, row, panel.details.state]);
  if (raw === undefined) return <Waiting />;
  if ("error" in raw) return <div class="details-none">{text("detailsFailed", raw.error)}</div>;
  const isWhole = raw.text.length >= raw.totalLength;
  return (
    <div class={`raw-tab ${raw.row === row ? "" : "is-stale"}`}>
      <div class="section-head">
        {isWhole && (
          <div class="segmented is-small" role="group" aria-label={text("showAs", text("tabRaw"))}>
            <button type="button" aria-pressed={asText} onClick={() => setAsText(true)}>
              {text("viewText")}
            </button>
            <button type="button" aria-pressed={!asText} onClick={() => setAsText(false)}>
              {text("viewJson")}
            </button>
          </div>
        )}
        <span class="space" />
        <IconButton
          icon="copy"
          label={text("copyRaw")}
          onClick={() => panel.connection.post({ type: "copy", ...reference, field: "raw" })}
        />
        <IconButton
          icon="link-external"
          label={text("openRaw")}
          onClick={() => panel.connection.post({ type: "openText", ...reference, field: "raw" })}
        />
      </div>
      {asText || !isWhole ? (
        <pre class={`payload-text ${panel.settings.wrapText ? "is-wrapped" : ""}`} tabIndex={0}>
          {raw.text}
        </pre>
      ) : (
        <JsonTree value={parse(raw.text)} label={text("tabRaw")} />
      )}
      {!isWhole && (
        <p class="cut-mark">{text("firstOf", formatInteger(raw.text.length), formatInteger(raw.totalLength))}</p>
      )}
    </div>
  );
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return source;
  }
}
