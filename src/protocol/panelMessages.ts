// The messages between the host and a trace panel. Every message is checked against these schemas on arrival; bulk span
// data travels as typed arrays behind a checked header. The webview names intents and rows, never commands, paths or
// URLs. zod's functional form, because the panel's bundle has no room for the other. `epoch` changes when row numbers lose their meaning, `revision` with every change within an epoch.

import * as z from "zod/mini";
import { loopsRequestSchema } from "./loopMessages";
import { outputHeaderSchema, outputViewStateSchema } from "./outputMessages";
import {
  openTextLinkSchema,
  payloadDiffRequestSchema,
  payloadImageRequestSchema,
  payloadLooksSchema,
  payloadNodesRequestSchema,
  payloadRefParams,
  payloadRequestSchema,
  payloadViewsSchema,
} from "./payloadMessages";
import { searchOptionsSchema, searchRequests } from "./searchMessages";
import { timelineRequests, timelineStateSchema } from "./timelineMessages";

const whole = z.number().check(z.int());
const row = z.number().check(z.int(), z.nonnegative());
/** -1: none. */
const rowOrNone = z.number().check(z.int(), z.gte(-1));
const epoch = row;
const rowRef = { epoch, row };

function typedArray<T>(name: string, is: (value: unknown) => value is T) {
  return z.custom<T>(is, `expected ${name}`);
}
const float64 = typedArray("a Float64Array", (value) => value instanceof Float64Array);
const int32 = typedArray("an Int32Array", (value) => value instanceof Int32Array);
const uint32 = typedArray("a Uint32Array", (value) => value instanceof Uint32Array);
const uint8 = typedArray("a Uint8Array", (value) => value instanceof Uint8Array);

/** A run of columns (see `SpanColumns`); all arrays have the same length, but `label` and `outcome` may be left empty. */
export const columnChunkSchema = z
  .object({
    startMs: float64,
    endMs: float64,
    parent: int32,
    kind: uint8,
    status: uint8,
    flags: uint32,
    name: uint32,
    label: uint32,
    outcome: uint32,
  })
  .check(
    z.refine(({ label, outcome, ...others }) => {
      const { length } = others.startMs;
      const hasTexts = label.length > 0 || outcome.length > 0;
      if (hasTexts && (label.length !== length || outcome.length !== length)) return false;
      return Object.values(others).every((column) => column.length === length);
    }, "columns of different lengths"),
  );
export type ColumnChunk = z.infer<typeof columnChunkSchema>;

export const sessionStatusSchema = z.enum(["running", "waiting", "completed", "failed", "crashed", "unknown"]);

export const panelProblemSchema = z.object({
  code: z.string(),
  severity: z.enum(["error", "warning", "info"]),
  message: z.string(),
  offsetBytes: z.optional(z.number()),
  file: z.optional(z.string()),
  /** Row of the span that it is about. */
  row: z.optional(row),
  count: z.optional(z.number()),
});
export type PanelProblem = z.infer<typeof panelProblemSchema>;

/** What the header, the banner and the status line show. Texts are data, in words, already localised. */
export const panelHeaderSchema = z.object({
  title: z.string(),
  sessionId: z.string(),
  status: sessionStatusSchema,
  statusLabel: z.string(),
  /** Reasons beside the state: "killed", "last write 3 h ago on host X". Empty when there is nothing to add. */
  statusDetail: z.string(),
  /** Error that the session ended with. */
  error: z.optional(z.string()),
  startedMs: z.optional(z.number()),
  endedMs: z.optional(z.number()),
  model: z.optional(z.string()),
  agent: z.optional(z.string()),
  prompt: z.optional(z.string()),
  totalTokens: z.optional(z.number()),
  /** US dollars, as reported by the producer. */
  totalCost: z.optional(z.number()),
  /** The session may still grow. */
  live: z.boolean(),
  /** When the newest file of the session was written. */
  savedMs: z.optional(z.number()),
  hasConversation: z.boolean(),
  failureCount: z.number(),
  recoveredCount: z.number(),
  failingStep: z.optional(
    z.object({
      row,
      rule: z.enum(["failed-path", "in-progress", "last-unrecovered", "first-failure"]),
      /** Name and label of the step, cut to one line. */
      title: z.string(),
      /** Name of the step of a playbook around it. */
      step: z.optional(z.string()),
      /** First line of its error, where there is one. */
      message: z.string(),
      /** `src/billing/tax.ts:41`, where the step names a place. */
      place: z.optional(z.string()),
    }),
  ),
  problems: z.array(panelProblemSchema),
  /** Number of problems before the list was cut. */
  problemCount: z.number(),
  /** Spans that the producer left out. */
  elidedCount: z.number(),
  /** IANA name of the zone in which absolute times are shown. */
  timeZone: z.string(),
  /** Of a trace of a program whose output was captured. */
  output: z.optional(outputHeaderSchema),
  /** The batch that the session is a run of; `number` counts from 1. */
  batch: z.optional(
    z.object({ id: z.string(), name: z.optional(z.string()), number: row, runCount: row, attempt: row }),
  ),
  /** What can be done with a session that was started here. */
  control: z.optional(
    z.object({
      canRunAgain: z.boolean(),
      canStop: z.boolean(),
      hasTerminal: z.boolean(),
      /** It is a run of a playbook that can go on from its failing step. */
      canResume: z.optional(z.boolean()),
    }),
  ),
});
export type PanelHeader = z.infer<typeof panelHeaderSchema>;

/** What a panel keeps over hiding and reloading; stored by the webview, read back only by this schema. */
export const viewStateSchema = z.object({
  version: z.literal(1),
  /** Names the session, so that a state is not applied to another one. */
  sessionId: z.string(),
  selectedSpanId: z.optional(z.string()),
  selectedRow: z.optional(row),
  /** Rows whose state differs from the default of the tree. */
  toggledRows: z.optional(z.array(row).check(z.maxLength(100_000))),
  scrollTop: z.optional(z.number()),
  /** Whether the selected row was in view at that scroll. */
  selectedInView: z.optional(z.boolean()),
  view: z.optional(z.enum(["tree", "conversation", "output"])),
  output: z.optional(outputViewStateSchema),
  tab: z.optional(z.enum(["overview", "data", "raw"])),
  search: z.optional(z.string().check(z.maxLength(1_000))),
  filters: z.optional(z.unknown()),
  /** Visible time range in ms. */
  range: z.optional(z.tuple([z.number(), z.number()])),
  detailsSize: z.optional(z.number()),
  /** Width of the tree's column in px. */
  treeSize: z.optional(z.number()),
  /** What `toggledRows` differ from. */
  expansion: z.optional(z.enum(["default", "all", "none"])),
  /** How payloads are shown, where the person chose. */
  payloadViews: z.optional(payloadViewsSchema),
  wrapText: z.optional(z.boolean()),
  /** Old and new lines of a diff stand beside each other, where there is room. */
  sideBySide: z.optional(z.boolean()),
  /** The tree is reduced to what the search found. */
  matchesOnly: z.optional(z.boolean()),
  absoluteTimes: z.optional(z.boolean()),
  timeline: z.optional(timelineStateSchema),
  /** How the text of the search is meant. */
  searchOptions: z.optional(searchOptionsSchema),
});
export type ViewState = z.infer<typeof viewStateSchema>;

export const navigateTargetSchema = z.enum([
  "nextFailure",
  "previousFailure",
  "failingStep",
  "nextFailureIncludingRecovered",
  "previousFailureIncludingRecovered",
  "search",
  "nextMatch",
  "previousMatch",
  "toggleMatchCase",
  "toggleWholeWord",
  "toggleRegex",
  "toggleAbsoluteTimes",
  "toggleConversation",
  "shortcuts",
]);
export type NavigateTarget = z.infer<typeof navigateTargetSchema>;

/** Labels and outcomes of rows, in the order of the rows. */
const firstTextsSchema = z.object({
  rows: z.array(row),
  labels: z.array(z.string()),
  outcomes: z.array(z.string()),
});
export type FirstTexts = z.infer<typeof firstTextsSchema>;

/** Host to panel, without an answer. */
export const hostMessageSchema = z.discriminatedUnion("type", [
  /** Answer to `ready`: texts (see `webviewTexts.ts`) and what does not depend on a trace. */
  z.object({
    type: z.literal("init"),
    texts: z.record(z.string(), z.string()),
    platform: z.enum(["mac", "other"]),
    /** The person has put away the card on how to get steps. */
    hidesStepsCard: z.optional(z.boolean()),
    /** Chosen in this or another panel, and newer than what a panel remembers itself. */
    payloadLooks: z.optional(payloadLooksSchema),
  }),
  /** A new epoch begins; `rowCount` rows follow in chunks. The previous picture stays until the last chunk. */
  z.object({
    type: z.literal("open"),
    epoch,
    revision: whole,
    header: panelHeaderSchema,
    rowCount: row,
    /** `label` and `outcome` of the columns are empty: the panel asks for the `texts` of the rows that it shows. */
    lacksTexts: z.optional(z.boolean()),
    /** Of the rows that the panel is likely to show first, so that it need not ask for them. */
    texts: z.optional(firstTextsSchema),
    /** Row to select and show when the panel has no state of its own: the failing step or -1. */
    initialRow: rowOrNone,
    /** Row to select now whatever the panel shows: a jump that opened it. */
    revealRow: z.optional(row),
    /** Where `selectedSpanId` of the panel's own state is now, -1 where it is gone. */
    restoredRow: z.optional(rowOrNone),
  }),
  z.object({
    type: z.literal("columns"),
    epoch,
    revision: whole,
    fromRow: row,
    columns: columnChunkSchema,
    /** Texts appended to `strings`. */
    strings: z.array(z.string()),
    last: z.boolean(),
  }),
  /** Rows that changed and rows that came, within an epoch. A gap in revisions makes the panel ask again. */
  z.object({
    type: z.literal("delta"),
    epoch,
    fromRevision: whole,
    revision: whole,
    header: panelHeaderSchema,
    changedRows: uint32,
    changed: columnChunkSchema,
    appended: columnChunkSchema,
    strings: z.array(z.string()),
  }),
  /** Only the header changed (an age, a state). */
  z.object({ type: z.literal("header"), epoch, header: panelHeaderSchema }),
  z.object({ type: z.literal("navigate"), target: navigateTargetSchema }),
  z.object({ type: z.literal("reveal"), epoch, row }),
  /** Questions wait longer than they should, for the reader or for the files of the session; `nothing`: no more. */
  z.object({ type: z.literal("delay"), of: z.enum(["reader", "files", "nothing"]) }),
  /** Nothing can be drawn: say why. `missing`: no file of the session is there (yet). `stopped`: reading it ended the reader. */
  z.object({
    type: z.literal("unavailable"),
    reason: z.enum(["missing", "unreadable", "not-a-trace", "stopped"]),
    message: z.string(),
    problems: z.array(panelProblemSchema),
  }),
]);
export type HostMessage = z.infer<typeof hostMessageSchema>;

/** Panel to host, without an answer: what happened and what the person wants. */
export const panelMessageSchema = z.discriminatedUnion("type", [
  /** The panel has loaded. */
  z.object({ type: z.literal("ready"), state: z.optional(viewStateSchema) }),
  /** A gap in revisions, or a delta of another epoch: send everything again. */
  z.object({ type: z.literal("resync"), reason: z.string().check(z.maxLength(200)) }),
  /** `outputLine`: the line of the cursor, where the output is what the person looks at. */
  z.object({ type: z.literal("selected"), ...rowRef, outputLine: z.optional(row) }),
  /**
   * Open the source of a span; `place` is an index into its details' places, left out: the best, or a pick. With
   * `outputLine` it is an index into the links of that line of the program's output.
   */
  z.object({
    type: z.literal("openSource"),
    ...rowRef,
    place: z.optional(row),
    outputLine: z.optional(row),
    beside: z.optional(z.boolean()),
  }),
  /** Open the web address of a link in a line of the program's output. */
  z.object({ type: z.literal("openLink"), epoch, outputLine: row, link: row }),
  /** Lines of the output without codes, both ends included; offsets are UTF-16 units of the first and the last line. */
  z.object({
    type: z.literal("copyOutput"),
    epoch,
    from: row,
    fromOffset: z.optional(row),
    to: row,
    toOffset: z.optional(row),
  }),
  /** The whole output in an editor. */
  z.object({ type: z.literal("openOutput"), epoch }),
  z.object({ type: z.literal("runAgain") }),
  z.object({ type: z.literal("resume") }),
  /** Opens a session that a step names; one that is not listed is not. */
  z.object({ type: z.literal("openSession"), sessionId: z.string().check(z.minLength(1), z.maxLength(300)) }),
  /** Opens the batch that the session is a run of, with that run selected. */
  z.object({ type: z.literal("openBatch") }),
  z.object({ type: z.literal("stopSession") }),
  z.object({ type: z.literal("revealTerminal") }),
  z.object({ type: z.literal("hideStepsCard"), hidden: z.boolean() }),
  z.object({ type: z.literal("rememberLooks"), looks: payloadLooksSchema }),
  /** Open a payload as a text editor tab (`diff` opens a diff editor). */
  z.object({ type: z.literal("openText"), ...payloadRefParams }),
  z.object({ type: z.literal("copy"), ...payloadRefParams }),
  openTextLinkSchema,
  /** The trace's JSON as text, at a byte offset where one is given. */
  z.object({
    type: z.literal("openJson"),
    offsetBytes: z.optional(row),
    file: z.optional(z.string().check(z.maxLength(300))),
  }),
  z.object({ type: z.literal("revealInOs") }),
  /** Nobody waits for the answer to that question any more, and none comes. */
  z.object({ type: z.literal("cancel"), id: whole }),
  z.object({ type: z.literal("reload") }),
  z.object({
    type: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string().check(z.maxLength(4_000)),
  }),
]);
export type PanelMessage = z.infer<typeof panelMessageSchema>;

/** Panel to host, with an answer. Params and results by name; results are checked by the panel on arrival. */
export const panelRequestSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("details"), id: whole, params: z.object(rowRef) }),
  payloadRequestSchema,
  payloadNodesRequestSchema,
  payloadDiffRequestSchema,
  payloadImageRequestSchema,
  /** Labels and outcomes of rows, where the columns lack them. */
  z.object({
    method: z.literal("texts"),
    id: whole,
    params: z.object({ epoch, rows: z.array(row).check(z.maxLength(1_000)) }),
  }),
  z.object({
    method: z.literal("outputLines"),
    id: whole,
    params: z.object({ epoch, from: row, count: z.number().check(z.int(), z.positive(), z.lte(500)) }),
  }),
  /** The first line of a burst of output, by the row of its span. */
  z.object({ method: z.literal("outputLineOf"), id: whole, params: z.object(rowRef) }),
  z.object({ method: z.literal("summary"), id: whole, params: z.object({ epoch }) }),
  z.object({
    method: z.literal("conversation"),
    id: whole,
    /** A part from item `from` on, or without it the part in which the item of `row` is, else the first one. */
    params: z.object({ epoch, from: z.optional(whole), row: z.optional(whole) }),
  }),
  loopsRequestSchema,
  ...timelineRequests,
  ...searchRequests,
]);
export type PanelRequest = z.infer<typeof panelRequestSchema>;

export const panelReplySchema = z.discriminatedUnion("ok", [
  z.object({ type: z.literal("reply"), id: whole, ok: z.literal(true), result: z.unknown() }),
  /** `stale`: the epoch has passed; ask again after the next `open`. */
  z.object({ type: z.literal("reply"), id: whole, ok: z.literal(false), stale: z.boolean(), error: z.string() }),
]);
export type PanelReply = z.infer<typeof panelReplySchema>;

/** A part of an answer, ahead of its reply; only some methods have them. */
export const panelPartSchema = z.object({ type: z.literal("part"), id: whole, part: z.unknown() });
export type PanelPart = z.infer<typeof panelPartSchema>;

/** In the order of the rows that were asked for. */
export const textsResultSchema = z.object({ labels: z.array(z.string()), outcomes: z.array(z.string()) });
export type TextsResult = z.infer<typeof textsResultSchema>;

/** -1: none. */
export const outputLineOfResultSchema = z.object({ line: rowOrNone });
