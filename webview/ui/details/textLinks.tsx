// Texts with links in them, and what clicks and keys on a link do. The page tells the host where in which text the link
// stands, never where it leads. In each text one link can be reached with Tab, and arrow keys lead on to the others.

import type { ComponentChildren } from "preact";
import { type PayloadField, payloadFields } from "../../../src/protocol/payloadMessages";
import type { TextLink } from "../../../src/trace/textLinks";
import type { Panel } from "../../model/panel";
import { text } from "../../text";

/** What a text is addressed by, as attributes of the element around it. */
export function textAddress(field: PayloadField, path: readonly number[] = []) {
  return { "data-field": field, "data-path": path.join(" ") };
}

export interface LinkedTextProps {
  readonly value: string;
  readonly links: readonly TextLink[];
  /** Place of the value in the text that is addressed. */
  readonly from?: number;
}

export function LinkedText({ value, links, from = 0 }: LinkedTextProps) {
  if (links.length === 0) return <>{value}</>;
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const link of links) {
    if (link.start < at || link.end > value.length) continue;
    parts.push(value.slice(at, link.start));
    parts.push(
      <TextLinkMark key={link.start} title={link.title} type={link.type} offset={from + link.start}>
        {value.slice(link.start, link.end)}
      </TextLinkMark>,
    );
    at = link.end;
  }
  parts.push(value.slice(at));
  return <>{parts}</>;
}

export function TextLinkMark(props: {
  readonly title: string;
  readonly type: TextLink["type"];
  readonly offset: number;
  readonly children: ComponentChildren;
}) {
  return (
    <span
      role="link"
      tabIndex={-1}
      class="text-link"
      data-offset={props.offset}
      title={props.type === "place" ? text("goToPlace", props.title) : text("openAddress", props.title)}
    >
      {props.children}
    </span>
  );
}

const linkSelector = "[data-offset]";

/** Opens the link that an event came from; true where there is one. */
export function openLinkOf(panel: Panel, row: number, event: MouseEvent | KeyboardEvent): boolean {
  const link = (event.target as Element | null)?.closest<HTMLElement>(linkSelector);
  const holder = link?.closest<HTMLElement>("[data-field]");
  const field = payloadFields.find((name) => name === holder?.dataset["field"]);
  if (link == null || holder == null || field === undefined || panel.picture === undefined) return false;
  const path = (holder.dataset["path"] ?? "").split(" ").filter(Boolean).map(Number);
  panel.connection.post({
    type: "openTextLink",
    epoch: panel.picture.epoch,
    row,
    field,
    path,
    offset: Number(link.dataset["offset"]),
    beside: event.ctrlKey || event.metaKey,
  });
  return true;
}

/** Keys on a link: Enter opens it, arrows go to its neighbours in the same text. */
export function linkKey(panel: Panel, row: number, event: KeyboardEvent): void {
  const link = (event.target as Element | null)?.closest<HTMLElement>(linkSelector);
  if (link == null || event.altKey || event.defaultPrevented) return;
  if (event.key === "Enter") {
    if (openLinkOf(panel, row, event)) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const links = [...(groupOf(link)?.querySelectorAll<HTMLElement>(linkSelector) ?? [])];
  const at = links.indexOf(link);
  const next = {
    ArrowRight: links[at + 1],
    ArrowDown: links[at + 1],
    ArrowLeft: links[at - 1],
    ArrowUp: links[at - 1],
    Home: links[0],
    End: links.at(-1),
  }[event.key];
  if (!/^(?:Arrow(?:Right|Left|Up|Down)|Home|End)$/.test(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  if (next === undefined) return;
  makeReachable(next);
  next.focus();
}

/** The link that has the focus is the one that Tab comes back to. */
export function makeReachable(link: HTMLElement): void {
  for (const other of groupOf(link)?.querySelectorAll<HTMLElement>(`${linkSelector}[tabindex='0']`) ?? []) {
    other.tabIndex = -1;
  }
  link.tabIndex = 0;
}

/** After a drawing: in each text its first link can be reached, unless another one is it already. */
export function keepLinksReachable(body: HTMLElement): void {
  for (const group of body.querySelectorAll<HTMLElement>("[data-links]")) {
    if (group.querySelector(`${linkSelector}[tabindex='0']`) !== null) continue;
    const first = group.querySelector<HTMLElement>(linkSelector);
    if (first !== null) first.tabIndex = 0;
  }
}

function groupOf(link: HTMLElement): HTMLElement | null {
  return link.closest<HTMLElement>("[data-links]");
}
