// From failure to failure, by what the host sends for F8 and by the banner's buttons.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

const failed = { status: "error", statusMessage: "exit code 1" } as const;
const withRecovered = madeUpTrace(
  [
    { kind: "session", endTime: 60_000, ...failed },
    { name: "bash", input: { command: "first" }, startTime: 1_000, endTime: 2_000, ...failed },
    { name: "bash", input: { command: "recovered" }, startTime: 3_000, endTime: 4_000, ...failed },
    { name: "bash", input: { command: "recovered" }, startTime: 5_000, endTime: 6_000 },
    { name: "bash", input: { command: "last" }, startTime: 7_000, endTime: 8_000, ...failed },
  ],
  { summary: { status: "error", error: "it failed" } },
);

describe("failures", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("follow each other by F8, pass over recovered ones, and begin again at the end", async () => {
    await using drive = await openTrace(browser, traceFiles(withRecovered));
    const go = async (target: Parameters<typeof drive.navigate>[0]) => {
      await drive.navigate(target);
      return await drive.selectedText();
    };
    expect(await drive.selectedText()).toContain("last");
    expect(await go("nextFailure")).toContain("first");
    expect(await drive.page.locator(".status-announcement").innerText()).toContain("Went on from the beginning");
    expect(await go("nextFailure")).toContain("last");
    expect(await go("previousFailure")).toContain("first");
    expect(await go("nextFailureIncludingRecovered")).toContain("recovered");
    expect(await drive.page.getByRole("region", { name: "Failure" }).innerText()).toContain("2 failures, 1 recovered");
  });

  it("are counted in the banner, which has buttons for them", async () => {
    await using drive = await openTrace(browser, traceFiles(withRecovered));
    const banner = drive.page.getByRole("region", { name: "Failure" });
    expect(await banner.innerText()).toContain("2 of 2 failures, 1 recovered");
    await banner.getByRole("button", { name: "Previous Failure" }).click();
    await expect.poll(() => drive.selectedText()).toContain("first");
    await expect.poll(() => banner.innerText()).toContain("1 of 2 failures");
  });

  it("are reached within collapsed rows and through filters that hide them", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("button", { name: "More Actions" }).click();
    await page.getByRole("menuitem", { name: "Collapse All" }).click();
    await expect.poll(() => page.getByRole("treegrid").getByRole("row").count()).toBe(2);
    await drive.navigate("previousFailure");
    await expect.poll(() => drive.selectedText()).toContain("glob");
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    await page.getByRole("menuitemcheckbox", { name: /User message/ }).click();
    await page.keyboard.press("Escape");
    await drive.navigate("nextFailure");
    await expect.poll(() => drive.selectedText()).toContain("dbt.parse");
    expect(await page.getByRole("group", { name: "Active filters" }).count()).toBe(0);
  });

  it("of a crashed session are what was in progress", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_crashed_migration"));
    const banner = drive.page.getByRole("region", { name: "Failure" });
    expect(await banner.innerText()).toMatch(/In progress when the process died:\s+generation-step-7/);
    expect(await banner.innerText()).toContain("SIGTERM received during long session");
    expect(await drive.selectedText()).toContain("generation-step-7");
    expect(await drive.page.locator("header").innerText()).toContain("Crashed");
  });

  it("that are not there are said to be not there", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"));
    expect(await drive.page.getByRole("region", { name: "Failure" }).count()).toBe(0);
    await drive.navigate("nextFailure");
    expect(await drive.page.locator(".status-announcement").innerText()).toBe("No failures in this trace");
  });

  it("take the focus to the tree, so that the next key moves in it", async () => {
    await using drive = await openTrace(browser, traceFiles(withRecovered));
    await drive.page.getByRole("textbox", { name: "Find in Trace" }).focus();
    await drive.navigate("nextFailure");
    await drive.page.keyboard.press("ArrowDown");
    await expect.poll(() => drive.selectedText()).toContain("recovered");
  });
});

describe("failures that were all made good later", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const recovered = madeUpTrace([
    { kind: "session", endTime: 60_000 },
    { name: "bash", input: { command: "npm test" }, startTime: 3_000, endTime: 4_000, ...failed },
    { name: "bash", input: { command: "npm test" }, startTime: 5_000, endTime: 6_000 },
  ]);

  it("make no banner; the status line counts them and leads to them", async () => {
    await using drive = await openTrace(browser, traceFiles(recovered));
    const { page } = drive;
    expect(await page.getByRole("region", { name: "Failure" }).count()).toBe(0);
    await page.getByRole("row", { name: /bash/ }).last().click();
    await page.getByRole("button", { name: "1 recovered" }).click();
    await expect.poll(() => page.getByRole("row", { selected: true }).getAttribute("id")).toBe("row-1");
    expect(await page.locator(".status-line").innerText()).not.toContain("0 failures");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("tree");
  });
});

describe("Go to Source", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("is a button with words in the details of every step that names a place", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_failed_dbt_build"));
    const { page } = drive;
    await page.getByRole("row", { name: /^edit/ }).first().click();
    const button = page.getByRole("region", { name: "Details" }).getByText("Go to Source", { exact: true });
    await button.waitFor();
    await button.click();
    const row = Number((await page.getByRole("row", { selected: true }).getAttribute("id"))?.slice(4));
    await expect.poll(() => drive.intents).toContainEqual(expect.objectContaining({ type: "openSource", row }));
    await page.getByRole("row", { name: /^user-message/ }).click();
    await expect.poll(() => button.count()).toBe(0);
  });
});
