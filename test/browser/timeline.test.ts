// The timeline in the built panel: lanes, bursts, ranges and the keys and texts that do the same without a pointer.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, openTrace, traceFiles } from "./panelHarness";
import { burstTrace } from "./timelineTraces";

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

  it("opens", async () => {
    await using drive = await openTrace(browser, traceFiles(burstTrace()), { widthPx: 1280, heightPx: 800 });
    await openTimeline(drive);
    await drive.page.waitForTimeout(500);
    await drive.page.screenshot({ path: "/tmp/e-shot.png" });
    expect(drive.panel.errors).toEqual([]);
  });
});
