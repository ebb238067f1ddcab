// Answers a panel's questions about its timeline from generated columns, by the reader's own code; beside a `ColumnsHost`,
// which answers the others.
import { performance } from "node:perf_hooks";
import type { PanelRequest } from "../../src/protocol/panelMessages";
import type { TracePicture } from "../../src/reader/picture";
import { TimelineAnswers, type TimelineRequest } from "../../src/reader/timelineAnswers";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";
import type { PanelPage } from "./panelPage";

/** As much of a picture as a timeline needs. */
export function pictureOfColumns(columns: SpanColumns, epoch = 1, revision = 1): TracePicture {
  const none = new Float64Array(columns.count).fill(Number.NaN);
  return {
    epoch,
    revision,
    columns,
    tree: buildTree(columns),
    usage: { tokens: none, cost: none },
    state: { status: "failed", reasons: [] },
    session: { header: {}, evidence: {} },
    spans: { count: columns.count, spanAt: () => undefined },
  } as unknown as TracePicture;
}

const methods = new Set<string>([
  "timeline",
  "timelineRows",
  "timelinePath",
  "timelineProfile",
  "rangeTotals",
  "durability",
  "durabilityAt",
] satisfies TimelineRequest["method"][]);

export function answerTimeline(panel: PanelPage, picture: TracePicture): void {
  const answers = new TimelineAnswers(() => performance.now(), 0);
  panel.onMessage((message) => {
    if (typeof message !== "object" || message === null || !("method" in message)) return;
    const request = message as PanelRequest;
    if (!methods.has(request.method)) return;
    const result = answers.answer(request as TimelineRequest, picture);
    void panel.post({ type: "reply", id: request.id, ok: true, result });
  });
}
