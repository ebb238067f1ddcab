// The lines of the output: only those in view are in the page. One line is the cursor, lines up to another may be chosen,
// and the mouse marks text as anywhere; what is copied comes from the host, so that it need not be in the page.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { OutputMark } from "../../../src/protocol/outputMessages";
import { AnsiPainter, readAnsiColors } from "../../draw/ansiPaint";
import { onThemeChange } from "../../draw/palette";
import { formatDateTime } from "../../format";
import { type OutputIntent, outputIntent } from "../../input/outputKeys";
import { type OutputRow, scrollScale } from "../../layout/outputRows";
import type { Panel } from "../../model/panel";
import type { Picture } from "../../model/traceModel";
import { text } from "../../text";
import { useSize } from "../useSize";
import { type LineTimes, lineTime, timeLetters } from "./lineTime";
import { lineId, OutputLine } from "./outputLine";
import { OutputMarkRow } from "./outputMark";
import { type MarkedText, markedText } from "./textSelection";
import { useOutputScrolling } from "./useOutputScrolling";

/** Rows drawn beyond each edge, so that scrolling by a little shows no blank. */
const overscan = 15;
const sideStepPx = 48;

export const outputListId = "output";

export interface OutputListProps {
  readonly panel: Panel;
  readonly picture: Picture;
  /** There is little room: times are short. */
  readonly isNarrow: boolean;
}

export function OutputList({ panel, picture, isNarrow }: OutputListProps) {
  const { output } = panel;
  const { rows, pages } = output;
  const list = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { height } = useSize(scroller);
  const [scrollTop, setScrollTop] = useState(0);
  const look = useLook(list);
  const marked = useMarkedText(list);
  const widest = useRef(0);

  useOutputScrolling(output, scroller, look.rowPx, setScrollTop);

  const scale = scrollScale(rows.count * look.rowPx, height);
  const offset = scale.toOffset(scrollTop);
  const first = Math.max(0, Math.floor(offset / look.rowPx) - overscan);
  const end = Math.min(rows.count, Math.ceil((offset + height) / look.rowPx) + overscan);
  // Rows stand where they are among all rows, moved by how much the scroll bar is squeezed.
  const shiftPx = Math.round(scrollTop - offset);

  const drawn: { readonly row: number; readonly at: OutputRow<OutputMark> }[] = [];
  for (let row = first; row < end; row++) drawn.push({ row, at: rows.at(row) });
  addMarkedEnds(drawn, marked, rows.rowOfLine.bind(rows), first, end);
  const lines = drawn.flatMap(({ at }) => (at.type === "line" ? [at.line] : []));
  useEffect(() => {
    const from = lines[0];
    const to = lines.at(-1);
    if (from === undefined || to === undefined || height === 0) return;
    // The ends of what is marked may be far away.
    const near = lines.filter((line) => line >= rows.lineAt(first) && line <= rows.lineAt(end));
    pages.need(picture.epoch, near[0] ?? from, (near.at(-1) ?? to) + 1);
    if (marked !== undefined) for (const line of [marked.from, marked.to]) pages.need(picture.epoch, line, line + 1);
  });

  const zone = panel.header?.timeZone ?? "UTC";
  const times: LineTimes = {
    firstMs: picture.times.firstMs,
    lastMs: picture.times.lastMs,
    zone: panel.settings.absoluteTimes ? zone : undefined,
    isShort: isNarrow,
  };
  const topRow = Math.floor(offset / look.rowPx);
  const { chosen } = output;
  const isLive = panel.header?.live === true;
  const showsStream = output.header?.streams.includes("stderr") === true;
  for (const line of lines) widest.current = Math.max(widest.current, pages.line(line)?.text.length ?? 0);

  const carryOut = (intent: OutputIntent) => {
    const page = Math.max(1, Math.floor(height / look.rowPx) - 1);
    const from = output.cursor >= 0 ? output.cursor : output.topLine;
    switch (intent.type) {
      case "move":
        return output.moveTo(output.cursor < 0 ? from : from + intent.by, { extend: intent.extend });
      case "page":
        return output.moveTo(from + intent.direction * page, { extend: intent.extend });
      case "first":
        return output.moveTo(0, { extend: intent.extend });
      case "last":
        output.moveTo(output.lineCount - 1, { extend: intent.extend });
        return intent.extend ? undefined : output.goToEnd();
      case "side":
        scroller.current?.scrollBy({ left: intent.direction * sideStepPx });
        return;
      case "all":
        return output.chooseAll();
      case "copy":
        return copy(panel, picture, list.current);
      case "open":
        return openLink(panel, picture, output.cursor, undefined, intent.beside);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const intent = outputIntent(event);
    if (intent === undefined) return;
    // What the mouse has marked is copied by the browser's own event, see below.
    if (intent.type === "copy" && !hasChosenLines(panel) && markedNow(list.current) !== undefined) return;
    event.preventDefault();
    event.stopPropagation();
    carryOut(intent);
  };
  const lineUnder = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : undefined;
    const row = target?.closest<HTMLElement>("[data-line]");
    return row == null
      ? undefined
      : { line: Number(row.dataset["line"]), link: target?.closest<HTMLElement>("[data-link]") };
  };

  return (
    <div
      ref={list}
      id={outputListId}
      class={`output-list ${isNarrow ? "is-narrow" : ""} ${output.cursor < 0 ? "is-empty" : ""}`}
      role="grid"
      tabIndex={0}
      aria-label={text("outputLabel")}
      aria-readonly="true"
      aria-multiselectable="true"
      aria-rowcount={rows.count}
      // While the end is followed every line that comes would be read out.
      aria-activedescendant={
        lines.includes(output.cursor) && !(isLive && output.isAtEnd) ? lineId(output.cursor) : undefined
      }
      style={{ "--line-height": `${look.rowPx}px`, "--time-width": `${timeLetters(times)}ch` }}
      onKeyDown={onKeyDown}
      onCopy={(event) => {
        if (!hasChosenLines(panel) && markedNow(list.current) === undefined && output.cursor < 0) return;
        event.preventDefault();
        copy(panel, picture, list.current);
      }}
    >
      <div
        ref={scroller}
        class="output-scroller"
        role="rowgroup"
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
        onMouseDown={(event) => {
          // The browser would mark all text up to here.
          if (event.shiftKey) event.preventDefault();
          list.current?.focus({ preventScroll: true });
        }}
        onClick={(event) => {
          const under = lineUnder(event);
          if (under === undefined || markedNow(list.current) !== undefined) return;
          output.choose(under.line, event.shiftKey);
          const link = under.link?.dataset["link"];
          if (link !== undefined) openLink(panel, picture, under.line, Number(link), event.ctrlKey || event.metaKey);
        }}
      >
        <div
          class="output-content"
          role="presentation"
          style={{ height: `${scale.contentPx}px`, minWidth: `calc(var(--gutter-width) + ${widest.current + 4}ch)` }}
        >
          {drawn.map(({ row, at }) => {
            const top = row * look.rowPx + shiftPx;
            if (at.type === "mark") {
              return (
                <OutputMarkRow
                  key={`mark ${row}`}
                  panel={panel}
                  mark={at.mark}
                  rowIndex={row + 1}
                  top={top}
                  times={times}
                />
              );
            }
            const { line: number } = at;
            const line = pages.line(number);
            const time = line === undefined ? "" : lineTime(line.timeMs, times);
            const above = row > topRow ? pages.line(number - 1) : undefined;
            return (
              <OutputLine
                key={number}
                number={number}
                line={line}
                rowIndex={row + 1}
                top={top}
                time={time}
                isSameTime={above !== undefined && lineTime(above.timeMs, times) === time}
                fullTime={line === undefined ? "" : `${formatDateTime(line.timeMs, zone)} ${zone}`}
                showsStream={showsStream}
                isCursor={number === output.cursor}
                isChosen={chosen !== undefined && number >= chosen[0] && number <= chosen[1]}
                isAmong={chosen !== undefined && chosen[0] < chosen[1] && number >= chosen[0] && number <= chosen[1]}
                isFailing={number === output.header?.failingLine}
                marks={panel.marks}
                painter={look.painter}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Colours and sizes of the theme, read again when it changes. */
function useLook(list: { current: HTMLElement | null }): { readonly painter: AnsiPainter; readonly rowPx: number } {
  const [look, setLook] = useState(() => readLook(document.body));
  useLayoutEffect(() => {
    const read = () => setLook(readLook(list.current ?? document.body));
    read();
    return onThemeChange(read);
  }, [list]);
  return look;
}

function readLook(element: HTMLElement) {
  const fontPx = Number.parseFloat(getComputedStyle(element).fontSize);
  const rowPx = Math.max(16, Math.round((Number.isFinite(fontPx) ? fontPx : 14) * 1.4));
  return { painter: new AnsiPainter(readAnsiColors(document.body)), rowPx };
}

function markedNow(list: HTMLElement | null): MarkedText | undefined {
  return list === null ? undefined : markedText(list);
}

/** Kept in state, so that its ends stay in the page while the person scrolls on. */
function useMarkedText(list: { current: HTMLElement | null }): MarkedText | undefined {
  const [marked, setMarked] = useState<MarkedText | undefined>(undefined);
  useEffect(() => {
    const onChange = () => {
      const next = markedNow(list.current);
      setMarked((now) => (now?.from === next?.from && now?.to === next?.to ? now : next));
    };
    document.addEventListener("selectionchange", onChange);
    return () => document.removeEventListener("selectionchange", onChange);
  }, [list]);
  return marked;
}

function addMarkedEnds(
  drawn: { readonly row: number; readonly at: OutputRow<OutputMark> }[],
  marked: MarkedText | undefined,
  rowOfLine: (line: number) => number,
  first: number,
  end: number,
): void {
  if (marked === undefined) return;
  const ends = [...new Set([marked.from, marked.to])].map((line) => ({
    row: rowOfLine(line),
    at: { type: "line", line } as const,
  }));
  drawn.unshift(...ends.filter(({ row }) => row < first));
  drawn.push(...ends.filter(({ row }) => row >= end));
}

function hasChosenLines({ output }: Panel): boolean {
  return output.chosen !== undefined && output.cursor !== output.anchor;
}

/** Chosen lines where they are several, else what the mouse has marked, else the line of the cursor. */
function copy(panel: Panel, picture: Picture, list: HTMLElement | null): void {
  const { chosen } = panel.output;
  const marked = hasChosenLines(panel) ? undefined : markedNow(list);
  if (marked !== undefined) panel.connection.post({ type: "copyOutput", epoch: picture.epoch, ...marked });
  else if (chosen !== undefined)
    panel.connection.post({ type: "copyOutput", epoch: picture.epoch, from: chosen[0], to: chosen[1] });
}

/** @param link left out: the first place in the line, else its first link */
function openLink(panel: Panel, picture: Picture, number: number, link: number | undefined, beside: boolean): void {
  const line = panel.output.pages.line(number);
  if (line === undefined || line.links.length === 0) return panel.announce(text("noLink"));
  const place = line.links.findIndex(({ type }) => type === "place");
  const index = link ?? Math.max(0, place);
  const target = line.links[index];
  const { epoch } = picture;
  if (target?.type === "url") panel.connection.post({ type: "openLink", epoch, outputLine: number, link: index });
  else if (target !== undefined) {
    panel.connection.post({ type: "openSource", epoch, row: line.row, place: index, outputLine: number, beside });
  }
}
