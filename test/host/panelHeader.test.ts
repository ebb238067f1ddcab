import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { panelHeader } from "../../src/host/panel/panelHeader";
import { panelHeaderSchema } from "../../src/protocol/panelMessages";
import { headerFacts, panelProblems } from "../../src/reader/headerFacts";
import type { TracePicture } from "../../src/reader/picture";
import type { Problem } from "../../src/trace/problem";
import { nowMs, pictureOf, pictureOfBytes, spanOf } from "../reader/pictures";

const fixtures = join(import.meta.dirname, "../fixtures/trace-v2");
const texts = { timeZone: "UTC", statusLabel: (_status: string, fallback: string) => `<${fallback}>` };

function headerOf(picture: TracePicture) {
  const header = panelHeader(headerFacts(picture), picture.state, nowMs, texts);
  // What the host says must be what the panel takes.
  expect(panelHeaderSchema.safeParse(header).error).toBeUndefined();
  return header;
}

describe("the header of a panel", () => {
  it("says how many spans the producer left out", async () => {
    const attributes = { elided: 600, totalSpans: 5600 };
    const marker = spanOf("marker", { name: "elided-1-600-of-5600", kind: "span", attributes });
    expect(headerOf(await pictureOf([spanOf("a")])).elidedCount).toBe(0);
    expect(headerOf(await pictureOf([spanOf("a"), marker])).elidedCount).toBe(600);
  });

  it("lists what is damaged with its byte offset", async () => {
    const header = headerOf(await pictureOfBytes(await readFile(join(fixtures, "ses_damaged_truncated.json"))));
    expect(header.problemCount).toBeGreaterThan(0);
    expect(header.problems).toContainEqual(
      expect.objectContaining({ code: "truncated", severity: "error", offsetBytes: expect.any(Number) }),
    );
    expect(header.startedMs).toBeGreaterThan(0);
  });

  it("of an empty file has a name and invents no time", async () => {
    const header = headerOf(await pictureOfBytes(new Uint8Array()));
    expect(header).toMatchObject({ title: "s", sessionId: "s", startedMs: undefined, failingStep: undefined });
    expect(header.problems[0]?.code).toBe("empty-file");
  });

  it("of a live session has no end", async () => {
    const open = { ...spanOf("root", { kind: "session" }), endTime: undefined };
    const header = headerOf(await pictureOf([open], { summary: { status: "running" }, ageMs: 500 }));
    expect(header).toMatchObject({ live: true, status: "running", statusLabel: "<Running>", endedMs: undefined });
    expect(header.savedMs).toBe(nowMs - 500);
  });

  it("ends with its last step, also where that goes on after the session says that it ended", async () => {
    const session = spanOf("root", { kind: "session", startTime: nowMs - 9_000, endTime: nowMs - 8_000 });
    const late = spanOf("late", { parentSpanId: "root", startTime: nowMs - 8_500, endTime: nowMs - 4_000 });
    const summary = { status: "completed" } as const;
    expect(headerOf(await pictureOf([session, late], { summary })).endedMs).toBe(nowMs - 4_000);
    const early = { ...late, endTime: nowMs - 8_100 };
    expect(headerOf(await pictureOf([session, early], { summary })).endedMs).toBe(nowMs - 8_000);
  });

  it("of a session that has gone quiet is not live and says since when", async () => {
    const open = { ...spanOf("root", { kind: "session" }), endTime: undefined };
    const header = headerOf(await pictureOf([open], { summary: { status: "running" }, ageMs: 3 * 3_600_000 }));
    expect(header).toMatchObject({ live: false, status: "unknown" });
    expect(header.statusDetail).toContain("3 h");
  });

  it.each([
    ["the title", { title: "  A title ", prompt: "A prompt" }, "A title"],
    ["the prompt's first line where there is no title", { title: null, prompt: "Do this\nand that" }, "Do this"],
    ["the session's id where there is neither", { title: null }, "s"],
    ["the session's id where the title is blank", { title: "  ", prompt: " \n" }, "s"],
  ])("is named by %s", async (_what, options, title) => {
    expect(headerOf(await pictureOf([spanOf("a")], options)).title).toBe(title);
  });

  it("names the failing step, its first line and its place", async () => {
    const failed = spanOf("a", {
      name: "bash",
      input: { command: "npm test" },
      status: "error",
      statusMessage: "AssertionError: 1 != 2\n    at test (/repo/src/tax.ts:41:7)",
    });
    const header = headerOf(await pictureOf([failed], { summary: { status: "error" } }));
    expect(header.failingStep).toEqual({
      row: 0,
      rule: "failed-path",
      title: "bash npm test",
      message: "AssertionError: 1 != 2",
      place: "/repo/src/tax.ts:41",
    });
    expect([header.failureCount, header.recoveredCount]).toEqual([1, 0]);
  });

  it("names a place as VS Code does, and none where the step names none", async () => {
    const placeOf = async (statusMessage: string) => {
      const failed = spanOf("a", { name: "bash", status: "error", statusMessage });
      const picture = await pictureOf([failed], { summary: { status: "error" } });
      const inFolder = { ...texts, shortPlace: (place: string) => place.replace("/repo/", "") };
      return panelHeader(headerFacts(picture), picture.state, nowMs, inFolder).failingStep?.place;
    };
    expect(await placeOf("no\n    at test (/repo/src/tax.ts:41:7)")).toBe("src/tax.ts:41");
    expect(await placeOf("no")).toBeUndefined();
  });

  it.each([
    ["says the exit code before the message", { "process.exit.code": 2 }, "it broke", "exit 2 — it broke"],
    ["does not repeat what the message says", { "process.exit.code": 2 }, "Exit 2: it broke", "Exit 2: it broke"],
    ["takes an exit code for the same in other words", { "process.exit.code": 2 }, "exit code 2", "exit code 2"],
    ["tells another exit code apart", { "process.exit.code": 2 }, "exit code 21", "exit 2 — exit code 21"],
    ["says the message alone where nothing else is known", {}, "it broke", "it broke"],
  ])("%s", async (_what, attributes, statusMessage, message) => {
    const failed = spanOf("a", { status: "error", attributes, statusMessage });
    const header = headerOf(await pictureOf([failed], { summary: { status: "error" } }));
    expect(header.failingStep?.message).toBe(message);
  });

  it("names the step of a playbook around the failing step, and not that of another one", async () => {
    const failed = { status: "error", statusMessage: "exit code 1" } as const;
    const step = (id: string, parentSpanId: string) =>
      spanOf(id, { ...failed, kind: "span", name: `Step ${id}`, parentSpanId, attributes: { "tracekeeper.step": {} } });
    const root = spanOf("root", { ...failed, kind: "session", parentSpanId: null });
    const inner = [root, step("outer", "root"), step("inner", "outer")];
    const attempt = spanOf("attempt", { ...failed, kind: "span", name: "attempt 2", parentSpanId: "inner" });
    const action = spanOf("action", { ...failed, kind: "tool", name: "run", parentSpanId: "attempt" });
    const summary = { status: "error" } as const;
    const ofAction = headerOf(await pictureOf([...inner, attempt, action], { summary }));
    expect(ofAction.failingStep).toMatchObject({ row: 4, step: "Step inner", title: "run" });
    const plain = spanOf("action", { ...failed, kind: "tool", name: "run", parentSpanId: "root" });
    expect(headerOf(await pictureOf([root, plain], { summary })).failingStep?.step).toBeUndefined();
  });

  it("lists 200 problems and counts the rest", async () => {
    const picture = await pictureOf([spanOf("a")]);
    const problems = Array.from({ length: 1_000 }, (_, offsetBytes): Problem => {
      return { code: "syntax", severity: "error", message: "x", offsetBytes };
    });
    const header = headerOf({ ...picture, problems });
    expect([header.problems.length, header.problemCount]).toEqual([200, 1_000]);
    expect(panelProblems(problems).at(-1)?.offsetBytes).toBe(199);
  });
});
