// Marks what is searched for in a part of the page without touching its elements: the browser paints ranges of text. So
// whoever draws that part need not know of the search, and large texts stay one node.

import type { ComponentChildren, CSSProperties } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { MatchMarks } from "../model/matchMarks";
import type { Panel } from "../model/panel";

/** UTF-16 units that are looked at, and ranges that are painted, at most. */
const mostUnits = 400_000;
const mostRanges = 2_000;
/** Ranges of which it is asked whether they are in view. */
const mostChecked = 100;
/** Words of the panel itself, and what nobody sees. */
const notData = "button, [role='tab'], h2, h3, h4, label, summary, .visually-hidden, [aria-hidden='true'], [inert]";
/** A match is within one of them. */
const block = "p, pre, li, td, th, dd, dt, div, section, blockquote, h1";

export interface MarkedTextProps {
  readonly panel: Panel;
  /** Of the ranges in style sheets; each box has its own. */
  readonly name: "search-details" | "search-list";
  /** Otherwise the box is one like others. */
  readonly isMarked?: boolean;
  readonly class: string;
  readonly style?: CSSProperties;
  readonly children: ComponentChildren;
}

/** A box whose texts are marked. */
export function MarkedText({ panel, name, isMarked = true, children, ...look }: MarkedTextProps) {
  const box = useRef<HTMLDivElement>(null);
  useMarks(panel, name, isMarked, box);
  return (
    <div ref={box} {...look}>
      {children}
    </div>
  );
}

/** Also brings the first match into view where the person has just gone to this row as to a match. */
function useMarks(
  panel: Panel,
  name: MarkedTextProps["name"],
  isMarked: boolean,
  box: { readonly current: HTMLElement | null },
): void {
  useEffect(() => {
    const element = box.current;
    if (element === null || !isMarked || !("highlights" in CSS)) return;
    let frame = 0;
    let version = -1;
    const mark = () => {
      frame = 0;
      const ranges = matchRanges(element, panel.marks);
      if (ranges.length === 0) CSS.highlights.delete(name);
      else CSS.highlights.set(name, new Highlight(...ranges));
      const isReady = name === "search-details" && panel.details.shown?.row === panel.selectedRow;
      if (isReady && ranges.length > 0 && panel.search.takeArrival(panel.selectedRow)) showFirst(ranges);
    };
    const markSoon = () => {
      frame ||= requestAnimationFrame(mark);
    };
    const observer = new MutationObserver(() => {
      if (panel.marks.query !== undefined) markSoon();
    });
    observer.observe(element, { childList: true, characterData: true, subtree: true });
    const subscription = panel.onDidChange(() => {
      if (panel.marks.version === version) return;
      version = panel.marks.version;
      markSoon();
    });
    markSoon();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      subscription.dispose();
      CSS.highlights.delete(name);
    };
  }, [panel, name, isMarked, box]);
}

function matchRanges(element: HTMLElement, marks: MatchMarks): Range[] {
  const ranges: Range[] = [];
  if (marks.query === undefined) return ranges;
  let units = 0;
  for (const nodes of textBlocks(element)) {
    const whole = nodes.map((node) => node.data).join("");
    units += whole.length;
    if (units > mostUnits || ranges.length >= mostRanges) break;
    const places = marks.places(whole);
    let index = 0;
    let from = 0;
    // Both ends of every match, from left to right, as places in the nodes.
    const locate = (place: number, isEnd: boolean): [Text, number] | undefined => {
      let node = nodes[index];
      while (node !== undefined && (isEnd ? place > from + node.length : place >= from + node.length)) {
        from += node.length;
        node = nodes[++index];
      }
      return node === undefined ? undefined : [node, place - from];
    };
    for (let at = 0; at + 1 < places.length; at += 2) {
      const start = locate(places[at] ?? 0, false);
      const end = locate(places[at + 1] ?? 0, true);
      if (start === undefined || end === undefined) break;
      const range = new Range();
      range.setStart(...start);
      range.setEnd(...end);
      ranges.push(range);
    }
  }
  return ranges;
}

/** Nodes of text that stand together in one block. */
function* textBlocks(element: HTMLElement): Generator<Text[]> {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node instanceof Element && node.matches(notData) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  let nodes: Text[] = [];
  let owner: Element | null = null;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!(node instanceof Text)) continue;
    const around = node.parentElement?.closest(block) ?? null;
    if (around !== owner && nodes.length > 0) {
      yield nodes;
      nodes = [];
    }
    owner = around;
    nodes.push(node);
  }
  if (nodes.length > 0) yield nodes;
}

/** Scrolls to the first match where none is in view. */
function showFirst(ranges: readonly Range[]): void {
  const [first] = ranges;
  if (first === undefined || ranges.slice(0, mostChecked).some(isInView)) return;
  // From the inside out: a long payload may scroll within the details.
  for (const scroller of scrollersAround(first)) {
    const box = scroller.getBoundingClientRect();
    const { top, bottom } = first.getBoundingClientRect();
    if (top < box.top || bottom > box.bottom) scroller.scrollTop += top - box.top - scroller.clientHeight / 3;
  }
}

function isInView(range: Range): boolean {
  const { top, bottom } = range.getBoundingClientRect();
  return scrollersAround(range).every((scroller) => {
    const box = scroller.getBoundingClientRect();
    return bottom > box.top && top < box.bottom;
  });
}

function scrollersAround(range: Range): Element[] {
  const around: Element[] = [];
  for (let element = range.startContainer.parentElement; element !== null; element = element.parentElement) {
    if (element.scrollHeight > element.clientHeight && /auto|scroll/.test(getComputedStyle(element).overflowY)) {
      around.push(element);
    }
  }
  return around;
}
