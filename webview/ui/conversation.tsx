// The trace as a conversation: what was said, which tools were called with each answer, what went wrong. It is asked for in
// parts, and what is beyond the view is not laid out by the browser; a click selects the step, and the selected step is marked.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { conversationPageLength, conversationSchema } from "../../src/protocol/panelReplies";
import type {
  ConversationCall,
  ConversationItem,
  ConversationPage,
  ConversationText,
} from "../../src/trace/conversation";
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

/** Calls of one answer that are shown before the rest is folded. */
const shownCalls = 3;

type Loaded = ConversationPage | { readonly error: string } | undefined;

export function Conversation({ panel, picture }: { panel: Panel; picture: Picture }) {
  const [loaded, setLoaded] = useState<Loaded>(undefined);
  const box = useRef<HTMLDivElement>(null);
  /** What the next drawing brings into view: the current item, or what stood there before older items came. */
  const view = useRef<"current" | { readonly fromBottom: number } | undefined>("current");
  const known = loaded === undefined || "error" in loaded ? undefined : loaded;
  const shown = useRef(known);
  shown.current = known;
  const { epoch, model } = picture;
  const { selectedRow } = panel;

  const load = (part: { readonly from?: number; readonly row?: number }, take: (page: ConversationPage) => void) => {
    let isCurrent = true;
    panel.connection.request("conversation", { epoch, ...part }, conversationSchema).then(
      (page) => {
        if (isCurrent) take(page);
      },
      (error: unknown) => {
        if (isCurrent && !(error instanceof StaleReplyError)) {
          setLoaded({ error: error instanceof Error ? error.message : String(error) });
        }
      },
    );
    return () => {
      isCurrent = false;
    };
  };
  const add = (page: ConversationPage) => {
    const before = shown.current;
    setLoaded(before === undefined ? page : joined(before, page));
  };
  const wish = selectedRow >= 0 ? { row: selectedRow } : {};
  useEffect(() => {
    shown.current = undefined;
    setLoaded(undefined);
    view.current = "current";
    return load(wish, setLoaded);
  }, [epoch]);
  useEffect(() => {
    const before = shown.current;
    // What changes stands at the end, mostly; of what was loaded before that all is as it was.
    if (before !== undefined) return load({ from: Math.max(before.from, endOf(before) - refreshed) }, add);
    return undefined;
  }, [model]);
  const at = known === undefined ? -1 : indexOfRow(known.items, selectedRow);
  useEffect(() => {
    if (shown.current === undefined || at >= 0 || selectedRow < 0) return undefined;
    return load(wish, (page) => {
      if (page.at < 0) return;
      view.current = "current";
      setLoaded(page);
    });
  }, [selectedRow]);
  useLayoutEffect(() => {
    const element = box.current;
    const wanted = view.current;
    if (known === undefined || element === null || wanted === undefined) return;
    view.current = undefined;
    if (wanted === "current") element.querySelector(".is-current")?.scrollIntoView({ block: "center" });
    else element.scrollTop = element.scrollHeight - wanted.fromBottom;
  }, [known]);

  if (loaded === undefined) return <Waiting />;
  if (known === undefined)
    return <div class="details-none">{text("conversationFailed", "error" in loaded ? loaded.error : "")}</div>;
  const end = endOf(known);
  const loadEarlier = () =>
    load({ from: Math.max(0, known.from - conversationPageLength) }, (page) => {
      const element = box.current;
      if (element !== null) view.current = { fromBottom: element.scrollHeight - element.scrollTop };
      add(page);
    });
  return (
    <div ref={box} id="conversation" class="conversation" role="feed" aria-label={text("conversation")} tabIndex={0}>
      {known.from > 0 && (
        <button type="button" class="link-button conversation-more" onClick={loadEarlier}>
          {text("earlierMessages", formatInteger(known.from))}
        </button>
      )}
      {known.items.map((item, index) => (
        <Item
          key={known.from + index}
          panel={panel}
          picture={picture}
          item={item}
          isCurrent={index === at}
          position={known.from + index + 1}
          total={known.total}
        />
      ))}
      {end < known.total && (
        <button type="button" class="link-button conversation-more" onClick={() => load({ from: end }, add)}>
          {text("moreMessages", formatInteger(known.total - end))}
        </button>
      )}
    </div>
  );
}

/** So many items at the end are read again when the trace has changed. */
const refreshed = conversationPageLength / 2;

function endOf({ from, items }: ConversationPage): number {
  return from + items.length;
}

/** Two parts that touch or overlap, in which the newer one counts; where they do neither, the newer one alone. */
function joined(old: ConversationPage, page: ConversationPage): ConversationPage {
  if (page.from > endOf(old) || endOf(page) < old.from) return page;
  const before = old.items.slice(0, Math.max(0, page.from - old.from));
  const behind = old.items.slice(Math.max(0, endOf(page) - old.from));
  const from = Math.min(old.from, page.from);
  const items = [...before, ...page.items, ...behind].slice(0, Math.max(0, page.total - from));
  return { ...page, from, items };
}

interface ItemProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly item: ConversationItem;
  readonly isCurrent: boolean;
  /** From 1. */
  readonly position: number;
  readonly total: number;
}

function Item({ panel, picture, item, isCurrent, position, total }: ItemProps) {
  const zone = panel.settings.absoluteTimes ? panel.header?.timeZone : undefined;
  const select = () => panel.select(item.row, { reveal: true });
  const isError = item.type === "error";
  const classes = `message message-${item.type} ${isCurrent ? "is-current" : ""}`;
  return (
    <article
      class={classes}
      aria-current={isCurrent ? "true" : undefined}
      aria-label={speaker(item)}
      aria-posinset={position}
      aria-setsize={total}
    >
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
          <Calls panel={panel} calls={item.calls} leftOut={item.callsLeftOut ?? 0} />
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

interface CallsProps {
  readonly panel: Panel;
  readonly calls: readonly ConversationCall[];
  /** How many more there are, of which only their number is known here. */
  readonly leftOut: number;
}

function Calls({ panel, calls, leftOut }: CallsProps) {
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
            : `${text("moreCalls", formatInteger(calls.length + leftOut - shown.length))}${failed > 0 ? ` · ${countText("oneFailure", "manyFailures", failed)}` : ""}`}
        </button>
      )}
      {isOpen && leftOut > 0 && <p class="cut-mark">{text("callsInTree", formatInteger(leftOut))}</p>}
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
