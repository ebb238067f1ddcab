// A session that grows while it is watched: nothing moves that the person looks at.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceSpan } from "../../src/trace/schema";
import type { SessionFiles } from "../../src/trace/sessionFiles";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, liveFiles, madeUpTrace, openTrace, startingAt, traceFiles } from "./panelHarness";

/** A session with `count` finished steps and one that runs. */
function running(count: number, startMs = Date.now() - 60_000): SessionFiles {
  const spans: Partial<TraceSpan>[] = [{ kind: "session", name: "ses_live", endTime: undefined }];
  for (let index = 0; index < count; index++) {
    spans.push({ name: "bash", input: { command: `step ${index}` }, startTime: index * 10, endTime: index * 10 + 8 });
  }
  const trace = madeUpTrace(spans, { sessionId: "ses_live", summary: { status: "running" } });
  delete trace.endedAt;
  return liveFiles(startingAt(trace, startMs));
}

const scrollTop = (drive: Drive) => drive.page.locator(".grid-scroller").evaluate((element) => element.scrollTop);
const startMs = Date.now() - 60_000;

describe("a live session", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("keeps selection, scroll and focus when steps come, and tells how many came", async () => {
    await using drive = await openTrace(browser, running(60, startMs), { liveness: "alive" });
    const { page } = drive;
    await page
      .getByRole("row", { name: /step 5 /, exact: false })
      .first()
      .click();
    await page.locator(".grid-scroller").evaluate((element) => {
      element.scrollTop = 60;
    });
    await drive.drawn();
    await page.getByRole("textbox", { name: "Find in Trace" }).focus();
    const before = { selected: await drive.selectedText(), top: await scrollTop(drive) };
    await drive.update(running(72, startMs));
    await expect.poll(() => page.getByRole("button", { name: "12 new" }).count()).toBe(1);
    expect({ selected: await drive.selectedText(), top: await scrollTop(drive) }).toEqual(before);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("search-field");
    await page.getByRole("button", { name: "12 new" }).click();
    await expect.poll(() => page.getByRole("row", { name: /step 71/ }).count()).toBe(1);
    await expect.poll(() => page.getByRole("button", { name: /new$/ }).count()).toBe(0);
    expect(await drive.page.locator(".status-counts").innerText()).toBe("73 of 73");
  });

  it("says that it runs, and its open steps grow", async () => {
    await using drive = await openTrace(browser, running(3, startMs), { liveness: "alive" });
    const { page } = drive;
    expect(await page.locator("header").innerText()).toContain("Running");
    expect(await page.locator("footer").innerText()).toMatch(/4 of 4\s+live\s+saved/);
    const root = page.getByRole("row", { name: /ses_live/ });
    const duration = () => root.getByRole("gridcell").last().getAttribute("aria-label");
    const before = await duration();
    expect(before).toMatch(/^\d m \d+ s so far$/);
    await expect.poll(duration).not.toBe(before);
  });

  it("keeps the step at the top of the view in its place when steps come above it", async () => {
    const trace = (extra: number) => {
      const spans: Partial<TraceSpan>[] = [{ kind: "session", endTime: undefined }];
      spans.push({ kind: "generation", name: "early", startTime: 0, endTime: 10 });
      for (let index = 0; index < 80; index++)
        spans.push({ name: "read", startTime: 100 + index, endTime: 101 + index });
      for (let index = 0; index < extra; index++)
        spans.push({ name: "late child", parentSpanId: "s1", startTime: 2, endTime: 3 });
      return traceFiles(madeUpTrace(spans, { summary: { status: "running" } }));
    };
    await using drive = await openTrace(browser, trace(0));
    await drive.page.locator(".grid-scroller").evaluate((element) => {
      element.scrollTop = 33 * 22 + 7;
    });
    await drive.drawn();
    const place = () => drive.page.locator("#row-40").evaluate((element) => element.getBoundingClientRect().top);
    const before = await place();
    await drive.update(trace(6));
    await expect.poll(() => drive.page.locator(".status-counts").innerText()).toBe("88 of 88");
    expect(await place()).toBe(before);
    expect(await scrollTop(drive)).toBe(39 * 22 + 7);
  });

  it("follows at the end of the list", async () => {
    await using drive = await openTrace(browser, running(60, startMs), { liveness: "alive" });
    await drive.page.getByRole("treegrid").focus();
    await drive.page.keyboard.press("End");
    await drive.drawn();
    await drive.update(running(80, startMs));
    await expect.poll(() => drive.page.getByRole("row", { name: /step 79/ }).count()).toBe(1);
    expect(await drive.selectedText()).toContain("step 59");
    expect(await drive.page.getByRole("button", { name: /new$/ }).count()).toBe(0);
  });

  it("shows what changed of a step that is selected", async () => {
    const trace = (isDone: boolean) =>
      traceFiles(
        madeUpTrace(
          [
            { kind: "session", endTime: undefined },
            {
              name: "bash",
              input: { command: "npm test" },
              ...(isDone ? { output: "all passed" } : { endTime: undefined }),
            },
          ],
          { summary: { status: "running" } },
        ),
      );
    await using drive = await openTrace(browser, trace(false));
    const { page } = drive;
    await page.getByRole("row", { name: /npm test/ }).click();
    await expect.poll(() => page.getByRole("tabpanel").innerText()).toContain("npm test");
    await drive.update(trace(true));
    await expect.poll(() => page.getByRole("tabpanel").innerText()).toContain("all passed");
  });
});
