// One line of the output: when it came, on which stream, and its text with colours and links. Text nodes only.

import type { OutputLineView } from "../../../src/protocol/outputMessages";
import type { AnsiPainter } from "../../draw/ansiPaint";
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
  readonly isFailing: boolean;
  readonly search: string;
  readonly painter: AnsiPainter;
}

export function OutputLine(props: OutputLineProps) {
  const { number, line } = props;
  const classes = [
    "line",
    line?.stream === "stderr" ? "is-stderr" : "",
    props.isCursor ? "is-cursor" : "",
    props.isChosen ? "is-chosen" : "",
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
        {line !== undefined && <LineText line={line} search={props.search} painter={props.painter} />}
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

function LineText({ line, search, painter }: { line: OutputLineView; search: string; painter: AnsiPainter }) {
  const left = line.totalLength - line.text.length;
  return (
    <>
      {lineParts(line, search).map((part, index) => (
        <Part key={index} part={part} line={line} painter={painter} />
      ))}
      {left > 0 && <span class="line-cut">{text("moreCharacters", formatInteger(left))}</span>}
    </>
  );
}

function Part({ part, line, painter }: { part: LinePart; line: OutputLineView; painter: AnsiPainter }) {
  const { style, link } = part;
  const target = link === undefined ? undefined : line.links[link];
  if (style === undefined && target === undefined && !part.isMatch) return <>{part.text}</>;
  const classes = [
    style?.bold === true ? "is-bold" : "",
    style?.dim === true ? "is-dim" : "",
    style?.italic === true ? "is-italic" : "",
    style?.underline === true ? "is-underlined" : "",
    target === undefined ? "" : "line-link",
  ];
  const inner = part.isMatch ? <mark>{part.text}</mark> : part.text;
  return (
    <span
      class={classes.filter(Boolean).join(" ")}
      style={style === undefined ? {} : { ...painter.paint(style) }}
      {...(target === undefined ? {} : { role: "link", "data-link": link, title: linkTitle(target) })}
    >
      {inner}
    </span>
  );
}

function linkTitle({ type, title }: OutputLineView["links"][number]): string {
  return type === "place" ? text("goToPlace", title) : title;
}
