// The action `batch`: a set of runs triggered together. Its name is reserved: a playbook that uses it is told so at its
// line instead of being told of an unknown word.

import * as z from "zod/mini";

const unavailable = "batches are not there yet";

export const batchAction = {
  summary: "A set of runs triggered together. Batches are not there yet.",
  schema: z.strictObject({}),
  describe: {},
  runner: async () => async () => ({ failure: unavailable, output: "" }),
  unavailable,
} as const;
