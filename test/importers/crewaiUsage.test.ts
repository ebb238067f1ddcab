import { expect, test } from "vitest";
import { crewTokens } from "../../src/importers/crewaiUsage";

const counts = (usage: unknown) => {
  const tokens = crewTokens(usage);
  if (tokens === undefined) return undefined;
  const { input, output, reasoning, cacheRead, cacheWrite, total } = tokens;
  expect(total).toBe(input + output + reasoning + cacheRead + cacheWrite);
  return [input, output, reasoning, cacheRead, cacheWrite];
};

test.each([
  [
    "OpenAI and Azure, which count within",
    { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150, cached_prompt_tokens: 40, reasoning_tokens: 20 },
    [60, 30, 20, 40, 0],
  ],
  [
    "OpenAI as it answers",
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens_details: { reasoning_tokens: 20 },
    },
    [60, 30, 20, 40, 0],
  ],
  [
    "Anthropic, to whose input crewAI adds what is cached",
    { input_tokens: 100, output_tokens: 50, total_tokens: 150, cached_prompt_tokens: 40, cache_creation_tokens: 10 },
    [50, 50, 0, 40, 10],
  ],
  [
    "Anthropic in older releases, which did not",
    { input_tokens: 50, output_tokens: 50, total_tokens: 100, cached_prompt_tokens: 40 },
    [50, 50, 0, 40, 0],
  ],
  [
    "Gemini, with the sum of its candidates and its thoughts beside them",
    {
      prompt_token_count: 100,
      candidates_token_count: 30,
      completion_tokens: 50,
      total_token_count: 150,
      total_tokens: 150,
      cached_prompt_tokens: 40,
      reasoning_tokens: 20,
    },
    [60, 30, 20, 40, 0],
  ],
  [
    "Gemini as it answers",
    { prompt_token_count: 100, candidates_token_count: 30, thoughts_token_count: 20, cached_content_token_count: 40 },
    [60, 30, 20, 40, 0],
  ],
  [
    "Bedrock, which counts beside",
    { inputTokens: 50, outputTokens: 50, totalTokens: 150, cacheReadInputTokens: 40, cacheWriteInputTokens: 10 },
    [50, 50, 0, 40, 10],
  ],
  ["more that is cached than there is", { prompt_tokens: 10, cached_prompt_tokens: 40 }, [0, 0, 0, 40, 0]],
  ["a call that reports no tokens", { total_tokens: 0 }, undefined],
  ["wrong types", { prompt_tokens: "100", completion_tokens: -1, prompt_tokens_details: 5 }, undefined],
  ["nothing", null, undefined],
])("the tokens of %s", (_who, usage, expected) => {
  expect(counts(usage)).toEqual(expected);
});
