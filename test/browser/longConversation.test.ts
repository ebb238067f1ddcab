import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium";
import { type Drive, madeUpTrace, openTrace, traceFiles } from "./panelHarness";

/** Rows and what is said in them have the same numbers. */
const said = (count: number) =>
  madeUpTrace(
    Array.from({ length: count }, (_, row) => ({
      kind: "user-message",
      name: `message ${row}`,
      input: `words ${row}`,
      ...(row === 440 ? { status: "error" as const, statusMessage: "gone" } : {}),
    })),
    { summary: { status: "error" } },
  );

describe("a long conversation", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const feedOf = ({ page }: Drive) => page.getByRole("feed", { name: "Conversation" });
  const words = async (drive: Drive) => {
    const all = await feedOf(drive).locator(".message-words").allTextContents();
    return { first: all[0], last: all.at(-1), count: all.length };
  };

  it("is shown around the step at which the trace opens, and goes on in both directions", async () => {
    await using drive = await openTrace(browser, traceFiles(said(460)));
    await drive.navigate("toggleConversation");
    const feed = feedOf(drive);
    await expect.poll(() => words(drive)).toEqual({ first: "words 260", last: "words 459", count: 200 });
    const current = feed.locator(".is-current");
    expect(await current.innerText()).toContain("words 440");
    await expect.poll(() => current.boundingBox()).toMatchObject({ y: expect.any(Number) as number });
    expect(await current.getAttribute("aria-posinset")).toBe("441");
    expect(await current.getAttribute("aria-setsize")).toBe("460");

    await feed.getByRole("button", { name: "260 earlier" }).click();
    await expect.poll(() => words(drive)).toEqual({ first: "words 60", last: "words 459", count: 400 });
    await feed.getByRole("button", { name: "60 earlier" }).click();
    await expect.poll(() => words(drive)).toEqual({ first: "words 0", last: "words 459", count: 460 });
    expect(await feed.getByRole("button", { name: /earlier|more/ }).count()).toBe(0);
  });

  it("begins at its beginning where that is where the person is, and takes in what comes", async () => {
    await using drive = await openTrace(browser, traceFiles(said(210)));
    await drive.navigate("toggleConversation");
    await expect.poll(() => words(drive)).toEqual({ first: "words 0", last: "words 199", count: 200 });
    await drive.update(traceFiles(said(330)));
    const more = feedOf(drive).getByRole("button", { name: "30 more" });
    await more.click();
    await expect.poll(() => words(drive)).toEqual({ first: "words 0", last: "words 329", count: 330 });
    await drive.update(traceFiles(said(331)));
    await expect.poll(() => words(drive)).toEqual({ first: "words 0", last: "words 330", count: 331 });
  });
});
