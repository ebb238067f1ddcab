// The bodies of the batch API that are one JSON object: read whole, within limits, and checked.

import type { IncomingMessage } from "node:http";
import * as z from "zod/mini";
import { describeIssue } from "../../batch/describeIssue";
import { OtlpFault } from "../../importers/otlpFault";
import { parseOtlpJson } from "../../importers/otlpJson";
import { BodyReader, decodeBody, refuseEncoding } from "../otlpBody";
import { type BatchRefusal, refusal } from "./batchAnswer";

/** As at trigger.dev. */
const mostKeyLength = 2_048;
const text = (most: number) => z.optional(z.string().check(z.maxLength(most)));

/** The first phase. `name`, `parentSession` and `settings` are ours. */
export const createSchema = z.object({
  runCount: z.number(),
  parentRunId: text(200),
  resumeParentOnCompletion: z.optional(z.boolean()),
  idempotencyKey: text(mostKeyLength),
  name: text(200),
  parentSession: text(200),
  settings: z.optional(
    z.object({
      concurrency: z.optional(z.number()),
      maxAttempts: z.optional(z.number()),
      backoffMs: z.optional(z.number()),
      backoffFactor: z.optional(z.number()),
      maxBackoffMs: z.optional(z.number()),
    }),
  ),
});

export const controlSchema = z.object({
  /** Who asks, for the batch's log. */
  by: text(200),
  /** Of `retry`: all that failed where it is left out. */
  indexes: z.optional(z.array(z.int().check(z.minimum(0))).check(z.maxLength(100_000))),
});

export interface JsonBodyLimits {
  /** Of the bodies of all requests together. */
  readonly allBodiesBytes: number;
  readonly bodyMs: number;
}

export type JsonBody<T> =
  | { readonly type: "body"; readonly value: T }
  | { readonly type: "refused"; readonly answer: BatchRefusal }
  | { readonly type: "gone" };

export class JsonBodies {
  readonly #limits: JsonBodyLimits;
  readonly #readers = new Map<number, BodyReader>();

  constructor(limits: JsonBodyLimits) {
    this.#limits = limits;
  }

  /** @param mostBytes of the body, before and after decompression */
  async read<T>(request: IncomingMessage, schema: z.ZodMiniType<T>, mostBytes: number): Promise<JsonBody<T>> {
    const refused = refuseHead(request);
    if (refused !== undefined) return { type: "refused", answer: refused };
    const body = await this.#reader(mostBytes).read(request);
    if (body.type === "gone") return body;
    if (body.type === "refused") return { type: "refused", answer: refusal(body.status, body.message, body.headers) };
    const decoded = await decodeBody(body.bytes, encodingOf(request), mostBytes).finally(body.release);
    if (!Buffer.isBuffer(decoded)) {
      return { type: "refused", answer: refusal(decoded.status, decoded.message, decoded.headers) };
    }
    return parsed(decoded, schema);
  }

  #reader(bodyBytes: number): BodyReader {
    const reader = this.#readers.get(bodyBytes) ?? new BodyReader({ ...this.#limits, bodyBytes });
    this.#readers.set(bodyBytes, reader);
    return reader;
  }
}

function parsed<T>(bytes: Buffer, schema: z.ZodMiniType<T>): JsonBody<T> {
  let value: unknown;
  try {
    value = parseOtlpJson(bytes);
  } catch (error) {
    if (!(error instanceof OtlpFault)) throw error;
    return { type: "refused", answer: refusal(400, `The body ${error.message}`) };
  }
  const checked = schema.safeParse(value);
  if (checked.success) return { type: "body", value: checked.data };
  return { type: "refused", answer: refusal(422, describeIssue(checked.error.issues)) };
}

function refuseHead(request: IncomingMessage): BatchRefusal | undefined {
  if (mediaTypeOf(request) !== "application/json") return refusal(415, "The body must be application/json");
  const encoding = refuseEncoding(encodingOf(request));
  return encoding && refusal(encoding.status, encoding.message, encoding.headers);
}

export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

export function encodingOf(request: IncomingMessage): string {
  return (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
}
