// Input or output of a step: as a diff, a list of fields, a JSON tree, Markdown or text, by the person's choice, which holds
// for all payloads of this sort; what was cut or folded, copy, editor.

import type { DiffView } from "../../../src/trace/diffView";
import type { PayloadView, ShownAs } from "../../../src/trace/payload";
import type { SpanKind } from "../../../src/trace/schema";
import type { Panel } from "../../model/panel";
import { changeLooks, changeView } from "../../model/payloadLooks";
import type { TextAddress } from "../../model/textLoader";
import { countText, formatInteger, text } from "../../text";
import { IconButton } from "../iconButton";
import { onDemand } from "../onDemand";
import { FieldList } from "./fieldList";
import { TextWell } from "./textWell";
import { ValueTree } from "./valueTree";

const DiffList = onDemand(async () => (await import("./diffView")).DiffList);
const ImageList = onDemand(async () => (await import("./imageList")).ImageList);
const MarkdownText = onDemand(async () => (await import("./markdownText")).MarkdownText);

export interface PayloadSectionProps {
  readonly panel: Panel;
  readonly reference: { readonly epoch: number; readonly row: number };
  readonly kind: SpanKind;
  readonly field: "input" | "output";
  readonly title: string;
  readonly payload: PayloadView;
  /** Of an input that is an edit. */
  readonly edit?: readonly DiffView[] | undefined;
  readonly hasActions: boolean;
}

export function PayloadSection(props: PayloadSectionProps) {
  const { panel, payload, reference, field, kind, title } = props;
  const { settings } = panel;
  const [best] = payload.views;
  if (best === undefined) return null;
  const address: TextAddress = { ...reference, field };
  const sort = `${kind} ${field} ${payload.type}`;
  const remembered = settings.payloadViews[sort];
  const view = remembered !== undefined && payload.views.includes(remembered) ? remembered : best;
  const choose = (chosen: ShownAs) => changeView(panel, sort, chosen, chosen === best);
  const beside = payload.views.includes("fields") ? [] : payload.fields;
  return (
    <section class="section payload" aria-label={title}>
      <div class="section-head">
        <h3>{title}</h3>
        {payload.views.length > 1 && (
          <div class="segmented is-small" role="group" aria-label={text("showAs", title)}>
            {payload.views.map((choice) => (
              <button key={choice} type="button" aria-pressed={choice === view} onClick={() => choose(choice)}>
                {text(choice === "diff" && isWrite(props.edit) ? "viewFile" : viewText[choice])}
              </button>
            ))}
          </div>
        )}
        <span class="space" />
        <span class="section-tools">
          <ViewTools panel={panel} view={view} edit={props.edit} />
          {props.hasActions && <PayloadTools {...props} address={address} />}
        </span>
      </div>
      <PayloadBody {...props} address={address} view={view} />
      {beside.length > 0 && (
        <FieldList panel={panel} entries={beside} address={address} label={text("otherArguments")} />
      )}
      <ImageList panel={panel} address={{ ...reference, field }} payload={payload} />
      <CutMarks payload={payload} field={field} />
    </section>
  );
}

/** A file that was written as a whole is no difference to anything. */
function isWrite(edit: readonly DiffView[] | undefined): boolean {
  return edit?.every(({ type }) => type === "write") === true;
}

const viewText = {
  diff: "viewDiff",
  fields: "viewFields",
  json: "viewJson",
  markdown: "viewMarkdown",
  text: "viewText",
} as const;

/** What concerns how it looks. */
function ViewTools({ panel, view, edit }: { panel: Panel; view: ShownAs; edit: readonly DiffView[] | undefined }) {
  const { settings } = panel;
  const canBeSides = view === "diff" && edit?.some(({ type }) => type === "edit") === true;
  return (
    <>
      {canBeSides && (
        <IconButton
          icon="split-horizontal"
          class="side-by-side-tool"
          label={text("sideBySide")}
          pressed={settings.sideBySide}
          onClick={() => changeLooks(panel, { sideBySide: !settings.sideBySide })}
        />
      )}
      {view !== "markdown" && <WrapButton panel={panel} />}
    </>
  );
}

export function WrapButton({ panel }: { panel: Panel }) {
  const { settings } = panel;
  return (
    <IconButton
      icon="word-wrap"
      label={text("wrapText")}
      pressed={settings.wrapText}
      onClick={() => changeLooks(panel, { wrapText: !settings.wrapText })}
    />
  );
}

function PayloadTools({ panel, title, edit, address }: PayloadSectionProps & { readonly address: TextAddress }) {
  const { connection } = panel;
  return (
    <>
      <IconButton
        icon="copy"
        label={text("copyPayload", title)}
        onClick={() => connection.post({ type: "copy", ...address })}
      />
      {edit?.some(({ type }) => type !== "write") === true && (
        <IconButton
          icon="diff"
          label={text("openDiff")}
          onClick={() => connection.post({ type: "openText", ...address, field: "diff" })}
        />
      )}
      <IconButton
        icon="link-external"
        label={text("openInEditor", title)}
        onClick={() => connection.post({ type: "openText", ...address })}
      />
    </>
  );
}

type BodyProps = PayloadSectionProps & { readonly address: TextAddress; readonly view: ShownAs };

function PayloadBody({ panel, reference, address, payload, edit, view, title, hasActions }: BodyProps) {
  switch (view) {
    case "diff":
      return <DiffList panel={panel} reference={reference} changes={edit ?? []} />;
    case "fields":
      return <FieldList panel={panel} entries={payload.fields} address={address} label={title} />;
    case "json":
      return <ValueTree panel={panel} address={address} node={payload.node} label={title} />;
    case "markdown":
      return <MarkdownText panel={panel} address={address} first={payload} label={title} />;
    case "text":
      return (
        <TextWell
          panel={panel}
          address={address}
          first={payload}
          label={title}
          isWrapped={panel.settings.wrapText}
          canOpen={hasActions}
        />
      );
  }
}

/** What of the payload is not here: cut by its producer, or folded. */
function CutMarks({ payload, field }: { payload: PayloadView; field: "input" | "output" }) {
  const { cut, foldedCount, images } = payload;
  const hidden = foldedCount - images.length - payload.moreImages;
  return (
    <>
      {cut !== undefined && (
        <p class="cut-mark">
          {cut.whole === undefined
            ? text(field === "output" ? "outputCut" : "inputCut", formatInteger(cut.kept))
            : text(
                field === "output" ? "outputCutOf" : "inputCutOf",
                formatInteger(cut.kept),
                formatInteger(cut.whole),
              )}
        </p>
      )}
      {hidden > 0 && <p class="fold-mark">{countText("oneDataFolded", "dataFolded", hidden)}</p>}
    </>
  );
}
