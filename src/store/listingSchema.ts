// What is remembered of a file that was listed, as a schema: whatever comes back from storage has to have this shape.
// A field that a listing gains or loses must be named here too, and then `listingVersion` has to grow, because what was
// written before does not tell it.

import * as z from "zod/mini";
import type { BatchRunRef } from "../trace/batch/batchRun";
import type { CrashMarker, JournalFacts, LiveMarker, WriterIdentity } from "../trace/evidence";
import type { Problem } from "../trace/problem";
import { summaryStatuses, writerSchema } from "../trace/schema";
import type { JournalListing } from "./journalListing";
import type { LaunchedPlaybook } from "./launchedPlaybook";
import type { FileListing } from "./sessionFacts";
import type { SessionHeader } from "./sessionHeader";
import type { SnapshotListing } from "./snapshotListing";

export const listingVersion = 3;

/** All but what is not read: that it exists, or that it can't be read, is found out by looking again. */
export type RememberedContent = Exclude<FileListing, { readonly type: "seen" | "unreadable" }>;

/** Names each field of `T`, none else, with a schema of its type. */
type ShapeOf<T> = { [Name in keyof Required<T>]: z.ZodMiniType<T[Name]> };

const text = z.optional(z.string());
const number = z.optional(z.number());

export const problemSchema = z.object({
  code: z.string() as unknown as z.ZodMiniType<Problem["code"]>,
  severity: z.enum(["error", "warning", "info"]),
  message: z.string(),
  offsetBytes: number,
  file: text,
  spanIndex: number,
  count: number,
} satisfies ShapeOf<Problem>);

const playbookSchema = z.object({
  path: z.string(),
  failedStep: number,
  lastStep: z.optional(z.object({ index: z.number(), isOver: z.boolean() })),
  resumedFrom: text,
} satisfies ShapeOf<LaunchedPlaybook>);

const batchSchema = z.object({
  id: z.string(),
  name: text,
  index: z.number(),
  runCount: z.number(),
  attempt: z.number(),
} satisfies ShapeOf<BatchRunRef>);

const header = {
  sessionId: text,
  title: text,
  prompt: text,
  agent: text,
  model: text,
  command: text,
  tags: z.optional(z.array(z.string())),
  startedMs: number,
  playbook: z.optional(playbookSchema),
  batch: z.optional(batchSchema),
} satisfies ShapeOf<SessionHeader>;

const snapshotSchema = z.object({
  ...header,
  problem: z.optional(problemSchema),
  isTrace: z.boolean(),
  truncated: z.boolean(),
  claimedEndMs: number,
  claimedStatus: z.optional(z.enum(summaryStatuses)),
  claimedError: text,
  claimedDurationMs: number,
  totalTokens: number,
  totalCost: number,
  failures: number,
  openSpans: number,
  rootOpen: z.optional(z.boolean()),
  rootStatus: z.optional(z.enum(["ok", "error"])),
  rootError: text,
  rootEndMs: number,
  openGenerations: number,
  finalFinishReason: text,
  lastActivityMs: number,
  writer: z.optional(writerSchema),
} satisfies ShapeOf<SnapshotListing>);

const identity = {
  instance: z.string(),
  host: text,
  bootId: text,
  pidNamespace: text,
  pid: number,
  processStart: text,
  rawSessionId: text,
} satisfies ShapeOf<WriterIdentity>;

const journalFactsSchema = z.object({
  incarnation: z.number(),
  instance: text,
  lengthBytes: z.number(),
  lastSeq: z.number(),
  lastRecordMs: number,
  ended: z.optional(z.object({ status: z.enum(summaryStatuses), timeMs: z.number(), error: text })),
  crashed: z.optional(z.object({ timeMs: z.number(), reason: text })),
  waiting: z.optional(z.object({ sinceMs: z.number(), reason: z.string() })),
  recordCount: z.number(),
  lostCount: z.number(),
  hasTornTail: z.optional(z.boolean()),
} satisfies ShapeOf<JournalFacts>);

const journalSchema = z.object({
  ...header,
  problem: z.optional(problemSchema),
  facts: journalFactsSchema,
  wholeFromSeq: number,
  identity: z.optional(z.object(identity)),
} satisfies ShapeOf<JournalListing>);

const liveMarkerSchema = z.object({ ...identity, incarnation: number } satisfies ShapeOf<LiveMarker>);
const crashMarkerSchema = z.object({
  incarnation: number,
  timeMs: number,
  reason: text,
  journalBytes: number,
} satisfies ShapeOf<CrashMarker>);

const contentSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), listing: snapshotSchema }),
  z.object({ type: z.literal("journal"), incarnation: z.number(), listing: journalSchema }),
  z.object({ type: z.literal("live"), marker: liveMarkerSchema }),
  z.object({ type: z.literal("crash"), marker: crashMarkerSchema, of: liveMarkerSchema }),
]);

/** Undefined for what has another shape. */
export function parseRememberedContent(value: unknown): RememberedContent | undefined {
  const { data } = contentSchema.safeParse(value);
  if (data?.type !== "journal") return data;
  const { listing } = data;
  return { ...data, listing: { ...listing, problem: listing.problem, identity: listing.identity } };
}
