// A step's result as a checkpoint keeps it: its output is bounded, and its JSON is left out where the output tells it. What
// was cut says so, because later steps of a resumed run don't get what they would have got.

import { isDeepStrictEqual } from "node:util";
import { outputJson } from "../playbook/stepResult";
import type { StepResult } from "../steps/runEvent";
import type { KeptResult } from "./checkpointSchema";

/** Of the output of a step, and of its JSON where the output is another text: so many characters, of the output the last. */
export const mostKeptLength = 256 * 1024;

export function keptResult(result: StepResult): Readonly<Record<string, unknown>> {
  const { json, output, ...values } = result.values;
  const isLong = output.length > mostKeptLength;
  const told = outputJson(output);
  const hasJson = json !== undefined;
  const isTold = hasJson && !isLong && isDeepStrictEqual(told, json);
  const isJsonLong = hasJson && !isTold && (JSON.stringify(json)?.length ?? 0) > mostKeptLength;
  const own = hasJson && !isTold && !isJsonLong ? { json } : {};
  return {
    ...result,
    values: { ...values, output: isLong ? output.slice(-mostKeptLength) : output, ...own },
    ...(hasJson || told === undefined ? {} : { hasNoJson: true }),
    ...(isLong || isJsonLong ? { isCut: true } : {}),
  };
}

export function restoredResult({ hasNoJson, values, ...result }: KeptResult): StepResult {
  const { json, ...rest } = values;
  const given =
    json !== undefined ? json : hasNoJson === true || result.isCut === true ? undefined : outputJson(rest.output);
  return { ...result, values: { ...rest, json: given } } as StepResult;
}
