// The elements of one row of the tree: twisty, icon, name, what it is about, failures within it, what came of it. They are
// used for one row after the other; only what differs is written. Texts become text nodes, never markup.

import type { MatchMarks } from "../model/matchMarks";
import { formatInteger, text } from "../text";
import { splitMatches } from "./highlighted";
import type { IconName } from "./icon";
import type { RowFacts } from "./rowFacts";
import { type OutcomeLook, watchedIcons } from "./statusIcon";

/** Deeper rows are not indented further but carry their depth as a number. */
const mostIndented = 12;
const indentPx = 14;

export function rowId(row: number): string {
  return `row-${row}`;
}

export class RowView {
  readonly element = make("div", "row");
  readonly #name = make("div", "cell-name");
  readonly #indent = make("span", "indent");
  readonly #depth = make("span", "depth");
  readonly #twisty = make("span", "twisty");
  readonly #kind = icon("symbol-misc");
  readonly #texts = make("span", "row-texts");
  readonly #rowName = make("span", "row-name");
  readonly #label = make("span", "row-label");
  readonly #watched = make("span", "row-watched");
  readonly #watchedSign = icon("sync");
  readonly #badge = make("span", "badge-failures");
  readonly #badgeCount = document.createTextNode("");
  readonly #outcome = make("span", "row-outcome");
  readonly #mark = make("span", "outcome-mark");
  readonly #markSign = icon("error");
  readonly #bars = make("div", "cell-bars");
  readonly #shortDuration = make("span", "row-duration");
  /** What the elements show. */
  #shown: RowFacts | undefined;
  #topPx = Number.NaN;

  constructor() {
    this.element.setAttribute("role", "row");
    this.#name.setAttribute("role", "gridcell");
    this.#bars.setAttribute("role", "gridcell");
    this.#shortDuration.setAttribute("aria-hidden", "true");
    this.#mark.setAttribute("role", "img");
    this.#mark.append(this.#markSign);
    this.#watched.setAttribute("role", "img");
    this.#watched.append(this.#watchedSign);
    this.#badge.setAttribute("role", "img");
    this.#badge.append(icon("warning"), this.#badgeCount);
    this.#twisty.setAttribute("aria-hidden", "true");
    this.#texts.append(this.#rowName, " ");
    this.#name.append(this.#indent, this.#twisty, this.#kind, this.#texts);
    this.element.append(this.#name, this.#bars);
  }

  /** -1 before the first. */
  get row(): number {
    return this.#shown?.row ?? -1;
  }

  /** @param topPx within the element that holds the rows */
  show(facts: RowFacts, topPx: number, marks: MatchMarks): void {
    const before = this.#shown;
    this.#shown = facts;
    if (topPx !== this.#topPx) {
      this.#topPx = topPx;
      this.element.style.top = `${topPx}px`;
    }
    this.#showRow(facts, before);
    this.#showTree(facts, before);
    this.#showTexts(facts, before, marks);
    this.#showWatched(facts, before);
    this.#showOutcome(facts, before);
    this.#showDuration(facts, before);
  }

  #showRow(facts: RowFacts, before: RowFacts | undefined): void {
    const { element } = this;
    if (facts.row !== before?.row) element.id = rowId(facts.row);
    if (facts.className !== before?.className) element.className = facts.className;
    if (facts.depth !== before?.depth) element.setAttribute("aria-level", String(facts.depth + 1));
    if (facts.ordinal !== before?.ordinal) element.setAttribute("aria-posinset", String(facts.ordinal));
    if (facts.siblings !== before?.siblings) element.setAttribute("aria-setsize", String(facts.siblings));
    if (facts.isSelected !== before?.isSelected) element.setAttribute("aria-selected", String(facts.isSelected));
    if (facts.position !== before?.position) element.setAttribute("aria-rowindex", String(facts.position + 2));
  }

  #showTree({ depth, isExpanded, icon: kindIcon, kind }: RowFacts, before: RowFacts | undefined): void {
    if (depth !== before?.depth) {
      this.#indent.style.width = `${Math.min(depth, mostIndented) * indentPx}px`;
      const isDeep = depth > mostIndented;
      if (isDeep) {
        this.#depth.textContent = String(depth);
        this.#depth.title = text("depthTitle", depth);
      }
      place(this.#depth, isDeep, this.#twisty);
    }
    if (before === undefined || isExpanded !== before.isExpanded) {
      const isParent = isExpanded !== undefined;
      if (isParent) {
        this.element.setAttribute("aria-expanded", String(isExpanded));
        this.#twisty.dataset["twisty"] = "";
        this.#twisty.className = `icon icon-${isExpanded ? "chevron-down" : "chevron-right"} twisty`;
      } else {
        this.element.removeAttribute("aria-expanded");
        delete this.#twisty.dataset["twisty"];
        this.#twisty.className = "twisty";
      }
    }
    if (kindIcon !== before?.icon || kind !== before.kind) {
      this.#kind.className = `icon icon-${kindIcon} kind-icon kind-${kind}`;
    }
  }

  #showTexts({ name, label, outcome }: RowFacts, before: RowFacts | undefined, marks: MatchMarks): void {
    if (name !== before?.name || label !== before.label) this.#texts.title = label === "" ? name : `${name} ${label}`;
    write(this.#rowName, name, before?.name, marks);
    write(this.#label, label, before?.label, marks);
    write(this.#outcome, outcome, before?.outcome, marks);
    if (label !== before?.label) place(this.#label, label !== "", null, this.#texts);
    if (outcome !== before?.outcome) {
      place(this.#outcome, outcome !== "", this.#mark.parentNode === null ? null : this.#mark, this.#name);
    }
  }

  #showWatched({ watched, watchedLook }: RowFacts, before: RowFacts | undefined): void {
    if (watchedLook !== before?.watchedLook) {
      this.#watched.className = `row-watched is-${watchedLook}`;
      this.#watchedSign.className = `icon icon-${watchedIcons[watchedLook]}`;
    }
    if (watched === before?.watched) return;
    this.#watched.title = watched;
    this.#watched.setAttribute("aria-label", watched);
    place(this.#watched, watched !== "", this.#texts.nextSibling, this.#name);
  }

  #showOutcome({ failures, mark }: RowFacts, before: RowFacts | undefined): void {
    if (failures !== before?.failures) {
      if (failures > 0) this.#fillBadge(failures);
      place(this.#badge, failures > 0, this.#texts.nextSibling, this.#name);
    }
    if (before === undefined || mark !== before.mark) {
      if (mark !== undefined) this.#fillMark(mark);
      place(this.#mark, mark !== undefined, null, this.#name);
    }
  }

  #showDuration({ duration, shortDuration, durationType }: RowFacts, before: RowFacts | undefined): void {
    // For who hears the row: the bar is a picture, and what stands in place of it is short.
    if (duration !== before?.duration) this.#bars.setAttribute("aria-label", duration);
    const isSame = before !== undefined && shortDuration === before.shortDuration && duration === before.duration;
    if (isSame && durationType === before.durationType) return;
    if (shortDuration !== undefined) {
      this.#shortDuration.className = `row-duration is-${durationType}`;
      this.#shortDuration.title = duration;
      this.#shortDuration.textContent = shortDuration;
    }
    place(this.#shortDuration, shortDuration !== undefined, null, this.#bars);
  }

  #fillBadge(failures: number): void {
    const count = formatInteger(failures);
    const words = text("failuresWithin", count);
    this.#badge.title = words;
    this.#badge.setAttribute("aria-label", words);
    this.#badgeCount.data = count;
  }

  #fillMark(look: OutcomeLook): void {
    const words = text(look.label);
    this.#mark.className = `outcome-mark ${look.className}`;
    this.#mark.title = words;
    this.#mark.setAttribute("aria-label", words);
    this.#markSign.className = `icon icon-${look.icon}${look.spin ? " spin" : ""}`;
  }
}

function make(tag: "div" | "span", className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

/** Always decoration. */
function icon(name: IconName): HTMLElement {
  const element = make("span", `icon icon-${name}`);
  element.setAttribute("aria-hidden", "true");
  return element;
}

/** Puts an element before another (or at the end for null), or takes it away. */
function place(element: HTMLElement, isThere: boolean, before: Node | null, parent = before?.parentNode): void {
  if (!isThere) element.remove();
  else if (element.parentNode === null) parent?.insertBefore(element, before === element ? null : before);
}

/** @param before the text that the element holds; what is marked in it may be something else now all the same */
function write(element: HTMLElement, value: string, before: string | undefined, marks: MatchMarks): void {
  const places = marks.places(value);
  const only = element.childElementCount === 0 ? element.firstChild : null;
  if (places.length === 0) {
    // Another text in the same node: a new one would have its style worked out as well.
    if (only instanceof Text) {
      if (value !== before) only.data = value;
    } else element.textContent = value;
    return;
  }
  const parts = splitMatches(value, places).map((part, index) => {
    if (index % 2 === 0) return part;
    const marked = document.createElement("mark");
    marked.textContent = part;
    return marked;
  });
  element.replaceChildren(...parts);
}
