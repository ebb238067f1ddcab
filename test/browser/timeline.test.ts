// The timeline in the built panel: where its bars lie, what is told of ranges, bursts and instants, and the keys and texts
// that do the same without a pointer.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, liveFiles, madeUpTrace, openTrace, sampleFiles, startingAt, traceFiles } from "./panelHarness";
import { burstTrace, crashedTrace } from "./timelineTraces";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

const body = (drive: Drive) => drive.page.locator(".timeline-body");

/** Until the lanes are drawn. */
async function lanesDrawn(drive: Drive): Promise<void> {
  await drive.page.locator(".timeline-body[aria-busy=false]").waitFor();
  await drive.drawn();
}

async function openTimeline(drive: Drive): Promise<void> {
  await drive.page.getByRole("button", { name: "Show the Timeline" }).click();
  await lanesDrawn(drive);
}

/** Colour of the lanes at a share of their width and so many px from their top; "" where nothing is drawn. */
async function laneColor(drive: Drive, share: number, y: number): Promise<string> {
  return await drive.page.locator(".timeline-lanes canvas").evaluate(
    (element, at) => {
      const canvas = element as HTMLCanvasElement;
      const box = canvas.getBoundingClientRect();
      const parent = canvas.parentElement!.getBoundingClientRect();
      const ratio = canvas.width / box.width;
      const width = canvas.closest(".timeline-body")!.clientWidth;
      const x = Math.round((width * at.share + parent.left - box.left) * ratio);
      const top = Math.round((at.y + parent.top - box.top) * ratio);
      const [red, green, blue, alpha] = canvas.getContext("2d")!.getImageData(x, top, 1, 1).data;
      return (alpha ?? 0) > 60 ? `${red},${green},${blue}` : "";
    },
    { share, y },
  );
}

const said = (drive: Drive) => drive.page.locator(".timeline [role=status]").innerText();
const rangeBar = (drive: Drive) => drive.page.getByRole("group", { name: "Marked range" });

const twoLanes = madeUpTrace([
  { kind: "session", name: "root", startTime: 0, endTime: 10_000 },
  { name: "first-half", startTime: 0, endTime: 5_000 },
  { name: "second-half", startTime: 5_000, endTime: 10_000, status: "error", statusMessage: "no" },
  { kind: "generation", name: "middle", startTime: 4_000, endTime: 6_000 },
]);

describe("the timeline", () => {
  it.each([1, 1.25, 2])("draws each step in a lane at its time, at %d device pixels", async (scale) => {
    await using drive = await openTrace(browser, traceFiles(twoLanes), { scale, widthPx: 1200, heightPx: 800 });
    await openTimeline(drive);
    expect(await laneColor(drive, 0.25, 9)).not.toBe("");
    expect(await laneColor(drive, 0.75, 9)).not.toBe(await laneColor(drive, 0.25, 9));
    expect(await laneColor(drive, 0.5, 27)).not.toBe("");
    expect(await laneColor(drive, 0.3, 27)).toBe("");
    // To the pixel: the bar of the middle begins at 40 % of the width, which is that of the strip.
    const strip = (await drive.page.locator(".strip").boundingBox())!;
    const lanes = (await body(drive).boundingBox())!;
    expect([lanes.x, lanes.width]).toEqual([strip.x, strip.width]);
    expect(await laneColor(drive, 0.4 - 2 / strip.width, 27)).toBe("");
    expect(await laneColor(drive, 0.4 + 2 / strip.width, 27)).not.toBe("");
    expect(drive.panel.errors).toEqual([]);
  });

  it("shares its time with the strip and the waterfall: a zoom moves all of them", async () => {
    await using drive = await openTrace(browser, traceFiles(twoLanes), { widthPx: 1200, heightPx: 800 });
    await openTimeline(drive);
    const box = (await body(drive).boundingBox())!;
    await drive.page.mouse.move(box.x + box.width / 2, box.y + 20);
    await drive.page.mouse.wheel(0, -300);
    const shown = drive.page.getByRole("group", { name: /Timeline overview/ });
    await expect.poll(() => shown.getAttribute("aria-label")).not.toContain("+0:00.000");
    const [from = 0, to = 0] = ((await shown.getAttribute("aria-label")) ?? "").match(/\d+\.\d+/g)!.map(Number);
    expect((from + to) / 2).toBeCloseTo(5, 1);
    // The bar in the middle is wider by as much as the range is shorter.
    const edge = (4 - from) / (to - from);
    await drive.drawn();
    expect(await laneColor(drive, edge - 3 / box.width, 27)).toBe("");
    expect(await laneColor(drive, edge + 3 / box.width, 27)).not.toBe("");
  });

  it("selects in the tree what is clicked, and shows what is selected there", async () => {
    await using drive = await openTrace(browser, traceFiles(twoLanes), { widthPx: 1200, heightPx: 800 });
    await openTimeline(drive);
    const lanes = (await drive.page.locator(".timeline-lanes").boundingBox())!;
    await drive.page.mouse.move(lanes.x + lanes.width * 0.5, lanes.y + 27);
    await expect.poll(() => drive.page.locator(".tip").innerText()).toContain("middle");
    await drive.page.mouse.click(lanes.x + lanes.width * 0.5, lanes.y + 27);
    await expect.poll(() => drive.selectedText()).toContain("middle");
    await drive.page.getByRole("row", { name: /first-half/ }).click();
    await drive.drawn();
    expect(await laneColor(drive, 0.25, 0)).not.toBe("");
  });

  it("names bursts, and marks one when its name is clicked", async () => {
    await using drive = await openTrace(browser, traceFiles(burstTrace()), { widthPx: 1280, heightPx: 800 });
    await openTimeline(drive);
    await expect.poll(() => drive.page.locator(".timeline-counts").innerText()).toContain("3 bursts");
    const box = (await body(drive).boundingBox())!;
    const x = box.x + (4_030 / 60_000) * box.width + 30;
    await drive.page.mouse.move(x, box.y + 54);
    await expect.poll(() => drive.page.locator(".tip").innerText()).toContain("burst: 12 calls in 77 ms, 12 at once");
    await drive.page.mouse.click(x, box.y + 54);
    await expect.poll(() => rangeBar(drive).innerText()).toContain("12 steps began");
    await expect.poll(() => rangeBar(drive).innerText()).toContain("1 recovered");
  });

  it("totals a range that is drawn, zooms to it, filters by it, copies it and clears it", async () => {
    await using drive = await openTrace(browser, traceFiles(burstTrace()), { widthPx: 1280, heightPx: 800 });
    const { page } = drive;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await openTimeline(drive);
    const box = (await body(drive).boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 100, { steps: 4 });
    await page.mouse.up();
    // Of the turn that began at 31 s: its tokens and its cost.
    await expect.poll(() => rangeBar(drive).innerText()).toContain("1 step began");
    await expect.poll(() => rangeBar(drive).innerText()).toMatch(/1,500 tokens\s+\$0\.01/);
    expect(await rangeBar(drive).innerText()).not.toContain("failure");
    await page.getByRole("button", { name: "Copy Totals" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("1 step began\n");
    await page.getByRole("button", { name: "Filter Steps to Range" }).click();
    await expect.poll(() => page.locator(".chips").innerText()).toMatch(/Began within \+0:\d\d\.\d+ to \+0:\d\d\.\d+/);
    await expect.poll(() => page.locator(".status-counts").innerText()).toContain("1 of 49");
    await page.getByRole("button", { name: "Zoom to Range" }).click();
    const shown = page.getByRole("group", { name: /Timeline overview/ });
    await expect.poll(() => shown.getAttribute("aria-label")).not.toContain("+0:00.000");
    await body(drive).focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => rangeBar(drive).count()).toBe(0);
  });

  it("is gone through by keys alone, and says where they are", async () => {
    await using drive = await openTrace(browser, traceFiles(burstTrace()), { widthPx: 1280, heightPx: 800 });
    const { page } = drive;
    await page.keyboard.press("l");
    await lanesDrawn(drive);
    await body(drive).focus();
    await page.keyboard.press("ArrowRight");
    await expect
      .poll(() => said(drive))
      .toMatch(/^generation-1, Succeeded, 4\.0 s, starts at \+0:00\.000, lane 1 of 18$/);
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => said(drive)).toMatch(/^bash npm test -- part-0, Succeeded, 600 ms/);
    await page.keyboard.press("r");
    await expect.poll(() => said(drive)).toBe("Range begins at +0:04.000");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => said(drive)).toContain("lane 2 of 18");
    await page.keyboard.press("r");
    await expect.poll(() => rangeBar(drive).innerText()).toContain("+0:04.000 to");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await expect.poll(() => drive.selectedText()).toContain("part");
    await page.keyboard.press("b");
    await expect.poll(() => said(drive)).toBe("12 calls in 77 ms, 12 at once");
    await page.keyboard.press("g");
    await expect.poll(() => page.getByRole("button", { name: "By Agent" }).getAttribute("aria-pressed")).toBe("true");
    await lanesDrawn(drive);
    await page.keyboard.press("c");
    await expect
      .poll(() => page.getByRole("button", { name: /Critical Path/ }).getAttribute("aria-pressed"))
      .toBe("true");
    await page.keyboard.press("0");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("treegrid");
    await page.keyboard.press("l");
    await expect.poll(() => body(drive).count()).toBe(0);
  });

  it("is all there as text, whose buttons jump", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"), { widthPx: 1280, heightPx: 800 });
    const { page } = drive;
    await openTimeline(drive);
    await page.getByRole("button", { name: "View as Text" }).click();
    const words = page.getByRole("region", { name: "Timeline as text" });
    await expect.poll(() => words.innerText()).toContain("Idle stretches drawn short: 1");
    await expect.poll(() => words.innerText()).toContain("Critical path");
    const told = await words.innerText();
    expect(told).toMatch(/Bursts: 6[\s\S]*15 calls in 91 ms/);
    expect(told).toMatch(/Critical path: steps at work for [\d.]+ s of 7 h 1 m/);
    expect(told).toContain("Durability: nothing is known, because another recorder wrote this trace");
    await words.getByRole("button").first().click();
    const shown = page.getByRole("group", { name: /Timeline overview/ });
    await expect.poll(() => shown.getAttribute("aria-label")).not.toContain("from +0:00.000");
    await expect.poll(() => drive.selectedText()).not.toContain("ses_two_bursts_7h");
  });

  it("draws idle stretches short in all that shows time, or as long as they were", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"), { widthPx: 1280, heightPx: 800 });
    const { page } = drive;
    await openTimeline(drive);
    await expect.poll(() => page.locator(".axis-gap").count()).toBe(1);
    await page.getByRole("button", { name: "True Scale" }).click();
    await expect.poll(() => page.locator(".axis-gap").count()).toBe(0);
    await expect.poll(async () => (await drive.viewState()).timeline?.trueScale).toBe(true);
  });

  it("keeps what was chosen over a reload", async () => {
    await using drive = await openTrace(browser, traceFiles(burstTrace()), { widthPx: 1280, heightPx: 800 });
    const { page } = drive;
    await openTimeline(drive);
    await page.getByRole("button", { name: "By Agent" }).click();
    await page.getByRole("separator", { name: "Resize the timeline" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await lanesDrawn(drive);
    await expect
      .poll(async () => (await drive.viewState()).timeline)
      .toMatchObject({ open: true, mode: "agent", heightPx: 322 });
  });

  it("follows a session that grows", async () => {
    const nowMs = Date.UTC(2026, 10, 20, 9, 0, 30);
    const first = startingAt(
      madeUpTrace([{ endTime: undefined }, { name: "one", startTime: 0, endTime: 5_000 }]),
      nowMs - 20_000,
    );
    await using drive = await openTrace(browser, liveFiles(first), {
      widthPx: 1280,
      heightPx: 800,
      liveness: "alive",
      nowMs,
    });
    await openTimeline(drive);
    await expect.poll(() => drive.page.locator(".timeline-counts").innerText()).toContain("1 lanes");
    const more = startingAt(
      madeUpTrace([
        { endTime: undefined },
        { name: "one", startTime: 0, endTime: 5_000 },
        { name: "two", startTime: 6_000, endTime: undefined },
        { name: "three", startTime: 7_000, endTime: 9_000 },
      ]),
      nowMs - 20_000,
    );
    await drive.update(liveFiles(more));
    await expect.poll(() => drive.page.locator(".timeline-counts").innerText()).toContain("2 lanes");
  });
});

describe("what was on the disk when", () => {
  it("opens by itself for a trace that was cut off, and says what a power cut would have cost", async () => {
    await using drive = await openTrace(browser, traceFiles(crashedTrace()), { widthPx: 1280, heightPx: 800 });
    await lanesDrawn(drive);
    await expect.poll(() => drive.page.locator(".crash-line").innerText()).toBe("crashed: killed");
    const lane = drive.page.locator(".durability");
    const box = (await lane.boundingBox())!;
    const at = (ms: number) => ({ x: (ms / 20_000) * box.width, y: 12 });
    // Just before the sync that was done at 14.422 s; the one before had begun at 13.4 s.
    await lane.hover({ position: at(14_415) });
    const tip = drive.page.locator(".tip");
    await expect
      .poll(() => tip.innerText())
      .toMatch(/Had the machine lost power here, 7 events \(\d+ ms\) would have been lost/);
    await expect.poll(() => tip.innerText()).toContain("Had the process been killed, nothing");
    await lane.hover({ position: at(14_430) });
    await expect.poll(() => tip.innerText()).toContain("nothing would have been lost");
    await lane.hover({ position: at(9_500) });
    await expect.poll(() => tip.innerText()).toContain("Had the process been killed, what waited in memory");
    expect(drive.panel.errors).toEqual([]);
  });

  it("is told as text, the crash and what was recovered with it", async () => {
    await using drive = await openTrace(browser, traceFiles(crashedTrace()), { widthPx: 1280, heightPx: 800 });
    await lanesDrawn(drive);
    await body(drive).focus();
    await drive.page.keyboard.press("t");
    const words = drive.page.getByRole("region", { name: "Timeline as text" });
    await expect.poll(() => words.innerText()).toContain("Synced 19 times, S.json replaced 5 times before the end");
    const told = await words.innerText();
    expect(told).toContain("Crashed at +0:20.000: killed");
    expect(told).toMatch(/\d+ events recovered from the journal/);
    expect(told).toContain("Appends were not waited for from +0:09.000 to +0:09.900: An append took 312 ms");
    await drive.page.keyboard.press("t");
  });

  it("is not made up for a trace of another recorder, whose timeline stays closed", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"), {
      widthPx: 1280,
      heightPx: 800,
    });
    await drive.drawn();
    expect(await body(drive).count()).toBe(0);
    await openTimeline(drive);
    await expect.poll(() => drive.page.locator(".durability-unknown").innerText()).toContain("nothing is known");
    expect(await drive.page.locator(".durability").count()).toBe(0);
  });

  it("stays closed when the person has closed it", async () => {
    const files = traceFiles(crashedTrace());
    await using drive = await openTrace(browser, files, {
      widthPx: 1280,
      heightPx: 800,
      state: { version: 1, sessionId: "crashed", timeline: { open: false } },
    });
    await drive.drawn();
    await drive.drawn();
    expect(await body(drive).count()).toBe(0);
  });
});
