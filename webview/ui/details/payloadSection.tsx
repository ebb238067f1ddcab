// Input or output of a step: as a diff, a JSON tree, Markdown or text, by the person's choice; cut marks, copy, editor.

import { useState } from "preact/hooks";
import { type PayloadField, payloadResultSchema } from "../../../src/protocol/panelMessages";
import type { PayloadView as Payload } from "../../../src/trace/payloadView";
import type { Panel } from "../../model/panel";
import type { PayloadView } from "../../model/settings";
import { formatInteger, text } from "../../text";
import { IconButton } from "../iconButton";
import { DiffView } from "./diffView";
import { JsonTree } from "./jsonTree";
import { Markdown } from "./markdown";

/** Of a longer text the page gets the beginning, and more on request. */
const shownLength = 20_000;
const moreLength = 200_000;

export interface PayloadSectionProps {
  readonly panel: Panel;
  readonly reference: { readonly epoch: number; readonly row: number };
  readonly field: Extract<PayloadField, "input" | "output">;
  readonly title: string;
  readonly payload: Payload;
  readonly hasActions: boolean;
}

type Shown = PayloadView | "diff";

export function PayloadSection(props: PayloadSectionProps) {
  const { panel, payload, reference, field } = props;
  const { settings } = panel;
  if (payload.type === "empty") return null;
  const choices = viewsOf(payload);
  const [diffChosen, setDiffChosen] = useState(true);
  const remembered = settings.payloadView;
  const view: Shown =
    payload.type === "diff" && diffChosen
      ? "diff"
      : remembered !== undefined && choices.includes(remembered)
        ? remembered
        : payload.type === "diff"
          ? "json"
          : payload.type;
  const choose = (chosen: Shown) => {
    setDiffChosen(chosen === "diff");
    if (chosen !== "diff") settings.payloadView = chosen;
    panel.changed();
  };
  return (
    <section class="section payload">
      <div class="section-head">
        <h3>{props.title}</h3>
        {choices.length > 1 && (
          <div class="segmented is-small" role="group" aria-label={text("showAs", props.title)}>
            {choices.map((choice) => (
              <button key={choice} type="button" aria-pressed={choice === view} onClick={() => choose(choice)}>
                {text(viewText[choice])}
              </button>
            ))}
          </div>
        )}
        <span class="space" />
        {view === "text" && (
          <IconButton
            icon="word-wrap"
            label={text("wrapText")}
            pressed={settings.wrapText}
            onClick={() => {
              settings.wrapText = !settings.wrapText;
              panel.changed();
            }}
          />
        )}
        {props.hasActions && (
          <>
            <IconButton
              icon="copy"
              label={text("copyPayload", props.title)}
              onClick={() => panel.connection.post({ type: "copy", ...reference, field })}
            />
            {payload.type === "diff" && (
              <IconButton
                icon="diff"
                label={text("openDiff")}
                onClick={() => panel.connection.post({ type: "openText", ...reference, field: "diff" })}
              />
            )}
            <IconButton
              icon="link-external"
              label={text("openInEditor", props.title)}
              onClick={() => panel.connection.post({ type: "openText", ...reference, field })}
            />
          </>
        )}
      </div>
      {view === "diff" && payload.type === "diff" ? (
        <DiffView changes={payload.changes} />
      ) : (
        <PayloadText {...props} payload={payload} view={view === "diff" ? "text" : view} />
      )}
      {payload.cut?.producerLimit !== undefined && (
        <p class="cut-mark">
          {text(field === "output" ? "outputCut" : "inputCut", formatInteger(payload.cut.producerLimit))}
        </p>
      )}
    </section>
  );
}

const viewText = { diff: "viewDiff", json: "viewJson", markdown: "viewMarkdown", text: "viewText" } as const;

function viewsOf(payload: Payload): readonly Shown[] {
  switch (payload.type) {
    case "empty":
      return [];
    case "diff":
      return ["diff", "json", "text"];
    case "json":
      return ["json", "text"];
    case "markdown":
    case "text":
      return ["markdown", "text"];
  }
}

type TextProps = PayloadSectionProps & {
  readonly payload: Exclude<Payload, { type: "empty" }>;
  readonly view: PayloadView;
};

function PayloadText({ panel, reference, field, payload, view, title }: TextProps) {
  const [length, setLength] = useState(shownLength);
  const [fetched, setFetched] = useState("");
  const [isFetching, setFetching] = useState(false);
  const here = payload.text + fetched;
  const json = view === "json" ? parseJson(here, payload.totalLength) : undefined;
  if (json !== undefined) return <JsonTree value={json.value} label={title} />;
  const shown = here.slice(0, length);
  const showMore = async () => {
    if (here.length < Math.min(payload.totalLength, length + moreLength)) {
      setFetching(true);
      try {
        const params = { ...reference, field, from: here.length, length: moreLength };
        const result = await panel.connection.request("payload", params, payloadResultSchema);
        if (result.from === here.length) setFetched(fetched + result.text);
      } catch {
        panel.announce(text("payloadFailed"));
      }
      setFetching(false);
    }
    setLength(length + moreLength);
  };
  return (
    <>
      {view === "markdown" ? (
        <Markdown source={shown} />
      ) : (
        <pre class={`payload-text ${panel.settings.wrapText ? "is-wrapped" : ""}`} tabIndex={0}>
          {shown}
        </pre>
      )}
      {shown.length < payload.totalLength && (
        <p class="cut-mark">
          {text("firstOf", formatInteger(shown.length), formatInteger(payload.totalLength))}{" "}
          <button type="button" class="link-button" disabled={isFetching} onClick={() => void showMore()}>
            {text("showMore")}
          </button>{" "}
          <button
            type="button"
            class="link-button"
            onClick={() => panel.connection.post({ type: "openText", ...reference, field })}
          >
            {text("openInEditorShort")}
          </button>
        </p>
      )}
    </>
  );
}

function parseJson(source: string, totalLength: number): { value: unknown } | undefined {
  if (source.length < totalLength) return undefined;
  try {
    return { value: JSON.parse(source) };
  } catch {
    return undefined;
  }
}
