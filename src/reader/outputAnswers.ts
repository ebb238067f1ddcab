// Answers about a program's output: lines, what a search finds in them, where a link in one leads.

import type { OutputLineView } from "../protocol/outputMessages";
import type { OutputLine } from "../trace/outputLines";
import type { OutputLink } from "../trace/outputLinks";
import type { Place } from "../trace/place";
import type { TraceSpan } from "../trace/schema";
import type { TracePicture } from "./picture";

export function outputLineViews({ output }: TracePicture, from: number, count: number): OutputLineView[] {
  return (output?.lines(from, count) ?? []).map(viewOf);
}

function viewOf(line: OutputLine): OutputLineView {
  return {
    ...line,
    runs: [...line.runs],
    links: line.links.map(({ start, end, target }) => ({
      start,
      end,
      type: target.type,
      title: target.type === "url" ? target.url : placeTitle(target.place),
    })),
  };
}

function placeTitle({ path, line, column }: Place): string {
  return [path, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");
}

/** The first line that is in the burst, also where it began in an earlier one; -1 for a row that is no burst. */
export function firstLineOf({ output }: TracePicture, row: number): number {
  const bursts = output?.index.bursts ?? [];
  let burst = bursts.find((candidate) => candidate.row === row);
  while (burst?.continues) {
    const before = bursts[burst.previous];
    if (before === undefined || before.times.length > 0)
      return before === undefined ? burst.firstLine : before.firstLine + before.times.length - 1;
    burst = before;
  }
  return burst === undefined || burst.times.length === 0 ? -1 : burst.firstLine;
}

/** Undefined where the line or the link is not there. */
export function outputLink({ output }: TracePicture, line: number, link: number): OutputLink["target"] | undefined {
  if (output === undefined || line >= output.index.lineCount) return undefined;
  return output.line(line).links[link]?.target;
}

/** A span that says nothing but the place, for those who open the source of spans. */
export function spanAtPlace(span: TraceSpan, place: Place): TraceSpan {
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: "text",
    startTime: span.startTime,
    status: "ok",
    attributes: {
      "code.file.path": place.path,
      ...(place.line === undefined ? {} : { "code.line.number": place.line }),
      ...(place.column === undefined ? {} : { "code.column.number": place.column }),
    },
  };
}
