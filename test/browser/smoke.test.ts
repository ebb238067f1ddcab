// The harness itself: the built panel starts under VS Code's content security policy, in each theme, and reports itself.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { openPanelPage } from "../support/panelPage";

describe("the panel's page", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
  });

  it.each(["light", "dark", "highContrast", "highContrastLight"] as const)("starts in the theme %s", async (theme) => {
    await using panel = await openPanelPage(browser, { theme });
    await expect.poll(() => panel.messages.length).toBeGreaterThan(0);
    expect(panel.messages[0]).toMatchObject({ type: "ready" });
    expect(panel.errors).toEqual([]);
  });

  it("says ready again after a reload, as a hidden panel does that is shown again", async () => {
    await using panel = await openPanelPage(browser);
    await expect.poll(() => panel.messages.length).toBeGreaterThan(0);
    const before = panel.messages.length;
    await panel.reload();
    await expect.poll(() => panel.messages.slice(before)).toContainEqual(expect.objectContaining({ type: "ready" }));
    expect(panel.errors).toEqual([]);
  });
});
