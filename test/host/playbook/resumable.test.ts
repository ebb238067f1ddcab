import { describe, expect, it } from "vitest";
import { sessionToResume } from "../../../src/host/playbook/run/resumable";
import type { SessionEntry } from "../../../src/store/sessionEntry";

const path = "/home/ann/sample.playbook.yaml";

function run(id: string, endedMs: number, status: "completed" | "failed", resumedFrom?: string): SessionEntry {
  return {
    directory: "/traces",
    safeId: id,
    key: `/traces/${id}.json`,
    sessionId: id,
    endedMs,
    modifiedMs: endedMs,
    sizeBytes: 1,
    state: { status, reasons: [] },
    files: [`${id}.json`],
    playbook: { path, resumedFrom },
  };
}

describe("the session that is offered to be resumed", () => {
  it("is the newest of those that went on one after the other, whichever of them ended last", () => {
    const runs = [run("first", 30, "failed"), run("second", 20, "failed", "first"), run("other", 10, "failed")];
    expect(sessionToResume(runs, path)).toBe("/traces/second.json");
  });

  it("is one of a playbook in whose path a secret was masked", () => {
    const masked = { ...run("first", 30, "failed"), playbook: { path: "/home/•••/sample.playbook.yaml" } };
    expect(sessionToResume([masked], path)).toBe("/traces/first.json");
    expect(sessionToResume([masked], "/home/ann/other.playbook.yaml")).toBeUndefined();
  });

  it("is none where the newest one completed", () => {
    const runs = [
      run("first", 1, "failed"),
      run("second", 2, "failed", "first"),
      run("third", 3, "completed", "second"),
    ];
    expect(sessionToResume(runs, path)).toBeUndefined();
  });
});
