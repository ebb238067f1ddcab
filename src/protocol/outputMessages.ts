// What travels of a program's output: how much there is and what happened between its lines with every header, and the
// lines themselves, without any code, when a panel asks for them.

import * as z from "zod/mini";
import { outputStreams } from "../trace/outputBurst";

const row = z.number().check(z.int(), z.nonnegative());
const rowOrNone = z.number().check(z.int(), z.gte(-1));

/** What stands between lines: `line` is the number of the line below, the number of lines for one at the end. */
const outputMarkSchema = z.discriminatedUnion("type", [
  /** A command begins; `row` is its span. */
  z.object({ type: z.literal("start"), line: row, row: rowOrNone, text: z.string(), detail: z.string() }),
  /** Nothing came for so long. */
  z.object({ type: z.literal("gap"), line: row, lengthMs: z.number() }),
  /** Somebody stopped the program, some of its output was not recorded, or another process still holds it. */
  z.object({
    type: z.literal("note"),
    line: row,
    note: z.enum(["stop", "lost", "held"]),
    timeMs: z.number(),
    /** What it says: the step and by whom, how much and why. */
    words: z.array(z.string()),
  }),
  /** A command has ended; `lost`: it did not, and its session is over. */
  z.object({
    type: z.literal("end"),
    line: row,
    row: rowOrNone,
    timeMs: z.optional(z.number()),
    /** How long the command took. */
    lengthMs: z.optional(z.number()),
    status: z.enum(["ok", "failed", "interrupted", "lost"]),
    text: z.string(),
  }),
]);
export type OutputMark = z.infer<typeof outputMarkSchema>;

export const outputHeaderSchema = z.object({
  lineCount: row,
  /** As the program wrote them. */
  bytes: z.number(),
  /** "1,234 lines · 88 KB". */
  amount: z.string(),
  streams: z.array(z.enum(outputStreams)),
  /** The trace holds no step beside commands and their output. */
  isOnly: z.boolean(),
  /** Ascending by line; those of one line in the order in which they stand. */
  marks: z.array(outputMarkSchema),
  /** Lines to which more may come, so that what was sent of them is to be asked for again. */
  openLines: z.array(row),
  /** When the last line began. */
  lastLineMs: z.optional(z.number()),
  /** The line that tells of the command's failure. */
  failingLine: z.optional(row),
  /** Why the output was captured in another way than was asked for. */
  captureReason: z.optional(z.string()),
  /** Where the program sends its spans because the person had said so before; not into this trace. */
  keptExporter: z.optional(z.string()),
  commands: z.array(z.object({ row: rowOrNone, outputRow: row })),
});
export type OutputHeader = z.infer<typeof outputHeaderSchema>;

const flag = z.optional(z.literal(true));

const styleSchema = z.object({
  color: z.optional(row),
  background: z.optional(row),
  bold: flag,
  dim: flag,
  italic: flag,
  underline: flag,
  inverse: flag,
});

/** UTF-16 units of the line's text. */
const part = { start: row, end: row };

export const outputLineSchema = z.object({
  number: row,
  /** Row of the burst in which it began. */
  row,
  timeMs: z.number(),
  stream: z.enum(outputStreams),
  text: z.string(),
  runs: z.array(z.object({ ...part, style: styleSchema })),
  /** `title` says where it leads; opening it is asked for by its index. */
  links: z.array(z.object({ ...part, type: z.enum(["place", "url"]), title: z.string() })),
  /** UTF-16 units of the whole text; more than that of `text` where it was cut. */
  totalLength: z.number(),
  isOpen: z.boolean(),
});
export type OutputLineView = z.infer<typeof outputLineSchema>;

export const outputLinesResultSchema = z.object({ lines: z.array(outputLineSchema) });

export const outputViewStateSchema = z.object({
  /** The line at the top of the view; left out while the end is followed. */
  topLine: z.optional(row),
  cursorLine: z.optional(row),
});
