// The tree by keyboard and mouse, as a person and a screen reader meet it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { openTrace, sampleFiles } from "./panelHarness";

describe("the tree", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("opens at the failing step, with its error and its place in view", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    expect(await drive.selectedText()).toContain("dbt.parse");
    await expect
      .poll(() => page.getByRole("region", { name: "Error", exact: true }).innerText())
      .toContain("parse failed");
    await page
      .getByRole("button", { name: /fct_revenue\.sql:12/ })
      .last()
      .click();
    await expect.poll(() => drive.intents).toContainEqual(expect.objectContaining({ type: "openSource", place: 0 }));
    const banner = page.getByRole("region", { name: "Failure" });
    expect(await banner.innerText()).toMatch(/Failed at\s+dbt\.parse/);
    await banner.getByRole("button", { name: "Go to Source" }).click();
    await expect.poll(() => drive.intents.filter(({ type }) => type === "openSource")).toHaveLength(2);
    expect(drive.panel.errors).toEqual([]);
  });

  it("moves, collapses and expands by the keys of a tree", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
      await drive.drawn();
      return await drive.selectedText();
    };
    await page.getByRole("treegrid").focus();
    expect(await press("Home")).toContain("ses_failed_dbt_build");
    expect(await press("ArrowDown")).toContain("user-message");
    expect(await press("ArrowDown")).toContain("generation-step-1");
    expect(await press("ArrowRight")).toContain("grep");
    expect(await press("ArrowLeft")).toContain("generation-step-1");
    await press("ArrowLeft");
    expect(await page.getByRole("row", { selected: true }).getAttribute("aria-expanded")).toBe("false");
    expect(await page.getByRole("row", { name: /^grep/ }).count()).toBe(1);
    expect(await press("ArrowDown")).toContain("generation-step-2");
    expect(await press("ArrowUp", "ArrowLeft")).toContain("ses_failed_dbt_build");
    expect(await press("ArrowLeft", "End")).toContain("ses_failed_dbt_build");
    expect(await press("ArrowRight", "End")).toContain("dbt.parse");
    await press("ArrowUp", "*");
    expect(await page.getByRole("row", { name: /generation-step-1/ }).getAttribute("aria-expanded")).toBe("false");
    await press("Home", "ArrowDown", "*");
    expect(await page.getByRole("row", { name: /generation-step-1/ }).getAttribute("aria-expanded")).toBe("true");
  });

  it("says what a screen reader needs: level, place among siblings, what has the focus", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const tree = drive.page.getByRole("treegrid", { name: "Steps" });
    const row = drive.page.getByRole("row", { selected: true });
    expect(await tree.getAttribute("aria-activedescendant")).toBe(await row.getAttribute("id"));
    expect(await row.getAttribute("aria-level")).toBe("2");
    expect(await row.getAttribute("aria-setsize")).toBe("6");
    expect(await row.getAttribute("aria-posinset")).toBe("6");
    expect(await tree.getAttribute("aria-rowcount")).toBe("19");
    expect(await row.getByRole("gridcell", { name: "800 ms", exact: true }).count()).toBe(1);
  });

  it("gives every button a name", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_completed_tax_rounding"));
    const nameless = await drive.page
      .getByRole("button")
      .evaluateAll((buttons) =>
        buttons
          .filter((button) => (button.getAttribute("aria-label") ?? button.textContent ?? "").trim() === "")
          .map((button) => button.outerHTML),
      );
    expect(nameless).toEqual([]);
  });

  it("goes to the details by Enter and back by Escape", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.getByRole("tabpanel").evaluate((panel) => panel === document.activeElement))
      .toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("treegrid").evaluate((tree) => tree === document.activeElement)).toBe(true);
  });

  it("shows how many failed within a collapsed row", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("row", { name: /generation-step-4/ }).click();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.getByRole("row", { name: /^generation-step-4.* 1 failed within/ }).count()).toBe(1);
  });

  it("names the ancestors of the selected step and leads to them", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("row", { name: /^glob \/repo\/src\/api/ }).click();
    const path = page.getByRole("navigation", { name: "Path of the selected step" });
    await expect
      .poll(() => path.getByRole("button").allInnerTexts())
      .toEqual(["ses_failed_dbt_build", "generation-step-4", "glob"]);
    await path.getByRole("button", { name: "generation-step-4" }).click();
    await expect.poll(() => drive.selectedText()).toContain("generation-step-4");
  });

  it("stops indenting at twelve levels and writes the level instead", async () => {
    const { madeUpTrace, traceFiles } = await import("./panelHarness");
    const spans = Array.from({ length: 20 }, (_, index) => ({
      kind: index === 0 ? ("session" as const) : ("span" as const),
      name: `level ${index}`,
      parentSpanId: index === 0 ? null : `s${index - 1}`,
      startTime: index,
      endTime: 100 - index,
    }));
    await using drive = await openTrace(browser, traceFiles(madeUpTrace(spans)));
    const left = async (name: string) => (await drive.page.getByText(name, { exact: true }).boundingBox())?.x ?? 0;
    expect(await left("level 12")).toBeGreaterThan(await left("level 11"));
    expect(Math.abs((await left("level 19")) - (await left("level 14")))).toBeLessThan(8);
    expect(
      await drive.page
        .getByRole("row", { name: /level 19/ })
        .getByTitle("Level 19", { exact: true })
        .innerText(),
    ).toBe("19");
  });
});
