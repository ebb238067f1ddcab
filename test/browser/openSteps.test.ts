// Steps that never ended: no number is shown that nobody wrote.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, liveFiles, madeUpTrace, openTrace, sampleFiles, startingAt } from "./panelHarness";

describe("a step without an end", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const tip = async (drive: Drive, name: RegExp) => {
    const row = await drive.page.getByRole("row", { name }).first().boundingBox();
    await drive.page.mouse.move((row?.x ?? 0) + (row?.width ?? 0) - 30, (row?.y ?? 0) + 10);
    return await drive.page.locator(".tip").innerText();
  };

  it("has no duration in a session that crashed: in its row, its details and its tooltip", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"));
    const { page } = drive;
    const row = page.getByRole("row", { name: /^generation-step-7/ });
    expect(await row.getByRole("gridcell", { name: "no end", exact: true }).count()).toBe(1);
    expect(await page.locator(".details-times").innerText()).toMatch(/^\+0:51\.654 · no end$/);
    const words = await tip(drive, /^generation-step-7/);
    expect(words).toContain("no end");
    expect(words).not.toMatch(/\d (ms|s)\b/);
    expect(await tip(drive, /^generation-step-6/)).toMatch(/5\.5 s\s+\+0:4\d\.\d+ → \+0:5\d/);
  });

  it("has none in the column of durations of a narrow panel", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"), { widthPx: 320 });
    const row = drive.page.getByRole("row", { name: /^generation-step-7/ });
    expect(await row.locator(".row-duration").innerText()).toBe("no end");
  });

  it("is in no filter by duration, nor offered as one", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"));
    const { page } = drive;
    await page.getByRole("row", { name: /^generation-step-7/ }).click({ button: "right" });
    expect(await page.getByRole("menuitem", { name: /Filter by Duration/ }).count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("menuitemcheckbox", { name: "Longer than 1 s" }).click();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("row", { name: /^generation-step-6/ }).count()).toBe(1);
    // The step itself is shown for what is within it, but does not count: 14 took a second or more.
    expect(await page.locator(".status-counts").innerText()).toBe("14 of 30");
  });

  it("counts up in a session that runs, and says that it does", async () => {
    const trace = madeUpTrace(
      [
        { kind: "session", endTime: undefined },
        { name: "bash", input: { command: "npm test" }, endTime: undefined },
      ],
      { summary: { status: "running" } },
    );
    delete trace.endedAt;
    const files = liveFiles(startingAt(trace, Date.now() - 43_000));
    await using drive = await openTrace(browser, files, { liveness: "alive" });
    const { page } = drive;
    const row = page.getByRole("row", { name: /npm test/ });
    expect(await row.getByRole("gridcell", { name: /^4\d\.\d s so far$/ }).count()).toBe(1);
    await row.click();
    await expect.poll(() => page.locator(".details-times").innerText()).toMatch(/4\d\.\d s so far$/);
    expect(await tip(drive, /npm test/)).toMatch(/so far\s+\+0:00\.100 → now/);
  });
});
