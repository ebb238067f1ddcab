// The trace as a conversation: what was said, which tools were called with each answer, what went wrong. Parts beyond the
// view are not laid out by the browser; a click selects the step, and the selected step is marked.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { conversationSchema } from "../../src/protocol/panelReplies";
import type { ConversationCall, ConversationItem, ConversationText } from "../../src/trace/conversation";
import { FLAG, kindCodes } from "../../src/trace/spanColumns";
import { formatPoint } from "../format";
import { StaleReplyError } from "../model/hostConnection";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { stringAt } from "../model/traceModel";
import { countText, formatInteger, text } from "../text";
import { Markdown } from "./details/markdown";
import { Waiting } from "./details/waiting";
import { Icon } from "./icon";
import { kindIcon } from "./statusIcon";

/** Messages that are put into the page at once; the rest on request. */
const portion = 200;
/** Calls of one answer that are shown before the rest is folded. */
const shownCalls = 3;

type Loaded = readonly ConversationItem[] | { readonly error: string } | undefined;

export function Conversation({ panel, picture }: { panel: Panel; picture: Picture }) {
  const [items, setItems] = useState<Loaded>(undefined);
  const [shown, setShown] = useState(portion);
  const box = useRef<HTMLDivElement>(null);
  const isScrolled = useRef(false);
  useEffect(() => {
    let isCurrent = true;
    panel.connection.request("conversation", { epoch: picture.epoch }, conversationSchema).then(
      (result) => {
        if (isCurrent) setItems(result);
      },
      (error: unknown) => {
        if (isCurrent && !(error instanceof StaleReplyError)) {
          setItems({ error: error instanceof Error ? error.message : String(error) });
        }
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [picture.model]);
  useLayoutEffect(() => {
    if (isScrolled.current || items === undefined) return;
    isScrolled.current = true;
    box.current?.querySelector(".is-current")?.scrollIntoView({ block: "center" });
  }, [items]);
  if (items === undefined) return <Waiting />;
  if ("error" in items) return <div class="details-none">{text("conversationFailed", items.error)}</div>;
  const at = indexOfRow(items, panel.selectedRow);
  const end = Math.max(shown, at + 20);
  return (
    <div ref={box} id="conversation" class="conversation" role="feed" aria-label={text("conversation")} tabIndex={0}>
      {items.slice(0, end).map((item, index) => (
        <Item key={index} panel={panel} picture={picture} item={item} isCurrent={index === at} />
      ))}
      {end < items.length && (
        <button type="button" class="link-button conversation-more" onClick={() => setShown(end + portion)}>
          {text("moreMessages", formatInteger(items.length - end))}
        </button>
      )}
    </div>
  );
}

interface ItemProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly item: ConversationItem;
  readonly isCurrent: boolean;
}

function Item({ panel, picture, item, isCurrent }: ItemProps) {
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  const select = () => panel.select(item.row, { reveal: true });
  const isError = item.type === "error";
  const classes = `message message-${item.type} ${isCurrent ? "is-current" : ""}`;
  return (
    <article class={classes} aria-current={isCurrent ? "true" : undefined} aria-label={speaker(item)}>
      <button type="button" class="message-head" title={text("showStep")} onClick={select}>
        <Icon name={icons[item.type]} class={isError ? "failed-icon" : "message-icon"} />
        <span class="message-speaker">{speaker(item)}</span>
        {item.type === "assistant" && item.status === "open" && (
          <Icon name="loading" spin={panel.header?.live === true} />
        )}
        {item.insideRow !== undefined && (
          <span class="message-inside">{text("within", stringAt(picture.model.columns, "name", item.insideRow))}</span>
        )}
        <span class="space" />
        {item.startMs !== undefined && (
          <span class="message-time">{formatPoint(item.startMs, picture.times.firstMs, zone)}</span>
        )}
      </button>
      <div class="message-body">
        {item.type === "assistant" && <Words words={item} isMarkdown />}
        {(item.type === "user" || isError) && <Words words={item} isMarkdown={false} />}
        {item.type === "assistant" && item.error !== undefined && <pre class="message-error">{item.error.text}</pre>}
        {(item.type === "assistant" || item.type === "calls") && item.calls.length > 0 && (
          <Calls panel={panel} calls={item.calls} />
        )}
      </div>
    </article>
  );
}

const icons = { user: "account", assistant: "sparkle", calls: "tools", error: "error" } as const;

function speaker(item: ConversationItem): string {
  switch (item.type) {
    case "user":
      return text("speakerUser");
    case "assistant":
      return item.model === "" ? text("speakerAssistant") : item.model;
    case "calls":
      return text("toolCalls");
    case "error":
      return text("speakerError");
  }
}

function Words({ words, isMarkdown }: { words: ConversationText; isMarkdown: boolean }) {
  if (words.text === "") return null;
  return (
    <>
      {isMarkdown ? <Markdown source={words.text} /> : <div class="message-words">{words.text}</div>}
      {words.text.length < words.totalLength && (
        <p class="cut-mark">{text("firstOf", formatInteger(words.text.length), formatInteger(words.totalLength))}</p>
      )}
    </>
  );
}

const tool = kindCodes.indexOf("tool");

function Calls({ panel, calls }: { panel: Panel; calls: readonly ConversationCall[] }) {
  const [isOpen, setOpen] = useState(false);
  const failed = calls.filter((call) => call.status === "failed").length;
  // Failed calls and the selected one are never folded away.
  const shown = calls.filter(
    (call, index) =>
      isOpen ||
      index < shownCalls ||
      call.status === "failed" ||
      call.status === "open" ||
      call.row === panel.selectedRow,
  );
  return (
    <div class="message-calls">
      <ul class="calls">
        {shown.map((call) => (
          <li key={call.row}>
            <button
              type="button"
              class={`call is-${isRecovered(panel, call) ? "recovered" : call.status} ${call.row === panel.selectedRow ? "is-selected" : ""}`}
              aria-current={call.row === panel.selectedRow ? "true" : undefined}
              onClick={() => panel.select(call.row, { reveal: true })}
            >
              <Icon name={kindIcon(tool, 0, call.name)} class="kind-icon" />
              <span class="call-name">{call.name}</span>
              <span class="call-label">{call.label}</span>
              <span class="call-outcome">{call.outcome}</span>
              <CallMark status={isRecovered(panel, call) ? "recovered" : call.status} />
            </button>
          </li>
        ))}
      </ul>
      {(shown.length < calls.length || isOpen) && calls.length > shownCalls && (
        <button type="button" class="link-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen
            ? text("showLess")
            : `${text("moreCalls", formatInteger(calls.length - shown.length))}${failed > 0 ? ` · ${countText("oneFailure", "manyFailures", failed)}` : ""}`}
        </button>
      )}
    </div>
  );
}

/** Dimmed here as it is in the tree: a later success made it good. */
function isRecovered(panel: Panel, { row }: { readonly row?: number | undefined }): boolean {
  return row !== undefined && ((panel.picture?.model.columns.flags[row] ?? 0) & FLAG.recovered) !== 0;
}

function CallMark({ status }: { status: ConversationCall["status"] | "recovered" }) {
  switch (status) {
    case "ok":
      return null;
    case "failed":
      return (
        <span class="outcome-mark is-failed" role="img" aria-label={text("outcomeFailed")}>
          <Icon name="error" />
        </span>
      );
    case "recovered":
      return (
        <span class="outcome-mark is-recovered" role="img" aria-label={text("outcomeRecovered")}>
          <Icon name="error" />
        </span>
      );
    case "interrupted":
      return (
        <span class="outcome-mark is-interrupted" role="img" aria-label={text("outcomeInterrupted")}>
          <Icon name="circle-slash" />
        </span>
      );
    case "open":
      return (
        <span class="outcome-mark is-open" role="img" aria-label={text("outcomeOpen")}>
          <Icon name="sync" />
        </span>
      );
  }
}

/** The item that a row belongs to; -1 where it belongs to none. */
function indexOfRow(items: readonly ConversationItem[], row: number): number {
  const own = items.findIndex((item) => item.row === row && item.type !== "error");
  if (own >= 0) return own;
  return items.findIndex((item) => "calls" in item && item.calls.some((call) => call.row === row));
}
