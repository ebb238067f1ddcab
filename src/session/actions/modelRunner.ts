// Asks a model on an endpoint that speaks OpenAI's protocol: one chat completion. The key goes into the request and
// nowhere else.

import * as z from "zod/mini";
import type { Usage } from "../steps/runEvent";
import type { ActionContext, ActionResult, ActionServices } from "./actionRunner";
import { fetchFailure, shortUrl } from "./fetchFailure";
import { parsedJson } from "./keptOutput";
import { readLimited } from "./limitedBody";

export interface ModelMessage {
  readonly role: "system" | "developer" | "user" | "assistant";
  readonly content: string;
}

export interface ModelInput {
  readonly base_url: string;
  readonly model: string;
  readonly messages?: ModelMessage[] | undefined;
  readonly prompt?: string | undefined;
  readonly system?: string | undefined;
  readonly key_env?: string | undefined;
  readonly key_secret?: string | undefined;
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
  readonly json?: boolean | undefined;
  readonly extra?: Record<string, unknown> | undefined;
  readonly price?: { readonly input: number; readonly output: number } | undefined;
}

const mostAnswerBytes = 16 * 1024 * 1024;
/** Of an answer that is no JSON so much is told. */
const toldLength = 500;

const count = z.optional(z.nullable(z.number()));
const completionSchema = z.object({
  id: z.optional(z.nullable(z.string())),
  model: z.optional(z.nullable(z.string())),
  choices: z.array(
    z.object({
      finish_reason: z.optional(z.nullable(z.string())),
      message: z.object({
        content: z.optional(z.nullable(z.string())),
        refusal: z.optional(z.nullable(z.string())),
      }),
    }),
  ),
  usage: z.optional(
    z.nullable(
      z.object({
        prompt_tokens: count,
        completion_tokens: count,
        prompt_tokens_details: z.optional(z.nullable(z.object({ cached_tokens: count }))),
        completion_tokens_details: z.optional(z.nullable(z.object({ reasoning_tokens: count }))),
      }),
    ),
  ),
});
type Completion = z.infer<typeof completionSchema>;

export async function runModel(input: ModelInput, context: ActionContext): Promise<ActionResult> {
  const { texts, services, stop } = context;
  const model = texts.fill(input.model);
  const messages = messagesOf(input, context);
  const { temperature, max_tokens, json, extra } = input;
  const url = `${texts.fill(input.base_url).replace(/\/+$/, "")}/chat/completions`;
  const body = {
    ...(texts.fillTyped(extra ?? {}) as Readonly<Record<string, unknown>>),
    model,
    messages,
    ...(temperature === undefined ? {} : { temperature }),
    ...(max_tokens === undefined ? {} : { max_tokens }),
    ...(json === true ? { response_format: { type: "json_object" } } : {}),
  };
  context.begin({ kind: "generation", name: `chat ${model}`, input: messages, model });
  const key = keyOf(input, context);
  if (typeof key === "object") return { failure: key.failure, output: "" };
  const attributes = { "server.address": shortUrl(services.mask.text(url)), "gen_ai.request.model": model };
  try {
    const response = await services.fetch(url, {
      method: "POST",
      // A key must not follow to wherever an endpoint points.
      redirect: "error",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(body),
      signal: stop.signal,
    });
    const pieces: Buffer[] = [];
    const { isTooLong } = await readLimited(response.body, mostAnswerBytes, (bytes) => pieces.push(bytes));
    if (isTooLong) return { failure: "the answer is longer than 16 MiB", output: "", attributes };
    const text = Buffer.concat(pieces).toString("utf8");
    if (!response.ok) {
      return { failure: refusal(response, text, services), output: "", status: response.status, attributes };
    }
    return {
      ...answerOf(text, input, services),
      status: response.status,
      attributes: { ...attributes, ...idsOf(text) },
    };
  } catch (error) {
    return { failure: fetchFailure(error, services.mask.text(url)), output: "", attributes };
  }
}

function messagesOf({ system, prompt, messages = [] }: ModelInput, { texts }: ActionContext): ModelMessage[] {
  const all = [
    ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
    ...messages,
    ...(prompt === undefined ? [] : [{ role: "user" as const, content: prompt }]),
  ];
  return all.map(({ role, content }) => ({ role, content: texts.fill(content) }));
}

/** Undefined where none is asked for. */
function keyOf(
  input: ModelInput,
  { texts, services }: ActionContext,
): string | { readonly failure: string } | undefined {
  const { key_env, key_secret } = input;
  let key: string | undefined;
  if (key_env !== undefined) {
    const name = texts.fill(key_env);
    key = services.environment[name];
    if (!key) return { failure: `the environment variable ${name}, which is to hold the key, is not set` };
  } else if (key_secret !== undefined) {
    const name = texts.fill(key_secret);
    key = services.secret(name);
    if (!key) return { failure: `there is no key "${name}" in the secret storage` };
  }
  if (key !== undefined) services.mask.add(key);
  return key?.trim();
}

function answerOf(
  text: string,
  input: ModelInput,
  { mask }: Pick<ActionServices, "mask">,
): Pick<ActionResult, "failure" | "output" | "json" | "recordedOutput" | "usage" | "finishReason"> {
  const parsed = completionSchema.safeParse(parsedJson(text));
  if (!parsed.success) {
    return { failure: `the answer is no chat completion: ${mask.text(text).slice(0, toldLength)}`, output: "" };
  }
  const usage = usageOf(parsed.data, input);
  const [choice] = parsed.data.choices;
  const { content, refusal } = choice?.message ?? {};
  const finishReason = choice?.finish_reason ?? undefined;
  const facts = {
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
  };
  if (refusal) return { ...facts, failure: `the model refused: ${refusal}`, output: "", recordedOutput: refusal };
  if (typeof content !== "string") return { ...facts, failure: "the model answered without a text", output: "" };
  const json = parsedJson(withoutFence(content));
  const result = { ...facts, output: content, recordedOutput: content, json };
  if (input.json !== true || json !== undefined) return result;
  const why = finishReason === "length" ? ": it ended at the most tokens that were allowed" : "";
  return { ...result, failure: `the model's answer is no JSON${why}` };
}

/** Some models put it into a block of Markdown, although they were asked for JSON alone. */
function withoutFence(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/i.exec(text)?.[1] ?? text;
}

function idsOf(text: string): Readonly<Record<string, unknown>> {
  const { data } = completionSchema.safeParse(parsedJson(text));
  return { "gen_ai.response.id": data?.id ?? undefined, "gen_ai.response.model": data?.model ?? undefined };
}

function usageOf({ usage }: Completion, { price }: ModelInput): Usage | undefined {
  if (usage === undefined || usage === null) return undefined;
  const input = usage.prompt_tokens ?? 0;
  const output = usage.completion_tokens ?? 0;
  const cacheRead = Math.min(input, usage.prompt_tokens_details?.cached_tokens ?? 0);
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  // The five counts of a trace add up, while the protocol's own hold each other.
  const tokens = {
    input: input - cacheRead,
    output: Math.max(0, output - reasoning),
    reasoning,
    cacheRead,
    cacheWrite: 0,
  };
  if (price === undefined) return { tokens };
  return { tokens, costUsd: (input * price.input + output * price.output) / 1_000_000 };
}

/** What the server says of itself, as far as it says something. */
function refusal({ status, statusText }: Response, text: string, { mask }: Pick<ActionServices, "mask">): string {
  const errorSchema = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });
  const parsed = errorSchema.safeParse(parsedJson(text));
  const { error } = parsed.data ?? {};
  const message =
    error === undefined
      ? mask.text(text.trim()).slice(0, toldLength)
      : typeof error === "string"
        ? error
        : error.message;
  const name = statusText === "" ? String(status) : `${status} ${statusText}`;
  return message === "" ? `the server answered ${name}` : `the server answered ${name}: ${message}`;
}
