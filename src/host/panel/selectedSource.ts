// "Go to Source" for what is selected in a panel: the place that the selected line of the output names, else the step's.

import type { TraceSpan } from "../../trace/schema";
import { spanAtPlace } from "./outputAnswers";
import type { PanelConnection } from "./panelConnection";

/** A span of which the best place is the one to open; undefined where nothing is selected. */
export function selectedSource(
  connection: Pick<PanelConnection, "model" | "selectedRow" | "selectedLine">,
): TraceSpan | undefined {
  const { picture } = connection.model;
  const span = picture?.session.trace.spans[connection.selectedRow];
  const line = connection.selectedLine;
  if (span === undefined || line === undefined || picture?.output === undefined) return span;
  if (line >= picture.output.index.lineCount) return span;
  const link = picture.output.line(line).links.find(({ target }) => target.type === "place");
  return link?.target.type === "place" ? spanAtPlace(span, link.target.place) : span;
}
