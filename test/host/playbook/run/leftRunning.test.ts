// What a person is asked where programs outlived a session: nothing is ended, and nothing is run, before there is an answer.

import { beforeEach, describe, expect, it, vi } from "vitest";

const shown = vi.hoisted(() => ({ answer: undefined as string | undefined, asked: [] as unknown[][] }));
vi.mock("vscode", () => ({
  l10n: { t: (text: string, ...values: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(values[Number(at)])) },
  window: {
    showWarningMessage: async (...asked: unknown[]) => {
      shown.asked.push(asked);
      return shown.answer;
    },
  },
}));

import { chooseEnd } from "../../../../src/host/playbook/run/leftRunning";
import { canEnd, type LeftProgram } from "../../../../src/session/resume/leftPrograms";
import type { RecordedRun } from "../../../../src/session/resume/recordedRun";

const recorded = { sessionId: "sample" } as RecordedRun;
const program = (pid: number, fields: Partial<LeftProgram> = {}): LeftProgram => ({
  pid,
  start: "1",
  step: undefined,
  ...fields,
});

/** @param still is there after everything was tried */
function tools(left: readonly LeftProgram[], still: readonly LeftProgram[] = []) {
  const ended: number[] = [];
  const endLeftPrograms = async (_: unknown, patienceMs: number) => {
    ended.push(patienceMs);
    return still;
  };
  return { ended, leftPrograms: () => left, endLeftPrograms, canEnd };
}

function detailAsked(): string {
  const [, options] = shown.asked[0] ?? [];
  return (options as { readonly detail?: string } | undefined)?.detail ?? "";
}

beforeEach(() => {
  shown.answer = undefined;
  shown.asked = [];
});

describe("programs that outlived a session", () => {
  it("are not asked for where there are none", async () => {
    const given = tools([]);
    await (await chooseEnd(recorded, given, 5))?.();
    expect(shown.asked).toEqual([]);
    expect(given.ended).toEqual([]);
  });

  it("are named with their steps, as text that runs no command, and ended once the person wants it and nothing else is asked", async () => {
    shown.answer = "End Them";
    const given = tools([program(7, { step: "build [x](command:y)" }), program(8)]);
    const end = await chooseEnd(recorded, given, 5);
    const [question, options, ...choices] = shown.asked[0] ?? [];
    expect(question).toMatch(/still run\. End them first\?$/);
    expect(options).toMatchObject({ modal: true });
    const detail = detailAsked();
    expect(detail.split("\n")).toHaveLength(2);
    expect(detail).toMatch(/^Process 7 of step build/);
    expect(detail).not.toContain("](");
    expect(choices).toEqual(["End Them", "Let Them Run"]);
    expect(given.ended).toEqual([]);
    await end?.();
    expect(given.ended).toEqual([5]);
  });

  it("run on where the person wants that, and nothing is run where the question is closed", async () => {
    const given = tools([program(7)]);
    expect(await chooseEnd(recorded, given, 5)).toBeUndefined();
    shown.answer = "Let Them Run";
    await (await chooseEnd(recorded, given, 5))?.();
    expect(given.ended).toEqual([]);
  });

  it("are not offered to be ended where their numbers may be those of others", async () => {
    await chooseEnd(recorded, tools([program(7), program(8, { start: undefined })]), 5);
    expect(shown.asked[0]?.slice(2)).toEqual(["Let Them Run"]);
  });

  it("keep the session from being resumed where one of them can't be ended", async () => {
    shown.answer = "End Them";
    const end = await chooseEnd(recorded, tools([program(7)], [program(7)]), 5);
    await expect(end?.()).rejects.toThrow("Could not be ended: process 7");
  });

  it("are counted where they are many", async () => {
    await chooseEnd(recorded, tools(Array.from({ length: 20 }, (_, at) => program(at + 1))), 5);
    const detail = detailAsked();
    expect(detail.split("\n")).toHaveLength(13);
    expect(detail).toMatch(/… and 8 more$/);
  });
});
