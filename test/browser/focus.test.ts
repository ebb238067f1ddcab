// Where the focus is, by keyboard alone: in the order of the page, and never lost.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

/** The part of the page that has the focus. */
const focusedPart = (drive: Drive) =>
  drive.page.evaluate(() => {
    const element = document.activeElement;
    const parts = [
      "header",
      ".banner",
      ".strip-buttons",
      ".strip",
      "[role=treegrid]",
      ".breadcrumb",
      ".splitter",
      ".details",
      "footer",
    ];
    return parts.find((part) => element?.closest(part) != null) ?? element?.tagName ?? "";
  });
const focusedName = (drive: Drive) =>
  drive.page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.id ?? "";
  });

describe("the focus", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("goes by Tab through header, banner, overview, steps and details", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    await drive.page.getByRole("button", { name: /show summary/ }).focus();
    const parts = [await focusedPart(drive)];
    for (let presses = 0; presses < 40 && parts.at(-1) !== "footer"; presses++) {
      await drive.page.keyboard.press("Tab");
      const part = await focusedPart(drive);
      if (part !== parts.at(-1)) parts.push(part);
    }
    const order = parts.filter((part) => part !== ".splitter" && part !== ".breadcrumb");
    expect(order).toEqual(["header", ".banner", ".strip", ".strip-buttons", "[role=treegrid]", ".details", "footer"]);
  });

  it.each([
    ["More Actions", "More Actions"],
    ["Filter", "Filter"],
  ])("comes back to %s when its menu closes", async (name, back) => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("button", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("menu").count()).toBe(0);
    expect(await focusedName(drive)).toBe(back);
  });

  it("is not lost by what closes with it: a menu's action, the summary, the shortcuts, a chip", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("button", { name: "More Actions" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Expand All" }).press("Enter");
    await expect.poll(() => focusedName(drive)).toBe("More Actions");

    await page.getByRole("button", { name: /show summary/ }).press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedName(drive)).toBe("Build revenue mart (show summary)");

    await page.getByRole("treegrid").focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedPart(drive)).toBe("[role=treegrid]");

    await page.getByRole("button", { name: "Filter", exact: true }).press("Enter");
    await page.getByRole("menuitemcheckbox", { name: /^Generation/ }).press("Enter");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Remove filter “Generation”" }).press("Enter");
    await expect.poll(() => focusedPart(drive)).toBe("[role=treegrid]");
  });

  it("goes from search and details back to the steps by Escape", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("/");
    await page.keyboard.type("npm");
    await page.keyboard.press("Escape");
    expect(await focusedName(drive)).toBe("Find in Trace");
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedPart(drive)).toBe("[role=treegrid]");
    await page.getByRole("tab", { name: "Data" }).click();
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedPart(drive)).toBe("[role=treegrid]");
  });

  it("is not taken by a jump from where else in the workbench it is, and goes to the steps when it comes", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("row").nth(3).click();
    // As in a window whose focus is in another part of it.
    await page.evaluate(() => {
      (document.activeElement as HTMLElement).blur();
      document.hasFocus = () => false;
    });
    drive.connection.reveal({ type: "failingStep" });
    await expect.poll(() => drive.selectedText()).toContain("dbt.parse");
    await drive.drawn();
    expect(await focusedPart(drive)).toBe("BODY");
    await page.evaluate(() => globalThis.dispatchEvent(new FocusEvent("focus")));
    expect(await focusedPart(drive)).toBe("[role=treegrid]");
    // A command of the person is another matter.
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await drive.navigate("failingStep");
    await expect.poll(() => focusedPart(drive)).toBe("[role=treegrid]");
  });

  it("stays in the details when the host shows another step there", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_completed_tax_rounding"));
    const { page } = drive;
    await page.getByRole("row", { name: /generation-step-2/ }).click();
    await page.getByRole("tabpanel").getByText("Tool calls").waitFor();
    await page.locator(".call:not([disabled])").first().press("Enter");
    await expect.poll(() => drive.selectedText()).not.toContain("generation-step-2");
    await expect.poll(() => focusedPart(drive)).not.toBe("BODY");
  });
});

describe("details that are slow to come", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("leave what was shown in its place, out of reach, until they are here", async () => {
    const spans = ["one", "two"].map((word) => ({ name: "bash", input: { command: word }, output: `said ${word}` }));
    await using drive = await openTrace(browser, traceFiles(madeUpTrace([{ kind: "session" }, ...spans])));
    const { page } = drive;
    const pane = page.getByRole("tabpanel");
    await page.getByRole("row", { name: /bash one/ }).click();
    await pane.getByText("said one").waitFor();
    await page.evaluate(() => {
      const scope = globalThis as unknown as { tracekeeperPost: (message: unknown) => void; release: () => void };
      const post = scope.tracekeeperPost;
      const held: unknown[] = [];
      scope.tracekeeperPost = (message) => {
        if ((message as { method?: string }).method === "details") held.push(message);
        else post(message);
      };
      scope.release = () => {
        scope.tracekeeperPost = post;
        for (const message of held) post(message);
      };
    });
    await page.getByRole("row", { name: /bash two/ }).click();
    await drive.drawn();
    expect(await pane.getAttribute("aria-busy")).toBe("true");
    expect(await pane.innerText()).toContain("said one");
    expect(await pane.locator("[inert]").count()).toBe(1);
    await expect
      .poll(() => pane.locator("[inert]").evaluate((element) => getComputedStyle(element).opacity))
      .toBe("0.35");
    await page.evaluate(() => (globalThis as unknown as { release: () => void }).release());
    await pane.getByText("said two").waitFor();
    expect(await pane.getAttribute("aria-busy")).toBe("false");
    expect(await pane.locator("[inert]").count()).toBe(0);
  });
});
