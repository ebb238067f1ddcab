// Finding steps: search over everything, filters as chips.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

describe("search", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("counts, goes on by Enter, back by Shift+Enter, and marks what it found", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("/");
    await page.keyboard.type("roundHalfEven in");
    const search = page.getByRole("search");
    await expect.poll(() => search.innerText()).toContain("2 matches");
    await page.keyboard.press("Enter");
    await expect.poll(() => search.innerText()).toContain("1 of 2");
    expect(await drive.selectedText()).toContain("grep");
    await page.keyboard.press("Enter");
    await expect.poll(() => search.innerText()).toContain("2 of 2");
    await page.keyboard.press("Enter");
    await expect.poll(() => search.innerText()).toContain("1 of 2");
    await page.keyboard.press("Shift+Enter");
    await expect.poll(() => search.innerText()).toContain("2 of 2");
    expect(await page.locator("mark").first().innerText()).toBe("roundHalfEven in");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("mark").count()).toBe(0);
    expect(await page.getByRole("textbox", { name: "Find in Trace" }).inputValue()).toBe("");
  });

  it("finds what is only in a payload, and reduces the tree to what it found", async () => {
    const trace = madeUpTrace([
      { kind: "session", endTime: 5_000 },
      { name: "bash", output: "a needle in the output" },
      { name: "bash", output: "nothing" },
    ]);
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    await page.getByRole("textbox", { name: "Find in Trace" }).fill("needle");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("1 match");
    await page.getByRole("button", { name: "Show Matches Only" }).click();
    await expect.poll(() => page.getByRole("treegrid").getByRole("row").count()).toBe(3);
    expect(await page.locator(".status-counts").innerText()).toBe("1 of 3");
    await page.getByRole("button", { name: "Clear Search" }).click();
    await expect.poll(() => page.getByRole("treegrid").getByRole("row").count()).toBe(4);
  });

  it("says that it found nothing", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_loop_same_call"));
    await drive.page.getByRole("textbox", { name: "Find in Trace" }).fill("zzzz");
    await expect.poll(() => drive.page.getByRole("search").innerText()).toContain("No matches");
  });

  it("is steered by the host's keys", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_loop_same_call"));
    await drive.navigate("search");
    await drive.page.keyboard.type("npm ci");
    await expect.poll(() => drive.page.getByRole("search").innerText()).toMatch(/of \d+|matches/);
    await drive.navigate("nextMatch");
    const first = await drive.selectedText();
    await drive.navigate("nextMatch");
    expect(await drive.selectedText()).not.toBe("");
    await drive.navigate("previousMatch");
    expect(await drive.selectedText()).toBe(first);
  });
});

describe("how the text of a search is meant", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const trace = madeUpTrace([
    { kind: "session", endTime: 5_000 },
    { name: "bash", output: "the tax of a taxi" },
    { name: "bash", output: "Taxes (total): 41" },
    { name: "bash", output: "no duties" },
  ]);

  it("is set by three buttons of the field, and kept with the panel's state", async () => {
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    const field = page.getByRole("textbox", { name: "Find in Trace" });
    const search = page.getByRole("search");
    const toggle = (name: string) => page.getByRole("button", { name });
    await field.click();
    expect(await toggle("Match Case").getAttribute("aria-pressed")).toBe("false");
    await field.fill("tax");
    await expect.poll(() => search.innerText()).toContain("2 matches");
    await toggle("Match Case").click();
    await expect.poll(() => search.innerText()).toContain("1 match");
    await toggle("Match Case").click();
    await toggle("Match Whole Word").click();
    await expect.poll(() => search.innerText()).toContain("1 match");
    expect(await toggle("Match Whole Word").getAttribute("aria-pressed")).toBe("true");
    await toggle("Use Regular Expression").click();
    await field.fill("taxes|duties");
    await expect.poll(() => search.innerText()).toContain("2 matches");
    await expect
      .poll(async () => (await drive.viewState()).searchOptions)
      .toEqual({ matchCase: false, wholeWord: true, regex: true });
    await drive.panel.reload();
    await page.getByRole("treegrid").waitFor();
    expect(await toggle("Use Regular Expression").getAttribute("aria-pressed")).toBe("true");
    await expect.poll(() => search.innerText()).toContain("2 matches");
  });

  it("is toggled by the host's keys, and said", async () => {
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    await page.getByRole("textbox", { name: "Find in Trace" }).fill("t.x");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("No matches");
    await drive.navigate("toggleRegex");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("2 matches");
    expect(await page.locator("footer").innerText()).toContain("Use Regular Expression: on");
    await drive.navigate("toggleMatchCase");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("1 match");
    await drive.navigate("toggleWholeWord");
    expect(await page.locator("footer").innerText()).toContain("Match Whole Word: on");
  });

  it("says at the field what is wrong with an expression, and where", async () => {
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    const field = page.getByRole("textbox", { name: "Find in Trace" });
    await field.click();
    await page.getByRole("button", { name: "Use Regular Expression" }).click();
    const says = async (expression: string, words: string) => {
      await field.fill(expression);
      await expect.poll(() => page.locator(".search-fault").allInnerTexts()).toEqual([words]);
      expect(await field.getAttribute("aria-invalid")).toBe("true");
      expect(await field.getAttribute("aria-describedby")).toBe("search-fault");
      expect(await page.getByRole("search").getByRole("status").innerText()).toBe(words);
    };
    await says("tax(?=i)", "“(?=” looks around, which is not supported here (character 4)");
    await says("(t)ax\\1", "“\\1” refers back to a group, which is not supported here (character 6)");
    await says("tax(", "A “(” is never closed (character 4)");
    await says("tax*|", "The expression matches the empty text, so it would find everything");
    await field.fill("tax\\w");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("2 matches");
    expect(await page.locator(".search-fault").count()).toBe(0);
    expect(await field.getAttribute("aria-invalid")).toBe("false");
  });

  it("goes for what is marked in rows and in the details", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    const field = page.getByRole("textbox", { name: "Find in Trace" });
    const marked = () =>
      page.evaluate(() => [...(CSS.highlights.get("search-details") ?? [])].map((range) => String(range)));
    await field.fill("roundhalfeven");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("matches");
    await page.keyboard.press("Enter");
    await expect.poll(marked).toContain("roundHalfEven");
    expect(new Set(await marked())).toEqual(new Set(["roundHalfEven"]));
    await page.getByRole("button", { name: "Use Regular Expression" }).click();
    await field.fill("r\\w+Half\\S+");
    await expect.poll(() => page.locator("mark").allInnerTexts()).toContain("roundHalfEven");
    await expect.poll(marked).toContain("roundHalfEven");
    await field.fill("");
    await expect.poll(marked).toEqual([]);
    expect(await page.locator("mark").count()).toBe(0);
  });

  it("is marked in the conversation", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("button", { name: "Conversation" }).click();
    await page.getByRole("textbox", { name: "Find in Trace" }).fill("revenue");
    const marked = () =>
      page.evaluate(() => [...(CSS.highlights.get("search-list") ?? [])].map((range) => String(range).toLowerCase()));
    await expect.poll(async () => new Set(await marked())).toEqual(new Set(["revenue"]));
    await page.getByRole("button", { name: "Tree", exact: true }).click();
    await expect.poll(marked).toEqual([]);
  });

  it("brings the first match of a step into view that is far down in its details", async () => {
    const output = Array.from({ length: 90 }, (_, line) => `line ${line}`).join("\n");
    const far = madeUpTrace([
      { kind: "session", endTime: 5_000 },
      { name: "bash", output: `${output}\nneedle` },
    ]);
    await using drive = await openTrace(browser, traceFiles(far));
    const { page } = drive;
    await page.getByRole("textbox", { name: "Find in Trace" }).fill("needle");
    await expect.poll(() => page.getByRole("search").innerText()).toContain("1 match");
    await page.keyboard.press("Enter");
    const isInView = () =>
      page.evaluate(() => {
        const [range] = CSS.highlights.get("search-details") ?? [];
        const body = document.querySelector(".details-body")?.getBoundingClientRect();
        if (range === undefined || body === undefined) return false;
        const { top, bottom } = (range as Range).getBoundingClientRect();
        return top >= body.top && bottom <= body.bottom;
      });
    await expect.poll(isInView).toBe(true);
  });
});

describe("filters", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("are added by the menu, shown as chips with a count, and removed by them", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_completed_tax_rounding"));
    const { page } = drive;
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("menuitemcheckbox", { name: /^Generation/ }).click();
    await page.keyboard.press("Escape");
    const chips = page.getByRole("group", { name: "Active filters" });
    await expect.poll(() => chips.innerText()).toContain("9 of 45");
    await expect.poll(() => page.getByRole("treegrid").getByRole("row").count()).toBe(1 + 1 + 9);
    await chips.getByRole("button", { name: "Remove filter “Generation”" }).click();
    await expect.poll(() => chips.count()).toBe(0);
    expect(await page.locator(".status-counts").innerText()).toBe("45 of 45");
  });

  it("by name come from the context menu of a step", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("row", { name: /^edit/ }).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Filter by Name “edit”" }).click();
    await expect.poll(() => page.locator(".status-counts").innerText()).toBe("1 of 18");
    expect(await page.getByRole("row", { name: /^edit/ }).count()).toBe(1);
  });

  it("that keep nothing say so and are cleared by one button", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("menuitemcheckbox", { name: "Longer than 1 m" }).click();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByText("No step matches the filters").count()).toBe(1);
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await expect.poll(() => page.getByRole("treegrid").getByRole("row").count()).toBe(19);
  });
});
