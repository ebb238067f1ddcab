// What stands above a playbook of its last run.

import { describe, expect, it, vi } from "vitest";

vi.mock("vscode", () => ({
  l10n: { t: (text: string, ...values: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(values[Number(at)])) },
}));

import { lastRunWords } from "../../../src/host/playbook/playbookLenses";
import type { LaunchedPlaybook } from "../../../src/store/launchedPlaybook";
import type { SessionEntry } from "../../../src/store/sessionEntry";
import type { SessionState } from "../../../src/trace/state";

const nowMs = 10 * 60_000;
const killed: SessionState = { status: "crashed", reasons: [{ type: "killed" }] };

function words(state: SessionState, playbook: Partial<LaunchedPlaybook> = {}): string {
  const entry = { endedMs: nowMs - 2 * 60_000, state, playbook: { path: "p", ...playbook } };
  return lastRunWords(entry as SessionEntry, nowMs);
}

describe("the last run of a playbook", () => {
  it.each<[string, SessionState, Partial<LaunchedPlaybook>]>([
    [
      "failed at step 4, 2 min ago",
      { status: "failed", reasons: [] },
      { failedStep: 3, lastStep: { index: 3, isOver: true } },
    ],
    ["killed at step 4, 2 min ago", killed, { lastStep: { index: 3, isOver: false } }],
    ["killed, 2 min ago", killed, { lastStep: { index: 3, isOver: true } }],
    ["killed, 2 min ago", killed, {}],
    ["crashed at step 1, 2 min ago", { status: "crashed", reasons: [] }, { lastStep: { index: 0, isOver: false } }],
    ["completed, 2 min ago", { status: "completed", reasons: [] }, { lastStep: { index: 3, isOver: true } }],
    ["unknown, 2 min ago", { status: "unknown", reasons: [] }, { lastStep: { index: 3, isOver: false } }],
    ["running", { status: "running", reasons: [] }, { lastStep: { index: 3, isOver: false } }],
  ])("is told as: %s", (expected, state, playbook) => {
    expect(words(state, playbook)).toBe(`Last run: ${expected}`);
  });
});
