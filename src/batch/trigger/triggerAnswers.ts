// What is read of a trigger.dev installation's answers. Everything else in them may be as it likes.

import * as z from "zod/mini";

export type Schema<T> = z.ZodMiniType<T> | undefined;

const text = z.string();

export const createdSchema = z.object({ id: text, isCached: z.boolean() });
export type CreatedRemotely = z.infer<typeof createdSchema>;

export const streamedSchema = z.object({
  sealed: z.boolean(),
  enqueuedCount: z._default(z.number(), 0),
  expectedCount: z._default(z.number(), 0),
});

export const uploadSchema = z.object({ presignedUrl: text, storagePath: text });

export const remoteBatchSchema = z.object({
  status: text,
  processing: z.object({
    /** Set once each item has a run, or is known to get none. */
    completedAt: z.optional(z.nullable(text)),
    errors: z.array(z.object({ index: z.int(), error: text, errorCode: z.optional(text) })),
  }),
});
export type RemoteBatch = z.infer<typeof remoteBatchSchema>;

const runFields = {
  id: text,
  status: text,
  taskIdentifier: text,
  createdAt: text,
  isCompleted: z.boolean(),
  isSuccess: z.boolean(),
  tags: z._default(z.array(text), []),
};

const listedRunSchema = z.object(runFields);
export type RemoteRun = z.infer<typeof listedRunSchema>;

export const runPageSchema = z.object({
  data: z.array(listedRunSchema),
  pagination: z.object({ next: z.optional(text) }),
});

export const remoteRunSchema = z.object({
  ...runFields,
  attemptCount: z._default(z.number(), 0),
  error: z.optional(z.nullable(z.object({ message: z._default(text, "") }))),
});
export type RemoteRunDetails = z.infer<typeof remoteRunSchema>;
