// One line of the output: when it came, on which stream, and its text with colours and links. Text nodes only.

import type { OutputLineView } from "../../../src/protocol/outputMessages";
import type { AnsiPainter } from "../../draw/ansiPaint";
import type { MatchMarks } from "../../model/matchMarks";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { type LinePart, lineParts } from "./lineParts";

export function lineId(line: number): string {
  return `line-${line}`;
}

export interface OutputLineProps {
  readonly number: number;
  /** Undefined until it is here. */
  readonly line: OutputLineView | undefined;
  readonly rowIndex: number;
  readonly top: number;
  readonly time: string;
  /** The line above has the same time. */
  readonly isSameTime: boolean;
  readonly fullTime: string;
  readonly showsStream: boolean;
  readonly isCursor: boolean;
  readonly isChosen: boolean;
  /** One of several chosen lines. */
  readonly isAmong: boolean;
  readonly isFailing: boolean;
  readonly marks: MatchMarks;
  readonly painter: AnsiPainter;
}

export function OutputLine(props: OutputLineProps) {
  const { number, line } = props;
  const classes = [
    "line",
    line?.stream === "stderr" ? "is-stderr" : "",
    props.isCursor ? "is-cursor" : "",
    props.isChosen ? "is-chosen" : "",
    props.isAmong ? "is-among" : "",
    props.isFailing ? "is-failing" : "",
  ];
  return (
    <div
      id={lineId(number)}
      class={classes.filter(Boolean).join(" ")}
      role="row"
      data-line={number}
      aria-rowindex={props.rowIndex}
      aria-selected={props.isChosen}
      aria-busy={line === undefined}
      style={{ top: `${props.top}px` }}
    >
      <span class="line-gutter" role="gridcell">
        {props.isFailing && (
          <span class="line-failing" role="img" aria-label={text("failingLine")} title={text("failingLine")}>
            <Icon name="error" />
          </span>
        )}
        <span class={`line-time ${props.isSameTime ? "is-same" : ""}`} title={props.fullTime}>
          {props.time}
        </span>
        {props.showsStream && <StreamMark stream={line?.stream} />}
      </span>
      <span class="line-text" role="gridcell" dir="ltr">
        {line !== undefined && <LineText line={line} marks={props.marks} painter={props.painter} />}
      </span>
    </div>
  );
}

function StreamMark({ stream }: { stream: OutputLineView["stream"] | undefined }) {
  if (stream === "stderr") {
    return (
      <span class="line-stream" title={text("streamStderr")} aria-label={text("streamStderr")}>
        err
      </span>
    );
  }
  return <span class="line-stream" />;
}

function LineText({ line, marks, painter }: { line: OutputLineView; marks: MatchMarks; painter: AnsiPainter }) {
  const left = line.totalLength - line.text.length;
  return (
    <>
      {groups(lineParts(line, marks.places(line.text))).map(({ link, parts }, index) => {
        const target = link === undefined ? undefined : line.links[link];
        const inner = parts.map((part, inGroup) => <Part key={inGroup} part={part} painter={painter} />);
        if (target === undefined) return inner;
        return (
          <span key={index} role="link" class="line-link" data-link={link} title={linkTitle(target)}>
            {inner}
          </span>
        );
      })}
      {left > 0 && <span class="line-cut">{text("moreCharacters", formatInteger(left))}</span>}
    </>
  );
}

/** Parts that belong to the same link, or to none. */
function groups(parts: readonly LinePart[]): { readonly link: number | undefined; readonly parts: LinePart[] }[] {
  const found: { readonly link: number | undefined; readonly parts: LinePart[] }[] = [];
  for (const part of parts) {
    const last = found.at(-1);
    if (last !== undefined && last.link === part.link) last.parts.push(part);
    else found.push({ link: part.link, parts: [part] });
  }
  return found;
}

function Part({ part, painter }: { part: LinePart; painter: AnsiPainter }) {
  const { style } = part;
  const inner = part.isMatch ? <mark>{part.text}</mark> : part.text;
  if (style === undefined) return <>{inner}</>;
  const classes = [
    style.bold === true ? "is-bold" : "",
    style.dim === true ? "is-dim" : "",
    style.italic === true ? "is-italic" : "",
    style.underline === true ? "is-underlined" : "",
  ];
  return (
    <span class={classes.filter(Boolean).join(" ")} style={{ ...painter.paint(style) }}>
      {inner}
    </span>
  );
}

function linkTitle({ type, title }: OutputLineView["links"][number]): string {
  return type === "place" ? text("goToPlace", title) : title;
}
