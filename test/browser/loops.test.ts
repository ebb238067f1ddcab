// Loops in the panel: the chip that goes from one to the next, the marks of rows, the note in the details, the list as text.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceSpan } from "../../src/trace/schema";
import { type Browser, launchChromium } from "../support/chromium";
import { madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

const call = (command: string, startTime: number, more: Partial<TraceSpan> = {}): Partial<TraceSpan> => ({
  kind: "tool",
  name: "bash",
  input: { command },
  output: "same",
  startTime,
  endTime: startTime + 500,
  ...more,
});
const times = (count: number, fromMs: number, make: (atMs: number) => readonly Partial<TraceSpan>[]) =>
  Array.from({ length: count }, (_, round) => make(fromMs + 2_000 * round)).flat();

const root: Partial<TraceSpan> = { kind: "session", endTime: 60_000 };
const withLoops = madeUpTrace([
  root,
  call("look around", 500),
  ...times(4, 1_000, (atMs) => [call("ls", atMs)]),
  ...times(3, 20_000, (atMs) => [call("make", atMs), call("./run", atMs + 1_000)]),
  call("done", 50_000),
]);

describe("loops", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("are counted in the header, and gone through by the chip and by a key", async () => {
    await using drive = await openTrace(browser, traceFiles(withLoops));
    const chip = drive.page.getByRole("button", { name: /^2 loops/ });
    await chip.click();
    await expect.poll(() => drive.selectedText()).toContain("ls");
    const said = drive.page.locator(".status-announcement");
    expect(await said.innerText()).toBe("1 of 2: bash ls, 4 times with the same result");
    await drive.page.keyboard.press("o");
    await expect.poll(() => drive.selectedText()).toContain("make");
    expect(await said.innerText()).toBe("2 of 2: bash make → bash ./run, round and round 3 times");
    await drive.page.keyboard.press("Shift+O");
    await expect.poll(() => drive.selectedText()).toContain("ls");
  });

  it("mark the rows that are part of one, and no others", async () => {
    await using drive = await openTrace(browser, traceFiles(withLoops));
    await drive.page.getByRole("button", { name: /^2 loops/ }).waitFor();
    const marks = drive.page.getByRole("treegrid").getByRole("img", { name: /^Part of a loop/ });
    await expect.poll(() => marks.count()).toBe(10);
    const unmarked = drive.page.getByRole("row", { name: /look around|done/ });
    expect(await unmarked.getByRole("img", { name: /loop/ }).count()).toBe(0);
  });

  it("are named in the details of a step, with the way to the other calls", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_loop_same_call"));
    await drive.page.getByRole("button", { name: /^1 loop\./ }).click();
    const note = drive.page.getByRole("group", { name: "Part of a loop: bash npm ci, failed 8 times" });
    await expect.poll(() => note.innerText()).toContain("call 1 of 8");
    await note.getByRole("button", { name: "Next" }).click();
    await expect.poll(() => note.innerText()).toContain("call 2 of 8");
    await note.getByRole("button", { name: "Previous" }).click();
    await note.getByRole("button", { name: "Previous" }).click();
    await expect.poll(() => note.innerText()).toContain("call 8 of 8");
  });

  it("are in the text of the timeline", async () => {
    await using drive = await openTrace(browser, traceFiles(withLoops));
    await drive.page.getByRole("button", { name: /^2 loops/ }).waitFor();
    await drive.page.keyboard.press("l");
    const timeline = drive.page.getByRole("region", { name: "Timeline", exact: true });
    await timeline.waitFor();
    await timeline.getByRole("button", { name: /as text/i }).click();
    const text = drive.page.getByRole("region", { name: /as text/i });
    await expect.poll(() => text.innerText()).toContain("bash ls, 4 times with the same result");
  });

  it("come with the calls of a session that runs", async () => {
    const spans = [{ kind: "session" as const }, ...times(2, 1_000, (atMs) => [call("ls", atMs)])];
    await using drive = await openTrace(browser, traceFiles(madeUpTrace(spans)), { liveness: "alive" });
    await drive.update(traceFiles(madeUpTrace([...spans, ...times(2, 9_000, (atMs) => [call("ls", atMs)])])));
    await drive.page.getByRole("button", { name: /^1 loop\./ }).waitFor();
    await expect.poll(() => drive.page.getByRole("img", { name: /4 times/ }).count()).toBe(4);
  });

  it("that were told of while the session ran are shown as they were told, and once", async () => {
    const told = { level: "stop", pattern: "repeat", message: 'repeat: "bash ls" 7 times within 12 actions' };
    const events = [{ name: "tracekeeper.guardrail", timeMs: 1, attributes: told }];
    const spans = [root, ...times(7, 1_000, (atMs) => [call("ls", atMs)])];
    const watched = spans.map((span, row) => (row === 7 ? { ...span, events } : span));
    await using drive = await openTrace(browser, traceFiles(madeUpTrace(watched)));
    await drive.page.getByRole("button", { name: /^1 loop\./ }).click();
    const note = drive.page.getByRole("group", { name: /^Part of a loop/ });
    await expect.poll(() => note.innerText()).toContain(`Told while it ran (stopped the session): ${told.message}`);
  });

  it("are gone through one by one where a call is part of several", async () => {
    const failed = { status: "error", statusMessage: "exit 1", output: undefined } as const;
    const spans = [
      root,
      call("x", 500, failed),
      call("y", 600, failed),
      ...times(4, 1_000, (atMs) => [call("ls", atMs, failed)]),
    ];
    await using drive = await openTrace(browser, traceFiles(madeUpTrace(spans)));
    const chip = drive.page.getByRole("button", { name: /^1 loop, 1 hint/ });
    const said = drive.page.locator(".status-announcement");
    await chip.click();
    const first = await said.innerText();
    await chip.click();
    await expect.poll(() => said.innerText()).not.toBe(first);
    expect([first, await said.innerText()].sort()).toEqual([
      "1 of 2: 6 failures one after the other, from bash x on",
      "2 of 2: bash ls, failed 4 times",
    ]);
    const notes = drive.page.getByRole("group", { name: /^(Part of a loop|Watched by guardrails)/ });
    await expect.poll(() => notes.count()).toBe(2);
  });

  it("are not there where there is none", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    await drive.page.keyboard.press("o");
    await expect.poll(() => drive.page.locator(".status-announcement").innerText()).toBe("No loops in this trace");
    expect(await drive.page.locator(".loop-chip").count()).toBe(0);
  });
});
