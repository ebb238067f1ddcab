// Runs of playbooks in the panel: what was not run in this session, what guardrails said and where, the checkpoints, and
// where a step stands in its YAML, however little room there is.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, openTrace, traceFiles } from "./panelHarness";
import { playbookFile, resumedRun, skipReason, stoppedRun, stopReason } from "./playbookTraces";

describe("a run of a playbook", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const row = (drive: Drive, name: string) =>
    drive.page.getByRole("row").filter({ has: drive.page.getByText(name, { exact: true }) });
  const words = async (drive: Drive, name: string) => (await row(drive, name).innerText()).replace(/\s+/g, " ").trim();
  const textColor = (drive: Drive, name: string) =>
    row(drive, name)
      .locator(".row-name")
      .evaluate((element) => getComputedStyle(element).color);

  it("tells of steps that were taken over and skipped, and draws them back", async () => {
    await using drive = await openTrace(browser, traceFiles(resumedRun));
    expect(await words(drive, "Build")).toBe("Build replayed");
    expect(await words(drive, "Tell")).toBe(`Tell ${skipReason} skipped`);
    const notRun = drive.page.getByRole("treegrid").getByRole("img", { name: "Not run in this session" });
    expect(await notRun.count()).toBe(2);
    expect(await textColor(drive, "Build")).not.toBe(await textColor(drive, "Check"));
    expect(await textColor(drive, "Tell")).toBe(await textColor(drive, "Build"));
    await row(drive, "Build").click();
    const details = drive.page.getByRole("tabpanel");
    await details.getByText("It finished in an earlier session").waitFor();
    expect(await details.getByText("Span id").count()).toBe(1);
    expect(await details.getByText(/^(Started|Ended|Duration)$/).count()).toBe(0);
    // No length is told of what has none.
    expect(await row(drive, "Build").getByRole("gridcell").last().getAttribute("aria-label")).toBe(
      "not run in this session",
    );
  });

  it("lists what was not run in the text of the timeline", async () => {
    await using drive = await openTrace(browser, traceFiles(resumedRun));
    await drive.page.getByRole("treegrid").focus();
    await drive.page.keyboard.press("l");
    await drive.page.getByRole("button", { name: /as text/i }).click();
    const text = drive.page.getByRole("region", { name: /as text/i });
    await expect.poll(() => text.innerText()).toContain("Steps not run in this session: 2");
    expect(await text.innerText()).toContain("Build, replayed");
    expect(await text.innerText()).toContain(`Tell, skipped ${skipReason}`);
  });

  it("can be filtered by what was not run", async () => {
    await using drive = await openTrace(browser, traceFiles(resumedRun));
    await drive.page.getByRole("button", { name: "Filter", exact: true }).click();
    const choices = drive.page.getByRole("menu", { name: "Filter" });
    expect(
      (await choices.getByRole("menuitemcheckbox").allInnerTexts()).map((text) => text.replace(/\s+/g, " ")),
    ).toEqual(expect.arrayContaining(["Not run in this session 2", "Succeeded 3"]));
    await choices.getByText("Not run in this session").click();
    await expect.poll(() => drive.page.locator(".chips-count").innerText()).toBe("2 of 5");
  });

  it("marks each row of which a guardrail said something, with its level", async () => {
    await using drive = await openTrace(browser, traceFiles(stoppedRun));
    const mark = (name: string, level: string) =>
      row(drive, name).getByRole("img", { name: new RegExp(`^Guardrail \\(${level}\\): `) });
    await mark("make 5000", "stopped the session").waitFor();
    expect(await mark("make 3000", "warning").count()).toBe(1);
    expect(await mark("make 4000", "hint").count()).toBe(1);
    expect(
      await drive.page
        .getByRole("treegrid")
        .getByRole("img", { name: /^Guardrail/ })
        .count(),
    ).toBe(3);
    const icons = await drive.page.locator(".row-watched .icon").evaluateAll((all) => all.map((one) => one.className));
    expect(new Set(icons).size).toBe(3);
    await drive.page.getByRole("button", { name: /^1 stop, 1 warning, 1 hint\./ }).waitFor();
    await row(drive, "make 3000").click();
    const note = drive.page.getByRole("group", { name: "Guardrail (warning): failure cluster: 3 of 5 actions failed" });
    await note.waitFor();
  });

  it("tells the levels in the text of the timeline", async () => {
    await using drive = await openTrace(browser, traceFiles(stoppedRun));
    await drive.page.getByRole("button", { name: /^1 stop/ }).waitFor();
    await drive.page.getByRole("treegrid").focus();
    await drive.page.keyboard.press("l");
    await drive.page.getByRole("button", { name: /as text/i }).click();
    const text = drive.page.getByRole("region", { name: /as text/i });
    await expect.poll(() => text.innerText()).toContain("Guardrail (warning): failure cluster: 3 of 5 actions failed");
    expect(await text.innerText()).toContain(`Told while it ran (stopped the session): ${stopReason}`);
  });

  it("that a guardrail has stopped says so above where it failed, by the names of its steps", async () => {
    await using drive = await openTrace(browser, traceFiles(stoppedRun));
    const banner = drive.page.getByRole("region", { name: "Failure" });
    expect((await banner.innerText()).replace(/\s+/g, " ")).toContain(
      `Stopped by a guardrail ${stopReason} Failed at Ask 5 run make 5000 exit code 1`,
    );
  });

  it("has its checkpoints on one line, and its other events as they are", async () => {
    await using drive = await openTrace(browser, traceFiles(resumedRun));
    await row(drive, "Check the shop").click();
    await drive.page.getByRole("tab", { name: "Data" }).click();
    const data = drive.page.getByRole("tabpanel");
    await data.getByText("12 checkpoints, the last one at +0:11.000").waitFor();
    expect(await data.getByText("tracekeeper.checkpoint").count()).toBe(0);
    // What is copied is the event that it stands beside.
    await data.getByText("The log is full").waitFor();
    await data.getByRole("button", { name: "Copy message" }).click();
    await expect
      .poll(() => drive.intents.map((intent) => ("path" in intent ? intent.path : undefined)))
      .toEqual([[12, 0]]);
  });

  it.each([
    [320, 700],
    [700, 500],
    [860, 500],
    [1000, 700],
    [1300, 700],
  ])(
    "shows the name of the file and the line in %i by %i px, and the whole place on hover",
    async (widthPx, heightPx) => {
      const control = { canRunAgain: true, canStop: false, hasTerminal: false, canResume: true };
      await using drive = await openTrace(browser, traceFiles(stoppedRun), { widthPx, heightPx, control });
      await row(drive, "Ask 5").first().click();
      const list = drive.page.getByRole("tabpanel").locator(".places");
      for (const place of [drive.page.getByRole("region", { name: "Failure" }), list]) {
        for (const part of [".place-file", ".place-position"]) {
          const whole = await place
            .locator(part)
            .first()
            .evaluate((element) => {
              const { left, right } = element.getBoundingClientRect();
              return element.scrollWidth <= element.clientWidth + 1 && left >= 0 && right <= innerWidth;
            });
          expect([part, whole]).toEqual([part, true]);
        }
        expect(await place.locator(".place-text").first().getAttribute("title")).toBe(`${playbookFile}:60`);
        expect((await place.locator(".place-text").first().innerText()).replaceAll("\n", "")).toBe(
          `${playbookFile}:60`,
        );
      }
    },
  );

  it("loses no button of its banner where there is little room", async () => {
    const control = { canRunAgain: true, canStop: false, hasTerminal: false, canResume: true };
    await using drive = await openTrace(browser, traceFiles(stoppedRun), { widthPx: 303, heightPx: 700, control });
    const banner = drive.page.getByRole("region", { name: "Failure" });
    for (const button of await banner.getByRole("button").all()) {
      const { x = 0, width = 0 } = (await button.boundingBox()) ?? {};
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(303);
    }
    const chip = drive.page.getByRole("button", { name: /^1 stop, 1 warning, 1 hint/ });
    expect((await chip.innerText()).trim()).toBe("3");
    expect(await chip.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  });
});
