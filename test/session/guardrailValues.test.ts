import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { guardrailSettingsOf, guardrailValues } from "../../src/session/guardrailValues";
import { defaultGuardrails } from "../../src/trace/guardrails/guardrail";

const settingsOf = (values: Parameters<typeof guardrailSettingsOf>[0]) => guardrailSettingsOf(values);

describe("the settings of guardrails", () => {
  it("are the defaults where nothing is set", () => {
    expect(settingsOf({})).toEqual({ settings: defaultGuardrails, problems: [] });
    expect(defaultGuardrails).toEqual({
      consecutiveErrors: 5,
      window: 12,
      repeats: { hint: 3, warn: 5, stop: 7 },
      cycle: { maxLength: 3, times: 3 },
      stuckRevisitGap: 5,
      failureCluster: { failures: 3, window: 5 },
      budget: {},
    });
  });

  it("are the defaults that the manifest names", () => {
    const properties = manifest.contributes.configuration.properties as Record<string, { default?: unknown }>;
    const values = guardrailValues.map((value) => [value, properties[`tracekeeper.guardrails.${value}`]?.default]);
    expect(values.every(([, value]) => value !== undefined)).toBe(true);
    const { settings, problems } = settingsOf(Object.fromEntries(values));
    expect(problems).toEqual([]);
    expect(settings).toEqual({
      ...defaultGuardrails,
      budget: { timeMs: undefined, costUsd: undefined, tokens: undefined },
    });
  });

  it("may be set in part", () => {
    const { settings, problems } = settingsOf({
      repeats: { warn: 6 },
      cycle: { length: 2 },
      budget: { time: "1h30m", tokens: 5_000 },
      stuckRevisitGap: 50,
    });
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      repeats: { hint: 3, warn: 6, stop: 7 },
      cycle: { maxLength: 2, times: 3 },
      stuckRevisitGap: 50,
      budget: { timeMs: 5_400_000, tokens: 5_000 },
    });
  });

  it("keep what is sound beside what is not", () => {
    const { settings, problems } = settingsOf({ window: "many", consecutiveErrors: 9, budget: { time: "soon" } });
    expect(settings).toEqual({ ...defaultGuardrails, consecutiveErrors: 9 });
    expect(problems.map(({ value }) => value)).toEqual(["window", "budget"]);
  });

  it.each([
    [{ stuckRevisitGap: 51 }, "stuckRevisitGap", '"stuck_revisit_gap" is 51; it has to be a whole number from 1 to 50'],
    [{ stuckRevisitGap: 0 }, "stuckRevisitGap", '"stuck_revisit_gap" is 0; it has to be a whole number from 1 to 50'],
    [{ window: 4 }, "repeats", '"repeats.stop" is 7; it can\'t be more than "window", which is 4'],
    [{ budget: { cost: -1 } }, "budget", '"budget.cost" is -1; it has to be more than 0'],
  ])("fall back as a whole where they don't fit: %j", (values, value, message) => {
    expect(settingsOf(values)).toEqual({ settings: defaultGuardrails, problems: [{ value, message }] });
  });
});
