// The state and the failing step of every sample trace, as a person would see them.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeState } from "../../src/trace/describeState";
import { readSession } from "../../src/trace/readSession";
import { parseTraceFileName } from "../../src/trace/safeId";
import { deriveState } from "../../src/trace/state";
import { failuresOf } from "./spanOutline";

const folder = new URL("../fixtures/trace-v2/", import.meta.url);

function load(name: string, mtimeMs: number) {
  const bytes = new Uint8Array(readFileSync(new URL(name, folder)));
  const parsed = parseTraceFileName(name);
  const safeId = parsed.type === "snapshot" ? parsed.safeId : name;
  return readSession({ safeId, journals: [], snapshot: { name, bytes, mtimeMs } }, () => "unknown");
}

/** The session as it looked `laterMs` after the last time that it names, with a file written then. */
function describeSample(name: string, laterMs: number): string {
  const { lastActivityMs = 0 } = load(name, 0).evidence;
  const { trace, evidence } = load(name, lastActivityMs + 500);
  const now = lastActivityMs + laterMs;
  const state = deriveState(evidence, now);
  const { label, detail } = describeState(state, now);
  const { failingStep, failures, recovered } = failuresOf(trace.spans, state);
  const step = failingStep && trace.spans[failingStep.row];
  return [
    `${label}${detail ? ` (${detail})` : ""}`,
    step ? `${failingStep.rule} ${step.name} #${failingStep.row}` : "no failing step",
    `${failures.length} failures, ${recovered.length} recovered`,
  ].join("; ");
}

describe("the samples", () => {
  // The failed call of the first one is followed by successes of the same tool with other commands; the run completed.
  const expected: Record<string, string> = {
    "ses_completed_tax_rounding.json": "Completed; no failing step; 0 failures, 1 recovered",
    "ses_crashed_migration.json": "Crashed; in-progress generation-step-7 #28; 1 failures, 0 recovered",
    "ses_damaged_empty.json":
      "Unknown (nothing of the session can be read; last write 0 s ago); no failing step; 0 failures, 0 recovered",
    "ses_damaged_nul_tail.json":
      "Unknown (the file ends in the middle; last write 1 s ago); last-unrecovered bash #16; 1 failures, 0 recovered",
    "ses_damaged_truncated.json":
      "Unknown (the file ends in the middle; last write 1 s ago); last-unrecovered bash #16; 1 failures, 0 recovered",
    "ses_failed_dbt_build.json": "Failed; failed-path dbt.parse #17; 2 failures, 0 recovered",
    "ses_live_refactor.json": "Running; no failing step; 0 failures, 0 recovered",
    "ses_loop_same_call.json": "Failed; last-unrecovered bash #16; 8 failures, 0 recovered",
    "ses_two_bursts_7h.json": "Completed; no failing step; 0 failures, 0 recovered",
  };
  it("are all expected here", () => {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    expect(names.sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))("%s is %s", (name, text) => {
    expect(describeSample(name, 1000)).toBe(text);
  });

  it("calls the live one unknown once it is old, never completed", () => {
    expect(describeSample("ses_live_refactor.json", 3 * 3_600_000)).toBe(
      "Unknown (claims “completed”, but its root span has no end; last write 3 h ago); no failing step; 0 failures, 0 recovered",
    );
  });
});
