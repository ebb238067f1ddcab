// What outlives hiding and reloading, the other views, and widths from large to narrow.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webviewTexts } from "../../src/protocol/webviewTexts";
import { type Browser, launchChromium } from "../support/chromium";
import { openPanelPage } from "../support/panelPage";
import { type Drive, largeTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

describe("the panel", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("is as it was after a reload: selection, collapsed rows, scroll, tab, filters, sizes", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"), { widthPx: 1200 });
    const { page } = drive;
    await page.getByRole("row", { name: /generation-step-1/ }).click();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("row", { name: /generation-step-2/ }).click();
    await page.getByRole("tab", { name: "Data" }).click();
    await page.locator(".grid-scroller").evaluate((element) => {
      element.scrollTop = 330;
    });
    const splitter = page.getByRole("separator", { name: "Resize the tree" });
    await splitter.focus();
    await page.keyboard.press("ArrowRight");
    const width = await splitter.getAttribute("aria-valuenow");
    await drive.drawn();
    await expect.poll(async () => (await drive.viewState()).scrollTop).toBe(330);
    await expect.poll(async () => (await drive.viewState()).treeSize).toBe(Number(width));
    await expect.poll(async () => (await drive.viewState()).selectedSpanId).toBeDefined();

    await drive.panel.reload();
    await page.getByRole("treegrid").waitFor();
    await drive.drawn();
    expect(await page.locator(".grid-scroller").evaluate((element) => element.scrollTop)).toBe(330);
    expect(await page.getByRole("tab", { name: "Data" }).getAttribute("aria-selected")).toBe("true");
    expect(await splitter.getAttribute("aria-valuenow")).toBe(width);
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("ArrowUp");
    await drive.drawn();
    expect(await drive.selectedText()).toContain("generation-step-1");
    expect(await page.getByRole("row", { selected: true }).getAttribute("aria-expanded")).toBe("false");
  });

  it("shows a skeleton when the trace takes a while, and nothing for a moment before", async () => {
    await using panel = await openPanelPage(browser);
    // The host answers at once; the trace takes longer.
    await panel.post({ type: "init", texts: webviewTexts, platform: "other" });
    await panel.page.getByRole("progressbar", { name: "Loading…" }).waitFor();
    expect(panel.errors).toEqual([]);
  });

  it("opens where a jump leads, whatever its own state says", async () => {
    await using first = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    await first.page.getByRole("row", { name: /generation-step-1/ }).click();
    await expect.poll(async () => (await first.viewState()).selectedRow).toBe(2);
    await expect.poll(async () => (await first.viewState()).selectedSpanId).toBeDefined();
    const state = await first.viewState();
    await using second = await openTrace(browser, sampleFiles("ses_failed_dbt_build"), {
      state,
      revealSpanId: "01a1fd03-2e4c-723f-913b-6d4965f60841",
    });
    expect(await second.selectedText()).toContain("edit");
    await using third = await openTrace(browser, sampleFiles("ses_failed_dbt_build"), { state });
    expect(await third.selectedText()).toContain("generation-step-1");
  });

  it("shows the conversation, where a click selects the step also in the tree", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_completed_tax_rounding"));
    const { page } = drive;
    await drive.navigate("toggleConversation");
    const feed = page.getByRole("feed", { name: "Conversation" });
    await expect.poll(() => feed.getByRole("article").count()).toBeGreaterThan(5);
    expect(await feed.getByRole("article", { name: "User" }).first().innerText()).toContain("off by one cent");
    const failed = feed.getByRole("button", { name: /^bash ls -la src exit 1/ });
    await failed.getByRole("img", { name: "Failed, recovered later" }).waitFor();
    expect(await failed.getByRole("img", { name: "Failed", exact: true }).count()).toBe(0);
    await feed.getByRole("button", { name: /^grep/ }).first().click();
    await expect.poll(() => page.getByRole("heading", { level: 2 }).innerText()).toBe("grep");
    await page.getByRole("button", { name: "Tree" }).click();
    await expect.poll(() => drive.selectedText()).toContain("grep");
  });

  it("sums up in a popover whose slow steps lead to their rows", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"));
    const { page } = drive;
    await page.getByRole("button", { name: /show summary/ }).click();
    const summary = page.getByRole("dialog", { name: "Summary" });
    await expect.poll(() => summary.innerText()).toContain("Slowest by own time");
    expect(await summary.innerText()).toMatch(/Cache read\s+103,303/);
    await summary.getByRole("button", { name: /generation-step-6/ }).click();
    await expect.poll(() => drive.selectedText()).toContain("generation-step-6");
    expect(await summary.count()).toBe(0);
  });

  it("closes what is open by Escape and gives the focus back", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard Shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("treegrid");
    await page.getByRole("button", { name: "More Actions" }).click();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label")))
      .toBe("More Actions");
  });

  it("shows absolute times with their zone when asked to", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    await drive.navigate("toggleAbsoluteTimes");
    await expect.poll(() => drive.page.locator("footer").innerText()).toContain("Europe/Berlin");
    expect(await drive.page.locator(".details-times").innerText()).toContain("11:31:44.640");
  });

  it("shows the change that an edit asked for, as JSON and text by choice, which it remembers", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("row", { name: /^edit/ }).click();
    await page.locator(".diff-removed").getByText("return amount * rate").waitFor();
    await expect.poll(() => page.locator(".diff-added").innerText()).toContain("roundHalfEven(amount * rate, 2)");
    await page.getByRole("group", { name: "Show Arguments as" }).getByRole("button", { name: "JSON" }).click();
    const tree = page.getByRole("tree", { name: "Arguments" });
    await expect.poll(() => tree.getByRole("treeitem").count()).toBe(3);
    await tree.getByRole("treeitem").first().focus();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("filePath");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("oldString");
    await page.getByRole("button", { name: "Copy Arguments" }).click();
    await expect.poll(() => drive.intents).toContainEqual(expect.objectContaining({ type: "copy", field: "input" }));
  });

  it.each([320, 419, 599, 900])("fits a width of %d px without overlap or sideways scrolling", async (widthPx) => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"), { widthPx, heightPx: 640 });
    const { page } = drive;
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(widthPx);
    expect(
      await overlaps(
        drive,
        ".header-facts, .header-tools, .banner, .strip, .grid-box, .breadcrumb, .details-pane, .status-line",
      ),
    ).toEqual([]);
    expect(await overlaps(drive, ".header-tools > *")).toEqual([]);
    expect(await overlaps(drive, ".banner > *")).toEqual([]);
    expect(await overlaps(drive, ".row.is-selected .cell-name > *")).toEqual([]);
    const tree = (await page.getByRole("treegrid").boundingBox())!;
    const details = (await page.locator(".details-pane").boundingBox())!;
    if (widthPx < 600) expect(details.y).toBeGreaterThanOrEqual(tree.y + tree.height);
    else expect(details.x).toBeGreaterThanOrEqual(tree.x + tree.width);
    expect(await page.locator("canvas.waterfall").count()).toBe(widthPx < 420 ? 0 : 1);
    expect(tree.height).toBeGreaterThan(90);
  });

  it("is pleasant with 10,000 steps: few elements, and each key within a moment", async () => {
    await using drive = await openTrace(browser, traceFiles(largeTrace(10_000)), { widthPx: 1280 });
    const { page } = drive;
    expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(2_000);
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("Home");
    await drive.drawn();
    expect(await drive.selectedText()).toContain("ses_large");
    await page.keyboard.press("End");
    await drive.drawn();
    await page.getByRole("button", { name: "More Actions" }).click();
    await page.getByRole("menuitem", { name: "Expand All" }).click();
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("End");
    await drive.drawn();
    expect(await drive.selectedText()).toMatch(/case|src/);
    expect(await page.getByRole("treegrid").getAttribute("aria-rowcount")).toBe("10001");
    await page.getByRole("textbox", { name: "Find in Trace" }).fill("case 9957");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("1 match");
    expect(drive.panel.errors).toEqual([]);
  });
});

/** Pairs of the chosen elements that cover each other by more than a px. */
async function overlaps(drive: Drive, selector: string): Promise<string[]> {
  return await drive.page.evaluate((chosen) => {
    const elements = [...document.querySelectorAll(chosen)].filter((element) => !element.matches(".visually-hidden"));
    const boxes = elements.map((element) => element.getBoundingClientRect());
    const found: string[] = [];
    for (const [index, a] of boxes.entries()) {
      for (const [other, b] of boxes.entries()) {
        if (other <= index || a.width === 0 || b.width === 0) continue;
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 1) found.push(`${elements[index]?.className} / ${elements[other]?.className}`);
      }
    }
    return found;
  }, selector);
}
