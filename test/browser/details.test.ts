import { createHash } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spanDetailsSchema } from "../../src/protocol/panelReplies";
import { textPartSchema } from "../../src/protocol/payloadMessages";
import type { TraceSpan } from "../../src/trace/schema";
import { launchChromium } from "../support/chromium";
import { isBuiltFile } from "../support/panelPage";
import { pngImage } from "../trace/imageSamples";
import { type Drive, madeUpTrace, type OpenOptions, openTrace, traceFiles } from "./panelHarness";

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
});

/** The panel at the only step of a session. */
async function openStep(step: Partial<TraceSpan>, options: OpenOptions = {}): Promise<Drive> {
  const trace = madeUpTrace([{ kind: "session", endTime: 9_000 }, step]);
  const drive = await openTrace(browser, traceFiles(trace), { revealSpanId: "s1", ...options });
  await drive.page.locator(".details-body .section").first().waitFor();
  await drive.drawn();
  return drive;
}

function hashOf(text: string): string {
  return createHash("sha1").update(text, "utf16le").digest("hex");
}

/** Length and hash of the text of an element, as the page has it. */
async function textIn(drive: Drive, selector: string): Promise<{ length: number; hash: string }> {
  const text = await drive.page.locator(selector).evaluate((element) => element.textContent ?? "");
  return { length: text.length, hash: hashOf(text) };
}

const png = pngImage(320, 200, (x, y) => [x % 256, y % 256, 90]);
const wellOfOutput = ".payload-text[data-field='output']";

describe("a field of 20 MB", () => {
  const lines = Array.from(
    { length: 350_000 },
    (_, index) => `line ${index} of an output that nobody cuts, ä ${index * 7}`,
  );

  it("comes in part, with how much of how much it is", async () => {
    const output = lines.join("\n");
    await using drive = await openStep({ input: { command: "long" }, output });
    const { page } = drive;
    const details = await drive.ask("details", { row: 1 }, spanDetailsSchema);
    expect(details.output.text.length).toBe(65_536);
    expect(JSON.stringify(details).length).toBeLessThan(100_000);
    await page.getByText("first 65 KB of 18 MB").waitFor();
    expect((await textIn(drive, wellOfOutput)).length).toBe(65_536);

    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(async () => (await textIn(drive, wellOfOutput)).length).toBe(65_536 + 262_144);
    const part = await drive.ask("payload", { row: 1, field: "output", from: 65_536, length: 262_144 }, textPartSchema);
    expect(part.text).toBe(output.slice(65_536, 65_536 + 262_144));
  });

  it("is shown whole when that is asked for, and only what is in view is laid out", async () => {
    const output = lines.join("\n");
    await using drive = await openStep({ input: { command: "long" }, output });
    const { page } = drive;
    await page.evaluate(() => {
      const scope = globalThis as { laidOut?: number };
      scope.laidOut = 0;
      document.addEventListener(
        "contentvisibilityautostatechange",
        (event) => {
          if (!(event as ContentVisibilityAutoStateChangeEvent).skipped) scope.laidOut = (scope.laidOut ?? 0) + 1;
        },
        true,
      );
    });
    await page.getByRole("button", { name: "Show all" }).click();
    await expect
      .poll(() => page.getByRole("button", { name: "Show more" }).count(), { timeout: 60_000, interval: 200 })
      .toBe(0);
    expect(await textIn(drive, wellOfOutput)).toEqual({ length: output.length, hash: hashOf(output) });
    // The focus was on a button that has gone.
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-field"))).toBe("output");
    expect(await page.locator(`${wellOfOutput} .text-piece`).count()).toBeGreaterThan(2_000);
    await page.keyboard.press("End");
    await page.locator(wellOfOutput).evaluate((well) => well.scrollTo(0, well.scrollHeight));
    await expect
      .poll(() =>
        page.locator(wellOfOutput).evaluate((well) => well.scrollTop + well.clientHeight >= well.scrollHeight - 400),
      )
      .toBe(true);
    // Pieces that are laid out when they come into view say so.
    const laidOut = () => page.evaluate(() => (globalThis as { laidOut?: number }).laidOut);
    await expect.poll(laidOut).toBeGreaterThan(0);
    expect(await laidOut()).toBeLessThan(60);
  });

  it("can be one line, wrapped or not, which is copied as one", async () => {
    const output = "0123456789abcdef".repeat(1_310_720);
    await using drive = await openStep({ input: { command: "long" }, output });
    const { page } = drive;
    await page.getByText("first 64 KB of 20 MB").waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(async () => (await textIn(drive, wellOfOutput)).length).toBe(65_536 + 262_144);
    const wrap = page.getByRole("region", { name: "Output" }).getByRole("button", { name: "Wrap Lines" });
    const isSideways = () => page.locator(wellOfOutput).evaluate((well) => well.scrollWidth > well.clientWidth);
    expect(await isSideways()).toBe(false);
    await wrap.click();
    await expect.poll(isSideways).toBe(true);
    expect(await page.locator(wellOfOutput).evaluate((well) => well.scrollWidth)).toBeLessThan(200_000);
    const copied = await page.locator(wellOfOutput).evaluate((well) => {
      document.getSelection()?.selectAllChildren(well);
      const data = new DataTransfer();
      well.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
      return data.getData("text/plain");
    });
    expect(copied === output.slice(0, copied.length) && copied.length).toBe(65_536 + 262_144);
  });

  it("stops where the person has seen enough", async () => {
    const output = "x y z\n".repeat(3_000_000);
    await using drive = await openStep({ input: { command: "long" }, output });
    const { page } = drive;
    const all = page.getByRole("button", { name: "Show all" });
    await all.click();
    await page.getByRole("button", { name: "Stop" }).click();
    await all.waitFor();
    const { length } = await textIn(drive, wellOfOutput);
    expect(length).toBeLessThan(output.length);
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(async () => (await textIn(drive, wellOfOutput)).length).toBeGreaterThan(length);
  });

  it("keeps what was shown of it when it grows", async () => {
    const grown: Partial<TraceSpan> = { input: { command: "long" }, output: "a line\n".repeat(95_000), endTime: 500 };
    await using drive = await openStep({ input: { command: "long" }, output: "a line\n".repeat(90_000) });
    const { page } = drive;
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(async () => (await textIn(drive, wellOfOutput)).length).toBe(65_536 + 262_144);
    await drive.update(traceFiles(madeUpTrace([{ kind: "session", endTime: 9_000 }, grown])));
    await page.getByText(/of 649 KB/).waitFor();
    await expect.poll(async () => (await textIn(drive, wellOfOutput)).length).toBeGreaterThanOrEqual(65_536 + 262_144);
  });
});

describe("images", () => {
  const data = png.toString("base64");
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image", source: { type: "base64", media_type: "image/png", data }, title: "plot.png" },
    { type: "image_url", image_url: { url: "https://example.com/remote.png" } },
  ];

  it("are drawn from the trace's own bytes, with what they are, and nothing remote is fetched", async () => {
    await using drive = await openStep({ kind: "generation", input: [{ role: "user", content }] });
    const { page } = drive;
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const image = page.locator(".image img");
    await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(320);
    expect(await page.locator(".image").count()).toBe(1);
    expect(await image.getAttribute("src")).toMatch(/^blob:/);
    await page.getByText(`image/png · 320 × 200 · `).waitFor();
    expect((await image.boundingBox())?.height).toBeLessThanOrEqual(240);
    await page.getByRole("button", { name: "Text", exact: true }).first().click();
    const shown = page.locator(".payload-text[data-field='input']");
    await expect.poll(() => shown.innerText()).toContain("⟨image/png, ");
    const text = await shown.innerText();
    expect(text).toContain("https://example.com/remote.png");
    expect(text).not.toContain(data.slice(0, 60));
    expect(requests.filter((url) => !url.startsWith("blob:") && !isBuiltFile(url))).toEqual([]);
    expect(drive.panel.errors).toEqual([]);
  });

  it("say so where they are broken, or would take too many pixels", async () => {
    const broken = Buffer.from(png);
    // No image has so many bits in a pixel.
    broken[24] = 77;
    const huge = Buffer.from(png);
    huge.writeUInt32BE(60_000, 16);
    huge.writeUInt32BE(60_000, 20);
    const parts = [broken, huge].map((each) => ({
      type: "image",
      data: each.toString("base64"),
      mimeType: "image/png",
    }));
    await using drive = await openStep({ name: "look", output: { content: parts } });
    await drive.page.getByText("This image cannot be drawn.").waitFor();
    await drive.page.getByText("This image has too many pixels to be drawn.").waitFor();
  });

  it("never are documents: SVG is folded and not drawn", async () => {
    const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>").toString(
      "base64",
    );
    await using drive = await openStep({ name: "look", output: { picture: `data:image/svg+xml;base64,${svg}` } });
    await drive.page.getByText("⟨image/svg+xml, ").waitFor();
    await drive.page.getByText("1 part with data is folded here").waitFor();
    expect(await drive.page.locator(".image").count()).toBe(0);
  });
});

describe("an edit", () => {
  const before = Array.from({ length: 60 }, (_, index) => `const value${index} = ${index};`);
  const after = before.with(30, "const value30 = compute(30);");
  const edit = { filePath: "/repo/src/values.ts", oldString: before.join("\n"), newString: after.join("\n") };

  it("shows its lines with what differs in them, and opens what is folded", async () => {
    await using drive = await openStep({ name: "edit", input: edit, output: "ok" });
    const { page } = drive;
    const diff = page.locator(".diff-lines");
    expect(await diff.locator(".diff-removed").innerText()).toContain("const value30 = 30;");
    expect(await diff.locator("ins").allInnerTexts()).toEqual(["compute(", ")"]);
    expect(await diff.locator(".diff-row").count()).toBe(8);
    await page.getByRole("button", { name: "27 unchanged lines" }).click();
    await expect.poll(() => diff.locator(".diff-row").count()).toBe(8 + 27);
    expect(await diff.locator(".diff-number").first().innerText()).toBe("1");
    await page.getByText("lines counted within the edit").waitFor();
    await page.getByRole("button", { name: "Open Diff in an Editor" }).click();
    await expect.poll(() => drive.intents).toContainEqual(expect.objectContaining({ type: "openText", field: "diff" }));
    await page.getByRole("link", { name: "/repo/src/values.ts" }).click();
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "openTextLink", row: 1, field: "diff", path: [0], offset: 0 }));
  });

  it("stands side by side where there is room, one below the other where there is none, as the person wants it", async () => {
    await using drive = await openStep({ name: "edit", input: edit, output: "ok" }, { widthPx: 1_600 });
    const { page } = drive;
    await page.getByRole("button", { name: "Side by Side" }).click();
    await page.locator(".diff-lines.is-side-by-side").waitFor();
    const changed = page.locator(".diff-row").filter({ hasText: "compute" });
    expect(await changed.locator(".diff-half").allInnerTexts()).toEqual([
      expect.stringContaining("const value30 = 30;"),
      expect.stringContaining("const value30 = compute(30);"),
    ]);
    await page.setViewportSize({ width: 900, height: 700 });
    await expect.poll(() => page.locator(".is-side-by-side").count()).toBe(0);
    await expect.poll(async () => (await drive.viewState()).sideBySide).toBe(true);
    await page.setViewportSize({ width: 1_600, height: 700 });
    await page.locator(".diff-lines.is-side-by-side").waitFor();
  });

  it("of several files shows each, with the lines of the files", async () => {
    const patch =
      "*** Begin Patch\n*** Update File: src/a.ts\n@@ -10,2 +10,2 @@\n one\n-two\n+three\n*** Add File: src/b.ts\n+new\n*** Delete File: src/c.ts\n*** End Patch";
    await using drive = await openStep({ name: "apply_patch", input: { input: patch } });
    const { page } = drive;
    expect(await page.locator(".diff-change figcaption").allInnerTexts()).toEqual([
      expect.stringMatching(/src\/a\.ts\s+\+1\s*−1$/),
      expect.stringMatching(/src\/b\.ts\s+\+1\s+new file$/),
      expect.stringMatching(/src\/c\.ts\s+file deleted$/),
    ]);
    expect(await page.locator(".diff-number").allInnerTexts()).toEqual(["10", "10", "11", "", "", "11", "1"]);
  });

  it("of very many lines comes in part", async () => {
    const content = Array.from({ length: 5_000 }, (_, index) => `line ${index}`).join("\n");
    await using drive = await openStep({ name: "write", input: { filePath: "/repo/a.txt", content } });
    const { page } = drive;
    await page.getByText("first 300 of 5,000 lines").waitFor();
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByText("first 1,300 of 5,000 lines").waitFor();
    expect(await page.locator(".diff-row").count()).toBe(1_300);
    // What the file held before is not known, so nothing is said to be new.
    expect(await page.getByRole("button", { name: "Open Diff in an Editor" }).count()).toBe(0);
    await page.getByText("what it held before is not in the trace").waitFor();
  });
});

describe("arguments", () => {
  const input = {
    title: "A title",
    description: `A text that is longer than a line of a narrow panel, so that it has to be wrapped ${"and ".repeat(30)}`,
    script: "set -e\nnpm ci\nnpm test",
    veryLongIdentifier: "x".repeat(300),
    nested: { list: [1, 2, { deep: "value", more: ["a", "b"] }], text: "y".repeat(200) },
    flag: false,
    nothing: null,
  };

  it.each([320, 420, 1_000])("are readable without sideways scrolling at %d px", async (widthPx) => {
    await using drive = await openStep({ name: "make_it", input }, { widthPx, heightPx: 900 });
    const { page } = drive;
    await page.getByRole("term").filter({ hasText: "veryLongIdentifier" }).waitFor();
    const sideways = await page.locator(".details-body, .details-body *").evaluateAll((elements) =>
      elements
        .filter(
          (element) =>
            element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== "visible",
        )
        .filter((element) => getComputedStyle(element).overflowX !== "hidden")
        .map((element) => element.className),
    );
    expect(sideways).toEqual([]);
    const body = (await page.locator(".details-body").boundingBox())!;
    const beyond = await page
      .locator(".details-body .field dd, .details-body .field dt")
      .evaluateAll(
        (elements, right) => elements.filter((each) => each.getBoundingClientRect().right > right).length,
        body.x + body.width,
      );
    expect(beyond).toBe(0);
  });

  it("are copied one by one, as the trace has them", async () => {
    await using drive = await openStep({ name: "make_it", input });
    const { page } = drive;
    await page.getByRole("button", { name: "Copy script" }).click();
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "copy", field: "input", path: [2], row: 1 }));
    const text = await drive.model.call("text", {
      epoch: drive.model.facts?.epoch ?? 0,
      row: 1,
      field: "input",
      path: [2],
    });
    expect(text).toBe("set -e\nnpm ci\nnpm test");
  });

  it("open level by level, also where a level was not among the first", async () => {
    const wide = Object.fromEntries(
      Array.from({ length: 70 }, (_, index) => [`key${index}`, { inner: [`value ${index}`] }]),
    );
    await using drive = await openStep({ name: "make_it", input: wide });
    const { page } = drive;
    const tree = page.getByRole("tree", { name: "Arguments" });
    await tree.getByRole("treeitem").first().waitFor();
    expect(await tree.getByRole("treeitem").count()).toBe(70);
    const first = tree.getByRole("treeitem").nth(1);
    await first.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => tree.getByRole("treeitem").count()).toBe(71);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await tree.getByText('"value 1"').waitFor();
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("value 1");
    await page.evaluate(() =>
      document.activeElement?.dispatchEvent(new ClipboardEvent("copy", { bubbles: true, cancelable: true })),
    );
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "copy", field: "input", path: [1, 0, 0] }));
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => tree.getByRole("treeitem").count()).toBe(71);
  });
});

describe("the tokens of a step", () => {
  it("are named one by one, but for parts that are nothing", async () => {
    const tokens = { input: 2_610, output: 96, reasoning: 0, cacheRead: 1_200, cacheWrite: 0, total: 3_906 };
    await using drive = await openStep({ kind: "generation", name: "chat", tokens });
    const names = await drive.page.locator("table.facts th").allInnerTexts();
    expect(names.filter((name) => /token|cache/i.test(name))).toEqual([
      "Input tokens",
      "Output tokens",
      "Cache read",
      "Tokens in all",
    ]);
  });
});

describe("links in texts", () => {
  const output =
    "FAIL\n  at check (/repo/test/tax.test.ts:41:23)\nsee src/billing/tax.ts:7 and https://example.com/x\n";

  it("open the place that they name, by where they stand in the text", async () => {
    await using drive = await openStep({ input: { command: "npm test" }, output });
    const { page } = drive;
    const well = page.locator(wellOfOutput);
    expect(await well.getByRole("link").allInnerTexts()).toEqual([
      "/repo/test/tax.test.ts:41:23",
      "src/billing/tax.ts:7",
      "https://example.com/x",
    ]);
    await well.getByRole("link", { name: "src/billing/tax.ts:7" }).click({ modifiers: ["ControlOrMeta"] });
    const offset = output.indexOf("src/billing");
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "openTextLink", row: 1, field: "output", offset, beside: true }));
    const at = { epoch: drive.model.facts?.epoch ?? 0, row: 1, field: "output" as const };
    expect(await drive.model.call("textLink", { ...at, offset })).toMatchObject({
      target: { type: "place", place: { path: "src/billing/tax.ts", line: 7 } },
    });
    expect(await drive.model.call("textLink", { ...at, offset: 0 })).toBeUndefined();
  });

  it("know where they stand however far down the text that is", async () => {
    const long = `${"a line without any link\n".repeat(1_500)}see src/far/down.ts:9\n`;
    await using drive = await openStep({ input: { command: "npm test" }, output: long });
    await drive.page.locator(wellOfOutput).getByRole("link", { name: "src/far/down.ts:9" }).click();
    await expect
      .poll(() => drive.intents)
      .toContainEqual(expect.objectContaining({ type: "openTextLink", offset: long.indexOf("src/far") }));
  });

  it("are one stop of Tab in each text, with arrows between them", async () => {
    await using drive = await openStep({ input: { command: "npm test" }, output });
    const { page } = drive;
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.locator(wellOfOutput).focus();
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("/repo/test/tax.test.ts:41:23");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("src/billing/tax.ts:7");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => drive.intents)
      .toContainEqual(
        expect.objectContaining({ type: "openTextLink", field: "output", offset: output.indexOf("src/billing") }),
      );
    await page.keyboard.press("Tab");
    expect(await focused()).not.toContain("https://");
    await page.keyboard.press("Shift+Tab");
    expect(await focused()).toBe("src/billing/tax.ts:7");
  });

  it("are in errors, stacks, arguments and Markdown, too", async () => {
    const events = [
      {
        name: "exception",
        timeMs: 1,
        attributes: { "exception.message": "bad", "exception.stacktrace": "Error: bad\n    at f (/repo/src/a.ts:1:2)" },
      },
    ];
    await using drive = await openStep({
      kind: "generation",
      status: "error",
      statusMessage: "see /repo/src/b.ts:3",
      events,
      output: "The fix is in `src/c.ts:5`.",
      input: { path: "src/d.ts" },
    });
    const { page } = drive;
    for (const [name, field] of [
      ["/repo/src/b.ts:3", "message"],
      ["/repo/src/a.ts:1:2", "stack"],
      ["src/c.ts:5", "output"],
      ["src/d.ts", "input"],
    ] as const) {
      await page.locator(`[data-field='${field}']`).getByRole("link", { name, exact: true }).click();
      await expect.poll(() => drive.intents.at(-1)).toMatchObject({ type: "openTextLink", field });
      const { offset, path, row } = drive.intents.at(-1) as { offset: number; path?: number[]; row: number };
      const link = await drive.model.call("textLink", {
        epoch: drive.model.facts?.epoch ?? 0,
        row,
        field,
        path,
        offset,
      });
      expect(link?.target).toMatchObject({ type: "place", place: { path: name.replace(/:[\d:]+$/, "") } });
    }
  });
});

describe("the way in which a payload is shown", () => {
  it("is remembered for its sort, also when the panel comes back", async () => {
    const trace = madeUpTrace([
      { kind: "session", endTime: 9_000 },
      { name: "search", input: { pattern: "tax", path: "src" }, output: "plain" },
      { name: "search", input: { pattern: "fee", path: "src" }, output: { count: 3, files: ["a"] } },
    ]);
    await using drive = await openTrace(browser, traceFiles(trace), { revealSpanId: "s1" });
    const { page } = drive;
    const group = (name: string) => page.getByRole("group", { name: `Show ${name} as` });
    const pressed = (name: string) => group(name).locator("[aria-pressed='true']").innerText();
    expect(await pressed("Arguments")).toBe("Fields");
    await group("Arguments").getByRole("button", { name: "JSON" }).click();
    await page.getByRole("row", { name: /fee/ }).click();
    await page.getByText("count").waitFor();
    expect(await pressed("Arguments")).toBe("JSON");
    expect(await pressed("Output")).toBe("Fields");
    await page.getByRole("region", { name: "Output" }).getByRole("button", { name: "Wrap Lines" }).click();
    await expect
      .poll(() => drive.viewState())
      .toMatchObject({ payloadViews: { "tool input json": "json" }, wrapText: false });
    await drive.panel.reload();
    await page.getByText("count").waitFor();
    expect(await pressed("Arguments")).toBe("JSON");
    expect(
      await page
        .getByRole("region", { name: "Output" })
        .getByRole("button", { name: "Wrap Lines" })
        .getAttribute("aria-pressed"),
    ).toBe("false");
  });
});

describe("what was chosen in another panel", () => {
  it("holds in this one, and a choice here is told to the host", async () => {
    const trace = madeUpTrace([
      { kind: "session", endTime: 9_000 },
      { name: "search", input: { pattern: "tax", path: "src" }, output: "plain" },
    ]);
    const payloadLooks = { payloadViews: { "tool input json": "text" as const }, wrapText: false, sideBySide: true };
    // What the panel itself remembers is older.
    const state = { version: 1, sessionId: "made-up", payloadViews: { "tool input json": "json" }, wrapText: true };
    await using drive = await openTrace(browser, traceFiles(trace), { revealSpanId: "s1", payloadLooks, state });
    const { page } = drive;
    const group = page.getByRole("group", { name: "Show Arguments as" });
    await group.waitFor();
    expect(await group.locator("[aria-pressed='true']").innerText()).toBe("Text");
    expect(await page.locator(".payload-text.is-wrapped").count()).toBe(0);
    await group.getByRole("button", { name: "Fields" }).click();
    await expect
      .poll(() => drive.intents.at(-1))
      .toEqual({ type: "rememberLooks", looks: { payloadViews: {}, wrapText: false, sideBySide: true } });
  });
});

describe("hostile texts in details", () => {
  const evil =
    "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script> javascript:alert(1)";

  it("stay texts in fields, trees, diffs, captions, errors and Markdown", async () => {
    const steps: Partial<TraceSpan>[] = [
      {
        name: "call",
        input: { [evil]: evil, nested: { [evil]: [evil, { [evil]: evil }] } },
        output: { out: evil, more: [evil] },
      },
      { name: "edit", input: { filePath: `src/${evil}`, oldString: evil, newString: `${evil} new` }, output: evil },
      {
        kind: "generation",
        input: [{ role: evil, content: evil }],
        output: `# ${evil}\n\n[x](javascript:alert(1)) ![y](${evil})`,
      },
      {
        name: "fail",
        status: "error",
        statusMessage: evil,
        attributes: { [evil]: evil, image: { mimeType: evil, data: png.toString("base64"), name: evil } },
      },
    ];
    for (const step of steps) {
      await using drive = await openStep(step);
      const { page } = drive;
      for (const tab of ["Overview", "Data", "Raw"]) {
        await page.getByRole("tab", { name: tab }).click();
        await drive.drawn();
        for (const view of await page
          .getByRole("group", { name: /^Show .* as$/ })
          .getByRole("button")
          .all()) {
          await view.click();
          await drive.drawn();
        }
      }
      expect(await page.locator(".details script, .details iframe, .details a[href]").count()).toBe(0);
      expect(await page.locator(".details img:not([src^='blob:'])").count()).toBe(0);
      expect(await page.title()).not.toBe("pwned");
      expect(drive.panel.errors).toEqual([]);
    }
  });
});
