// Traces that are damaged, empty or none: never blank, always with a word and a way on.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { filesOf, madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

describe("a damaged trace", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("shows what is sound, says what is wrong, and opens the JSON there", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_damaged_truncated"));
    const { page } = drive;
    const problems = page.getByRole("region", { name: "Problems" });
    expect(await problems.innerText()).toContain("1 problem");
    expect(await page.getByRole("treegrid").getByRole("row").count()).toBeGreaterThan(20);
    await problems.getByRole("button", { name: /1 problem/ }).click();
    await problems.getByRole("button", { name: /byte 50,972/ }).click();
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "openJson", offsetBytes: 50_972 }));
  });

  it("leads from a problem of a step to that step", async () => {
    const trace = madeUpTrace([
      { kind: "session", endTime: 9_000 },
      { name: "bash", startTime: 100, endTime: 200 },
      { name: "orphan", parentSpanId: "nobody", startTime: 300, endTime: 400 },
    ]);
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    expect(await page.getByRole("row", { name: /parent not received/ }).count()).toBe(1);
    await page.getByRole("region", { name: "Problems" }).getByRole("button").click();
    await page
      .getByRole("button", { name: /is not in the trace/ })
      .last()
      .click();
    await expect.poll(() => drive.selectedText()).toContain("orphan");
  });

  it("that holds no byte says so, with actions", async () => {
    await using drive = await openTrace(browser, filesOf("empty", new Uint8Array(0)));
    const { page } = drive;
    expect(await page.getByRole("alert").innerText()).toContain("This trace cannot be read");
    await page.getByRole("button", { name: "Reload" }).click();
    await page.getByRole("button", { name: "Open Trace as Text" }).click();
    await expect.poll(() => drive.intents.map(({ type }) => type)).toEqual(["reload", "openJson"]);
  });

  it("that becomes sound is shown", async () => {
    await using drive = await openTrace(browser, filesOf("ses_failed_dbt_build", new Uint8Array(0)));
    await drive.page.getByRole("alert").waitFor();
    await drive.update(sampleFiles("ses_failed_dbt_build"));
    await expect.poll(() => drive.selectedText()).toContain("dbt.parse");
  });

  it("that is another JSON says that it is no trace", async () => {
    await using drive = await openTrace(browser, filesOf("package", new TextEncoder().encode('{"name": "x"}')));
    expect(await drive.page.getByRole("alert").innerText()).toContain("This file is not a trace");
  });

  it("without a single step explains itself", async () => {
    await using drive = await openTrace(browser, traceFiles(madeUpTrace([])));
    expect(await drive.page.getByRole("main").innerText()).toContain("No steps in this trace");
  });

  it("shows only part of a long output and marks what its producer cut", async () => {
    const trace = madeUpTrace([
      { kind: "session", endTime: 9_000 },
      { name: "bash", input: { command: "cat" }, output: "x".repeat(10_000) },
      { name: "bash", input: { command: "long" }, output: "line\n".repeat(90_000) },
    ]);
    await using drive = await openTrace(browser, traceFiles(trace));
    const { page } = drive;
    await page.getByRole("row", { name: /cat/ }).click();
    await page.getByText("output cut by its producer at 10,000 characters").waitFor();
    await page.getByRole("row", { name: /long/ }).click();
    await page.getByText("first 64 KB of 439 KB").waitFor();
    const shown = () =>
      page
        .locator(".payload-text")
        .last()
        .evaluate((element) => element.textContent?.length);
    expect(await shown()).toBe(65_536);
    await page.getByRole("button", { name: "Open in an editor" }).click();
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "openText", field: "output" }));
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(shown).toBe(65_536 + 262_144);
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(shown).toBe(450_000);
    await expect.poll(() => page.getByRole("button", { name: "Show more" }).count()).toBe(0);
  });
});
