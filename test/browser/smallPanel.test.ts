// The panel where there is little room: what matters is readable and in view.
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

async function expectWithin(inner: Locator, outer: Locator): Promise<void> {
  const [box, frame] = [await inner.boundingBox(), await outer.boundingBox()];
  if (box === null || frame === null) throw new Error("Not on the page.");
  expect(box.y).toBeGreaterThanOrEqual(frame.y - 0.5);
  expect(box.y + box.height).toBeLessThanOrEqual(frame.y + frame.height + 0.5);
}

/** Texts that are cut off, by the class of their element. */
const cutTexts = (drive: Drive, selector: string) =>
  drive.page
    .locator(selector)
    .evaluateAll((elements) =>
      elements
        .filter((element) => element.scrollWidth > element.clientWidth + 1)
        .map((element) => `${element.className}: ${element.textContent}`),
    );

describe("a small panel", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it.each([
    [320, 700],
    [320, 480],
    [660, 360],
    [1000, 700],
  ])("of %d by %d opens with the whole of the failing step in view", async (widthPx, heightPx) => {
    for (const sample of ["ses_failed_dbt_build", "ses_crashed_migration"]) {
      await using drive = await openTrace(browser, sampleFiles(sample), { widthPx, heightPx });
      await drive.page.getByRole("tabpanel").getByText("Span id").waitFor();
      await drive.drawn();
      await expectWithin(drive.page.getByRole("row", { selected: true }), drive.page.locator(".grid-scroller"));
    }
  });

  it("of little height shows steps rather than their overview", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"), { widthPx: 340, heightPx: 360 });
    const scroller = drive.page.locator(".grid-scroller");
    const heightPx = async () => (await scroller.boundingBox())?.height ?? 0;
    await expect.poll(heightPx).toBeGreaterThanOrEqual(2 * 22);
  });

  it.each(["ses_crashed_migration", "ses_two_bursts_7h", "ses_damaged_truncated"])(
    "tells the whole state of %s",
    async (sample) => {
      await using drive = await openTrace(browser, sampleFiles(sample), { widthPx: 314, heightPx: 700 });
      await drive.page.locator(".fact-word").waitFor();
      expect(await cutTexts(drive, ".fact-status")).toEqual([]);
    },
  );

  it.each([620, 800, 1000])("tells the whole state while something is searched in %i px", async (widthPx) => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"), { widthPx, heightPx: 700 });
    await drive.page.getByRole("textbox", { name: "Find in Trace" }).fill("tax");
    await expect.poll(() => drive.page.getByRole("search").innerText()).toContain("29 matches");
    expect(await cutTexts(drive, ".fact-status")).toEqual([]);
    await expectWithin(drive.page.locator(".fact-word"), drive.page.locator(".header-facts"));
  });

  it("that gets smaller keeps the selected step in view, but does not bring back one that was scrolled away", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"), { heightPx: 900 });
    const { page } = drive;
    const selected = page.getByRole("row", { selected: true });
    for (const height of [700, 480, 400]) {
      await page.setViewportSize({ width: 700, height });
      await drive.drawn();
      await expectWithin(selected, page.locator(".grid-scroller"));
    }
    await page.locator(".grid-scroller").evaluate((element) => element.scrollTo(0, 0));
    await drive.drawn();
    await page.setViewportSize({ width: 700, height: 380 });
    await drive.drawn();
    expect(await page.locator(".grid-scroller").evaluate((element) => element.scrollTop)).toBe(0);
  });

  it("shows the selected step again when it comes back in a smaller place, as beside the code", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"), { heightPx: 1000 });
    const { page } = drive;
    await page.getByRole("row", { name: /^edit/ }).last().click();
    await expect.poll(async () => (await drive.viewState())?.selectedInView).toBe(true);
    const selected = await drive.selectedText();
    await page.setViewportSize({ width: 500, height: 600 });
    await drive.panel.reload();
    await page.getByRole("tabpanel").getByText("Span id").waitFor();
    await drive.drawn();
    expect(await drive.selectedText()).toContain(selected.split(" ")[0]);
    await expectWithin(page.getByRole("row", { selected: true }), page.locator(".grid-scroller"));
  });

  it.each([320, 380, 620])("of %d px shows the name and the outcome of a step uncut", async (widthPx) => {
    const trace = madeUpTrace([
      { kind: "session", name: "root" },
      {
        name: "generation-step-12",
        input: { command: "npm test -- billing --reporter verbose --coverage --watch=false" },
        status: "error",
        statusMessage: "Command failed with exit code 1",
      },
    ]);
    await using drive = await openTrace(browser, traceFiles(trace), { widthPx, heightPx: 700 });
    await drive.page.getByRole("row", { name: /generation-step-12/ }).click();
    await drive.drawn();
    expect(await drive.page.locator(".details-outcome").innerText()).toMatch(/exit|error/i);
    expect(await cutTexts(drive, ".details-head h2, .details-outcome-text, .details-times")).toEqual([]);
  });

  it.each([320, 640])("of %d px tells in its banner what went wrong", async (widthPx) => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"), { widthPx, heightPx: 700 });
    const banner = drive.page.getByRole("region", { name: "Failure" });
    const message = banner.getByText("parse failed");
    expect(await message.isVisible()).toBe(true);
    expect(await cutTexts(drive, ".banner-title, .banner-message")).toEqual([]);
    const box = await message.boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(widthPx);
    expect((await banner.boundingBox())?.height).toBeLessThan(100);
  });
});
