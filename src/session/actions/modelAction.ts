// The action `model`: a chat completion on any endpoint that speaks OpenAI's protocol. The key is never in the file: a
// variable of the environment or an entry of the secret storage is named.

import * as z from "zod/mini";
import { filledTextSchema } from "./actionDefinition";
import type { ActionRunner } from "./actionRunner";

export const messageRoles = ["system", "developer", "user", "assistant"] as const;

const price = z.number().check(z.nonnegative("must not be negative"));

const schema = z.strictObject({
  base_url: filledTextSchema,
  model: filledTextSchema,
  messages: z.optional(
    z
      .array(z.strictObject({ role: z.enum(messageRoles), content: z.string() }))
      .check(z.minLength(1, "must hold a message")),
  ),
  prompt: z.optional(filledTextSchema),
  system: z.optional(z.string()),
  key_env: z.optional(filledTextSchema),
  key_secret: z.optional(filledTextSchema),
  temperature: z.optional(z.number().check(z.nonnegative("must not be negative"))),
  max_tokens: z.optional(z.int().check(z.positive("must be 1 or more"))),
  json: z.optional(z.boolean()),
  extra: z.optional(z.record(z.string(), z.unknown())),
  price: z.optional(z.strictObject({ input: price, output: price })),
});

export const modelAction = {
  summary: "Asks a language model on an OpenAI-compatible endpoint. Its answer, tokens and cost are recorded.",
  schema,
  runner: async (): Promise<ActionRunner<z.infer<typeof schema>>> => (await import("./modelRunner")).runModel,
  exactlyOne: ["messages", "prompt"],
  atMostOne: ["key_env", "key_secret"],
  describe: {
    base_url: "Address of the endpoint without `/chat/completions`, such as `https://api.openai.com/v1`.",
    model: "The model's name, as the endpoint knows it.",
    messages: "The conversation: a list of `role` and `content`.",
    prompt: "What the person says: short for one message of the role `user`.",
    system: "What stands before the conversation as a message of the role `system`.",
    key_env: "Name of the environment variable that holds the key. The key itself is never written.",
    key_secret: "Name of the key in VS Code's secret storage. The key itself is never written.",
    temperature: "How freely the model chooses; the endpoint's own default where it is left out.",
    max_tokens: "The longest answer, in tokens.",
    json: "Asks for an answer that is a JSON object, so that `{steps.<id>.json}` and `expect.json` work.",
    extra: "More fields of the request, as the endpoint knows them.",
    price: "What tokens cost, in US dollars for a million: without it, no cost is shown.",
    "price.input": "US dollars for a million tokens that are sent.",
    "price.output": "US dollars for a million tokens of the answer.",
  },
} as const;

/** For `recover`: what to say is ours where the playbook leaves it out. */
export const modelRecovery = { ...modelAction, exactlyOne: [], atMostOne: ["messages", "prompt"] } as const;
