// A duration as a playbook has it, which is a number of seconds or a text.

import * as z from "zod/mini";
import { durationMs, durationPattern, durationWords } from "./durations";

/** Also what a JSON schema can say of it: the pattern. */
export const durationSchema = z.union(
  [
    z.number().check(
      z.positive(`must be ${durationWords}, more than none`),
      z.refine((seconds) => durationMs(seconds) !== undefined, "must be at most 24 days"),
    ),
    z.string().check(
      z.regex(new RegExp(`${durationPattern.source}|^\\d+(\\.\\d+)?$`), {
        error: `must be ${durationWords}`,
        abort: true,
      }),
      z.refine((text) => durationMs(text) !== undefined, { error: "must be at most 24 days", abort: true }),
      z.refine((text) => (durationMs(text) ?? 0) > 0, "must be more than none"),
    ),
  ],
  { error: `must be ${durationWords}` },
);
