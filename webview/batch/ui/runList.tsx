// The runs as a grid in words, of which only the rows in view are in the page. What the person looks at stays where it is
// when the order changes.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { BatchTextKey } from "../../../src/protocol/batchTexts";
import { rowPx, scrollToShow } from "../../layout/rowWindow";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import { useSize } from "../../ui/useSize";
import type { BatchPage } from "../model/batchPage";
import type { RunSort } from "../model/runOrder";
import type { RunTable } from "../model/runTable";
import { runWords } from "../model/runWords";
import { RunRow } from "./runRow";

const headPx = 24;
const overscan = 4;
const narrowPx = 440;
const tinyPx = 300;

const columns: readonly (readonly [name: string, label: BatchTextKey, sort: RunSort | undefined])[] = [
  ["number", "columnNumber", "index"],
  ["state", "columnState", "state"],
  ["task", "columnTask", undefined],
  ["attempts", "columnAttempts", "attempts"],
  ["duration", "columnDuration", "duration"],
  ["error", "columnError", undefined],
];

interface Anchor {
  readonly version: number;
  /** The first run in view, and by how much it is scrolled away. */
  readonly index: number | undefined;
  readonly offsetPx: number;
}

export function RunList({ page, table }: { page: BatchPage; table: RunTable }) {
  const grid = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef<Anchor>({ version: 0, index: undefined, offsetPx: 0 });
  const { width, height } = useSize(scroller);
  const { order, orderVersion } = page;
  const viewportPx = Math.max(0, height - headPx);
  place(page, anchor.current, viewportPx);
  const top = Math.min(page.listTop, Math.max(0, order.length * rowPx - viewportPx));
  page.listTop = top;
  const first = Math.max(0, Math.floor(top / rowPx) - overscan);
  const end = Math.min(order.length, Math.ceil((top + viewportPx) / rowPx) + overscan);
  const firstInView = Math.floor(top / rowPx);
  anchor.current = { version: orderVersion, index: order[firstInView], offsetPx: top - firstInView * rowPx };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && Math.abs(element.scrollTop - page.listTop) > 1) element.scrollTop = page.listTop;
  });
  useEffect(() => {
    if (page.focusWish !== "list") return;
    page.focusWish = undefined;
    grid.current?.focus({ preventScroll: true });
  });

  const position = page.positionOf(page.selected);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLButtonElement) return;
    if (event.key === "Enter" && page.selected !== undefined && !event.altKey && !event.shiftKey) {
      page.openRun(page.selected, page.attempt, event.ctrlKey || event.metaKey);
    } else if (event.ctrlKey || event.metaKey || event.altKey || order.length === 0) return;
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      stepAttempt(page, table, event.key === "ArrowRight" ? 1 : -1);
    } else {
      const pageRows = Math.max(1, Math.floor(viewportPx / rowPx) - 1);
      // Keys may come faster than frames.
      const next = moved(event.key, page.positionOf(page.selected), order.length, pageRows);
      if (next === undefined) return;
      page.select(order[next]);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const isNarrow = width < narrowPx;
  const isTiny = width < tinyPx;
  return (
    <div
      ref={grid}
      class={`runs ${isNarrow ? "is-narrow" : ""} ${isTiny ? "is-tiny" : ""}`}
      role="grid"
      tabIndex={0}
      aria-label={text("listLabel")}
      aria-rowcount={order.length + 1}
      aria-colcount={table.hasLabels ? columns.length : columns.length - 1}
      aria-activedescendant={position < 0 ? undefined : `run-${page.selected}`}
      onKeyDown={onKeyDown}
    >
      <div
        ref={scroller}
        class="runs-scroller"
        onScroll={(event) => {
          page.listTop = event.currentTarget.scrollTop;
          page.changed();
        }}
      >
        <div class="run-head" role="row" aria-rowindex={1}>
          {columns.map(([name, label, sort]) =>
            name === "task" && !table.hasLabels ? null : (
              <Head key={name} page={page} name={name} label={label} sort={sort} />
            ),
          )}
        </div>
        <div class="runs-content" role="presentation" style={{ height: `${order.length * rowPx}px` }}>
          {Array.from({ length: Math.max(0, end - first) }, (_, offset) => {
            const at = first + offset;
            const index = order[at] ?? 0;
            return <RunRow key={index} page={page} table={table} index={index} position={at} />;
          })}
        </div>
        {order.length === 0 && table.count > 0 && (
          <p class="runs-none">
            {text("noneShown")}{" "}
            <button type="button" class="link-button" onClick={() => page.clearFilters()}>
              {text("showAll")}
            </button>
          </p>
        )}
      </div>
    </div>
  );
}

interface HeadProps {
  readonly page: BatchPage;
  readonly name: string;
  readonly label: BatchTextKey;
  readonly sort: RunSort | undefined;
}

function Head({ page, name, label, sort }: HeadProps) {
  const isSorted = sort !== undefined && page.sort === sort;
  return (
    <div
      class={`run-cell run-${name}`}
      role="columnheader"
      aria-sort={isSorted ? (page.isDescending ? "descending" : "ascending") : sort === undefined ? undefined : "none"}
    >
      {sort === undefined ? (
        text(label)
      ) : (
        <button type="button" title={text("sortBy", text(label))} onClick={() => page.sortBy(sort)}>
          {text(label)}
          {isSorted && <Icon name={page.isDescending ? "arrow-down" : "arrow-up"} />}
        </button>
      )}
    </div>
  );
}

/** Serves the wish to see a run; where the order has changed the first run in view stays where it is. */
function place(page: BatchPage, before: Anchor, viewportPx: number): void {
  if (viewportPx <= 0) return;
  if (before.version !== 0 && before.version !== page.orderVersion && page.listTop > 0) {
    const now = page.positionOf(before.index);
    if (now >= 0) page.listTop = now * rowPx + before.offsetPx;
  }
  const wish = page.revealWish;
  if (wish === undefined) return;
  page.revealWish = undefined;
  const position = page.positionOf(wish);
  if (position >= 0) page.listTop = scrollToShow(position, page.listTop, viewportPx, 1);
}

function moved(key: string, position: number, count: number, pageRows: number): number | undefined {
  const to = (at: number) => Math.max(0, Math.min(count - 1, at));
  switch (key) {
    case "ArrowDown":
      return to(position + 1);
    case "ArrowUp":
      return to(position < 0 ? 0 : position - 1);
    case "PageDown":
      return to(Math.max(0, position) + pageRows);
    case "PageUp":
      return to(position - pageRows);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

function stepAttempt(page: BatchPage, table: RunTable, by: number): void {
  const index = page.selected;
  if (index === undefined) return;
  const attempts = table.attemptCounts[index] ?? 0;
  const numbers = Array.from({ length: attempts }, (_, at) => table.attempt(index, at)?.number);
  const now = page.attempt === undefined ? attempts - 1 : numbers.indexOf(page.attempt);
  const next = Math.max(0, Math.min(attempts - 1, now + by));
  page.select(index, numbers[next]);
  page.announce(runWords(table, index, page.header?.status, next));
}

export function runName(index: number): string {
  return text("runTitle", formatInteger(index + 1));
}
