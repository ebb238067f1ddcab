// The question of a panel for the loops of a trace, and its answer.

import * as z from "zod/mini";
import { guardrailLevels, guardrailPatterns } from "../trace/guardrails/guardrail";
import type { LoopView } from "../trace/guardrails/loopViews";

const whole = z.number().check(z.int(), z.nonnegative());

export const loopsRequestSchema = z.object({
  method: z.literal("loops"),
  id: whole,
  params: z.object({ epoch: whole }),
});

/** See `LoopView`; rows as they are sent. */
export type SentLoop = Omit<LoopView, "rows"> & { readonly rows: Int32Array };

const loopSchema: z.ZodMiniType<SentLoop> = z.object({
  pattern: z.enum(guardrailPatterns),
  isLoop: z.boolean(),
  tool: z.string(),
  label: z.string(),
  length: z.number(),
  count: z.number(),
  failures: z.number(),
  rows: z.custom<Int32Array>((value) => value instanceof Int32Array, "expected an Int32Array"),
  told: z.optional(
    z.object({
      level: z.enum(guardrailLevels),
      message: z.string(),
      at: z.array(z.object({ row: whole, level: z.enum(guardrailLevels), message: z.string() })),
    }),
  ),
});

/** In the order in which they began. */
export const loopsResultSchema = z.object({
  revision: whole,
  loops: z.array(loopSchema),
  /** So long the panel waits before it asks again. */
  restMs: z.number(),
});
export type LoopsResult = z.infer<typeof loopsResultSchema>;
