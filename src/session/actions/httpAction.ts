// The action `http`: one request and its answer.

import * as z from "zod/mini";
import { filledTextSchema, scalarSchema } from "./actionDefinition";
import type { ActionRunner } from "./actionRunner";

export const httpMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

const scalars = z.record(z.string(), scalarSchema);

const schema = z.strictObject({
  method: z.optional(z.enum(httpMethods)),
  url: filledTextSchema,
  headers: z.optional(scalars),
  query: z.optional(
    z.record(
      z.string(),
      z.union([scalarSchema, z.array(scalarSchema)], { error: "must be a value or a list of values" }),
    ),
  ),
  json: z.optional(z.unknown()),
  body: z.optional(z.string()),
  form: z.optional(scalars),
  redirects: z.optional(z.int().check(z.minimum(0, "must be 0 to 20"), z.maximum(20, "must be 0 to 20"))),
});

export const httpAction = {
  summary: "Sends an HTTP request. Status, headers and body of the answer are recorded.",
  schema,
  runner: async (): Promise<ActionRunner<z.infer<typeof schema>>> => (await import("./requestRunner")).runRequest,
  atMostOne: ["json", "body", "form"],
  describe: {
    method: "GET by default, POST where there is a `json`, `body` or `form`.",
    url: "Where to send it. In its path and its query the value of a `{param}` is percent-encoded.",
    headers: "Headers of the request.",
    query: "Added to the address; a list adds its name once for each value.",
    json: "The body as JSON. A text that is nothing but a `{param}` becomes the value with its type.",
    body: "The body as text.",
    form: "The body as fields of a form.",
    redirects: "How many redirects are followed: 0 to 20, 5 by default.",
  },
} as const;
