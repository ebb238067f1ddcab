// The timeline in the built panel: lanes, bursts, ranges and the keys and texts that do the same without a pointer.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, openTrace, sampleFiles, traceFiles } from "./panelHarness";
import { burstTrace, crashedTrace } from "./timelineTraces";

async function openTimeline(drive: Drive): Promise<void> {
  await drive.page.getByRole("button", { name: "Show the Timeline" }).click();
  await drive.page.locator(".timeline-body[aria-busy=false]").waitFor();
  await drive.drawn();
}

describe("the timeline", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it.each(["dark", "light", "highContrast"] as const)("looks in %s", async (theme) => {
    await using drive = await openTrace(browser, traceFiles(burstTrace()), { widthPx: 1280, heightPx: 800, theme });
    await openTimeline(drive);
    await drive.page.waitForTimeout(300);
    await drive.page.screenshot({ path: `/tmp/e-burst-${theme}.png`, clip: { x: 0, y: 0, width: 1280, height: 400 } });
    await drive.page.getByRole("button", { name: "By Agent" }).click();
    await drive.page.getByRole("button", { name: "Critical Path" }).click();
    await drive.page.waitForTimeout(300);
    await drive.page.mouse.move(300, 230);
    await drive.page.mouse.down();
    await drive.page.mouse.move(600, 230, { steps: 5 });
    await drive.page.mouse.up();
    await drive.page.waitForTimeout(300);
    await drive.page.mouse.move(640, 215);
    await drive.page.waitForTimeout(300);
    await drive.page.screenshot({ path: `/tmp/e-agent-${theme}.png`, clip: { x: 0, y: 0, width: 1280, height: 400 } });
    expect(drive.panel.errors).toEqual([]);
  });
  it("crashed", async () => {
    await using drive = await openTrace(browser, traceFiles(crashedTrace()), { widthPx: 1280, heightPx: 800 });
    await drive.page.locator(".timeline-body[aria-busy=false]").waitFor();
    await drive.page.waitForTimeout(300);
    await drive.page.locator(".durability").hover({ position: { x: 900, y: 12 } });
    await drive.page.waitForTimeout(300);
    await drive.page.screenshot({ path: "/tmp/e-crashed.png" });
    await drive.page.keyboard.press("Escape");
    await drive.page.locator(".timeline-body").focus();
    await drive.page.keyboard.press("t");
    await drive.page.waitForTimeout(300);
    await drive.page.screenshot({ path: "/tmp/e-text.png" });
    expect(drive.panel.errors).toEqual([]);
  });
  it("gaps", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"), { widthPx: 1280, heightPx: 800 });
    await openTimeline(drive);
    await drive.page.waitForTimeout(300);
    await drive.page.screenshot({ path: "/tmp/e-gaps.png", clip: { x: 0, y: 0, width: 1280, height: 400 } });
    await drive.page.getByRole("button", { name: "True Scale" }).click();
    await drive.page.waitForTimeout(300);
    await drive.page.screenshot({ path: "/tmp/e-true.png", clip: { x: 0, y: 0, width: 1280, height: 400 } });
  });
});
