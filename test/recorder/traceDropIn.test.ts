// The same calls as altimate-code's recorder (v0.8.10) got, and the trace that it wrote, field by field. Where ours is
// another one on purpose, the difference stands here and in docs/trace-format.md.

import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import { safeId } from "../../src/trace/safeId";
import { makeTempDir } from "../support/tempDir";
import { type ComparableTrace, comparable } from "./dropInTrace";

interface Scenario {
  readonly name: string;
  readonly sessionId: string;
  readonly calls: readonly (readonly [method: string, ...args: unknown[]])[];
}

interface Expected extends ComparableTrace {
  readonly results: readonly unknown[];
}

type Fields = Record<string, unknown>;

const fixtures = resolve(import.meta.dirname, "../fixtures/dropIn");
const scenarios = JSON.parse(readFileSync(join(fixtures, "scenarios.json"), "utf8")) as Scenario[];
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as Record<string, Expected>;

/** Changes what altimate-code's recorder wrote into what we write. */
const differences: Readonly<Record<string, (trace: Expected) => void>> = {
  // Nothing is cut.
  "long texts": ({ spans }) => {
    for (const span of spans) {
      for (const field of ["input", "output"] as const) {
        const text = span[field] as { length?: number; start?: string } | undefined;
        if (text?.length === 4_000) text.length = 4_800;
        if (text?.length === 10_000) text.length = 11_000;
      }
    }
  },
  // A call that ends before it begins takes no time away from the others.
  "tools without a step": ({ summary }) => {
    const tools = summary["topTools"] as { name: string; totalDuration: number }[];
    for (const tool of tools) tool.totalDuration = Math.max(0, tool.totalDuration);
  },
  // The tools are counted in a crash, too.
  "a crash with a reason": ({ summary }) => {
    summary["topTools"] = [{ name: "bash", count: 1, totalDuration: 1 }];
  },
  // A step that was begun again without an end keeps its text.
  "calls in the wrong order": ({ spans }) => {
    (spans[1] as Fields)["output"] = "left open";
  },
};

describe("Trace writes what altimate-code's recorder writes", () => {
  test.each(scenarios)("$name", async ({ name, sessionId, calls }) => {
    await using folder = await makeTempDir();
    const known = structuredClone(expected[name]) as Expected;
    differences[name]?.(known);
    const results = await play(calls, () => Trace.withExporters([new FileExporter(folder.path)]));
    const trace: unknown = JSON.parse(readFileSync(folder.join(`${safeId(sessionId)}.json`), "utf8"));
    expect({ results, ...comparable(trace) }).toEqual(known);
  });

  test("there is a difference only for scenarios that exist", () => {
    expect(Object.keys(expected).sort()).toEqual(scenarios.map(({ name }) => name).sort());
    for (const name of Object.keys(differences)) expect(expected).toHaveProperty([name]);
  });
});

/** What the calls with a result gave back; of a path its last part. */
async function play(calls: Scenario["calls"], make: () => Trace): Promise<unknown[]> {
  let trace = make();
  const results: unknown[] = [];
  for (const [method, ...args] of calls) {
    if (method === "newTrace") {
      trace = make();
      continue;
    }
    const call = (trace as unknown as Record<string, (...args: unknown[]) => unknown>)[method];
    const result: unknown = await call?.apply(trace, args.map(decode));
    if (method !== "endTrace" && method !== "rehydrateFromFile") continue;
    results.push([method, typeof result === "string" ? basename(result) : (result ?? null)]);
  }
  return results;
}

/** Values that JSON has no words for. */
function decode(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  const { $value, $repeat, times } = value as { $value?: string; $repeat?: string; times?: number };
  if ($repeat !== undefined) return $repeat.repeat(times ?? 0);
  switch ($value) {
    case undefined:
      return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, decode(field)]));
    case "NaN":
      return Number.NaN;
    case "Infinity":
      return Number.POSITIVE_INFINITY;
    case "bigint":
      return 12n;
    case "function":
      return () => "f";
    case "circular": {
      const circle: Fields = { a: 1 };
      circle["self"] = circle;
      return circle;
    }
    default:
      return undefined;
  }
}
