// The span as it is in the trace, but for data that is folded; copied and opened it is whole.

import { useEffect, useState } from "preact/hooks";
import { textPartSchema } from "../../../src/protocol/payloadMessages";
import { firstPartLength, type TextPart } from "../../../src/trace/textPart";
import { StaleReplyError } from "../../model/hostConnection";
import type { Panel } from "../../model/panel";
import { changeView } from "../../model/payloadLooks";
import type { TextAddress } from "../../model/textLoader";
import type { Picture } from "../../model/traceModel";
import { text } from "../../text";
import { IconButton } from "../iconButton";
import { WrapButton } from "./payloadSection";
import { TextWell } from "./textWell";
import { ValueTree } from "./valueTree";
import { Waiting } from "./waiting";

type Raw = { readonly row: number } & ({ readonly first: TextPart } | { readonly error: string });

/** What the choice of a look is remembered by. */
const sort = "raw";

export function RawTab({ panel, picture, row }: { panel: Panel; picture: Picture; row: number }) {
  /** Of the row that was shown before, until this one's is here. */
  const [raw, setRaw] = useState<Raw | undefined>(undefined);
  const { settings, connection } = panel;
  const asTree = settings.payloadViews[sort] === "json";
  const address: TextAddress = { epoch: picture.epoch, row, field: "raw" };
  useEffect(() => {
    let isCurrent = true;
    connection.request("payload", { ...address, from: 0, length: firstPartLength }, textPartSchema).then(
      (first) => {
        if (isCurrent) setRaw({ row, first });
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
  const choose = (view: "json" | "text") => changeView(panel, sort, view, view === "text");
  const shown = { ...address, row: raw.row };
  return (
    <div class={`raw-tab ${raw.row === row ? "" : "is-stale"}`}>
      <div class="section-head">
        <div class="segmented is-small" role="group" aria-label={text("showAs", text("tabRaw"))}>
          <button type="button" aria-pressed={!asTree} onClick={() => choose("text")}>
            {text("viewText")}
          </button>
          <button type="button" aria-pressed={asTree} onClick={() => choose("json")}>
            {text("viewJson")}
          </button>
        </div>
        <span class="space" />
        <span class="section-tools">
          <WrapButton panel={panel} />
          <IconButton
            icon="copy"
            label={text("copyRaw")}
            onClick={() => connection.post({ type: "copy", ...address })}
          />
          <IconButton
            icon="link-external"
            label={text("openRaw")}
            onClick={() => connection.post({ type: "openText", ...address })}
          />
        </span>
      </div>
      {asTree ? (
        <ValueTree panel={panel} address={shown} node={undefined} label={text("tabRaw")} />
      ) : (
        <TextWell
          panel={panel}
          address={shown}
          first={raw.first}
          label={text("tabRaw")}
          isWrapped={settings.wrapText}
        />
      )}
    </div>
  );
}
