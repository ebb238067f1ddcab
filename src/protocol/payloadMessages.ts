// Questions about what one step holds, and the answers: parts of texts, entries of values, lines of a diff, bytes of an
// image. A panel names the row, the field, and the entry by its number at each level; it never names what is in it.

import * as z from "zod/mini";
import type { DataEntry } from "../trace/dataEntry";
import type { DiffEntry, DiffView } from "../trace/diffView";
import type { PayloadView } from "../trace/payload";
import type { TextPart } from "../trace/textPart";
import type { ValueNode } from "../trace/valueNode";

const whole = z.number().check(z.int());
const natural = z.number().check(z.int(), z.nonnegative());
const optionalNumber = z.optional(z.number());

/** How each sort of payload is shown ("tool input json": "text"). */
export const payloadViewsSchema = z
  .record(z.string().check(z.maxLength(100)), z.enum(["diff", "fields", "json", "markdown", "text"]))
  .check(z.refine((views) => Object.keys(views).length <= 100, "too many"));

/** What the person chose for payloads of all traces. */
export const payloadLooksSchema = z.object({
  payloadViews: payloadViewsSchema,
  wrapText: z.boolean(),
  /** Old and new lines of a diff stand beside each other, where there is room. */
  sideBySide: z.boolean(),
});
export type PayloadLooks = z.infer<typeof payloadLooksSchema>;

/**
 * `error` is the message with the stack behind it. `edit` are the changes that a call asked for, addressed by their
 * numbers; as a text they are the call's arguments.
 */
export const payloadFields = [
  "input",
  "output",
  "error",
  "message",
  "stack",
  "attributes",
  "events",
  "raw",
  "diff",
] as const;
export const payloadFieldSchema = z.enum(payloadFields);
export type PayloadField = z.infer<typeof payloadFieldSchema>;

/** Number of the entry at each level below the field; left out or empty for the field as a whole. */
const entryPath = z.optional(z.array(natural).check(z.maxLength(1_000)));

/** What a text, a value or a link of a step is addressed by. */
export const payloadRefParams = { epoch: natural, row: natural, field: payloadFieldSchema, path: entryPath };
export interface PayloadRef {
  readonly epoch: number;
  readonly row: number;
  readonly field: PayloadField;
  readonly path?: number[] | undefined;
}

const partCount = z.number().check(z.int(), z.positive(), z.lte(1_000));
const partLength = z.number().check(z.int(), z.positive(), z.lte(1_048_576));

/** A part of a text, in UTF-16 units. Answered by `textPartSchema`. */
export const payloadRequestSchema = z.object({
  method: z.literal("payload"),
  id: whole,
  params: z.object({ ...payloadRefParams, from: natural, length: partLength }),
});

/** Entries of a list or an object. Answered by `payloadNodesSchema`. */
export const payloadNodesRequestSchema = z.object({
  method: z.literal("payloadNodes"),
  id: whole,
  params: z.object({ ...payloadRefParams, from: natural, count: partCount }),
});

/**
 * Lines of a change, by its number among those of the step: as they are shown, or unfolded. Answered by
 * `diffPartSchema`.
 */
export const payloadDiffRequestSchema = z.object({
  method: z.literal("payloadDiff"),
  id: whole,
  params: z.object({
    epoch: natural,
    row: natural,
    change: natural,
    from: natural,
    count: partCount,
    isUnfolded: z.optional(z.boolean()),
  }),
});

/** Bytes of an image, by its number among those of the payload. Answered by `imagePartSchema`. */
export const payloadImageRequestSchema = z.object({
  method: z.literal("payloadImage"),
  id: whole,
  params: z.object({
    epoch: natural,
    row: natural,
    field: z.enum(["input", "output"]),
    image: natural,
    from: natural,
    length: partLength,
  }),
});

/** Open what a link in a text of a step leads to, by a place of the text that lies in it. */
export const openTextLinkSchema = z.object({
  type: z.literal("openTextLink"),
  ...payloadRefParams,
  offset: natural,
  beside: z.optional(z.boolean()),
});

const linksSchema = z.array(
  z.object({ start: natural, end: natural, type: z.enum(["place", "url"]), title: z.string() }),
);

const textPart = { text: z.string(), from: natural, totalLength: natural, totalBytes: natural, links: linksSchema };
export const textPartSchema: z.ZodMiniType<TextPart> = z.object(textPart);

export const valueNodeSchema: z.ZodMiniType<ValueNode> = z.object({
  name: z.string(),
  type: z.enum(["text", "number", "boolean", "null", "data", "list", "object"]),
  text: z.string(),
  totalLength: natural,
  totalBytes: natural,
  links: linksSchema,
  count: natural,
  isInText: z.boolean(),
  get children() {
    return z.optional(z.array(valueNodeSchema));
  },
});

export const payloadNodesSchema = z.object({ nodes: z.array(valueNodeSchema), total: natural });
export type PayloadNodes = z.infer<typeof payloadNodesSchema>;

export const dataEntrySchema: z.ZodMiniType<DataEntry> = z.object({
  name: z.string(),
  index: natural,
  type: z.enum(["text", "json", "number", "boolean", "null", "data"]),
  text: z.string(),
  totalLength: natural,
  totalBytes: natural,
  links: linksSchema,
  node: z.optional(valueNodeSchema),
});

const diffEntrySchema: z.ZodMiniType<DiffEntry> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("line"),
    sign: z.enum(["=", "-", "+"]),
    oldLine: optionalNumber,
    newLine: optionalNumber,
    text: z.string(),
    totalLength: natural,
    marks: z.array(natural),
  }),
  z.object({ type: z.literal("fold"), from: natural, count: natural }),
  z.object({ type: z.literal("gap") }),
]);

export const diffPartSchema = z.object({ entries: z.array(diffEntrySchema), total: natural });
export type DiffPart = z.infer<typeof diffPartSchema>;

export const diffViewSchema: z.ZodMiniType<DiffView> = z.object({
  path: z.string(),
  newPath: z.optional(z.string()),
  type: z.enum(["edit", "create", "delete", "write"]),
  isLink: z.boolean(),
  isNumbered: z.boolean(),
  added: natural,
  removed: natural,
  isRough: z.boolean(),
  entries: z.array(diffEntrySchema),
  total: natural,
});

export const payloadViewSchema: z.ZodMiniType<PayloadView> = z.object({
  type: z.enum(["text", "json", "markdown", "diff", "empty"]),
  views: z.array(z.enum(["diff", "fields", "json", "markdown", "text"])),
  ...textPart,
  node: z.optional(valueNodeSchema),
  fields: z.array(dataEntrySchema),
  images: z.array(
    z.object({
      mediaType: z.string(),
      bytes: natural,
      width: optionalNumber,
      height: optionalNumber,
      name: z.optional(z.string()),
    }),
  ),
  moreImages: natural,
  foldedCount: natural,
  cut: z.optional(z.object({ kept: natural, whole: optionalNumber })),
});

export const imagePartSchema = z.object({
  bytes: z.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array, "expected a Uint8Array"),
  from: natural,
  totalBytes: natural,
});
export type ImagePart = z.infer<typeof imagePartSchema>;
