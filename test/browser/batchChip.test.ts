// A trace that is a run of a batch: which run of which, and the way to the batch.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { madeUpTrace, openTrace, traceFiles } from "./panelHarness";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

const batch = { id: "batch_A", name: "nightly <b>", index: 6, runCount: 40, runId: "run_A_6", attempt: 2 };
const run = madeUpTrace([{ attributes: { "tracekeeper.batch": batch } }, {}]);

describe("a run of a batch", () => {
  it("says which it is, and leads to the batch", async () => {
    await using drive = await openTrace(browser, traceFiles(run));
    const chip = drive.page.getByRole("button", { name: /^run 7 of 40 · nightly <b>/ });
    await chip.click();
    await expect.poll(() => drive.intents).toEqual([{ type: "openBatch" }]);
    expect(drive.model.facts?.header.batch).toMatchObject({ id: "batch_A", number: 7, attempt: 2 });
  });

  it.each([320, 480, 700])("leaves room for the state in %i px", async (widthPx) => {
    await using drive = await openTrace(browser, traceFiles(run), { widthPx, heightPx: 600 });
    const word = drive.page.locator(".fact-word");
    expect(await word.evaluate((element) => element.scrollWidth <= element.clientWidth + 1)).toBe(true);
    const number = drive.page.locator(".batch-chip-number");
    expect(await number.innerText()).toBe("run 7 of 40");
    expect(await number.evaluate((element) => element.scrollWidth <= element.clientWidth + 1)).toBe(true);
    const box = await drive.page.locator(".batch-chip").boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(widthPx);
  });

  it("is no run of a batch where the trace says nothing of one", async () => {
    await using drive = await openTrace(browser, traceFiles(madeUpTrace([{}, {}])));
    expect(await drive.page.locator(".batch-chip").count()).toBe(0);
  });
});
