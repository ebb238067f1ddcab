// What a checker of accessibility finds in each state of the panel, in each theme: nothing serious.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import type { PanelPageOptions } from "../support/panelPage";
import { programTrace } from "../trace/outputTrace";
import { findings, themes } from "./axeFindings";
import { type Drive, filesOf, liveFiles, madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";
import { resumedRun, stoppedRun } from "./playbookTraces";

interface State {
  readonly name: string;
  readonly options?: PanelPageOptions;
  open(browser: Browser, options: PanelPageOptions): Promise<Drive>;
}

const sample = (name: string) => (browser: Browser, options: PanelPageOptions) =>
  openTrace(browser, sampleFiles(name), options);

async function pressed(drive: Drive, name: RegExp): Promise<Drive> {
  await drive.page.getByRole("button", { name }).first().click();
  await drive.drawn();
  return drive;
}

async function keyed(drive: Drive, key: string): Promise<Drive> {
  await drive.page.getByRole("treegrid").focus();
  await drive.page.keyboard.press(key);
  await drive.drawn();
  return drive;
}

const failed = sample("ses_failed_dbt_build");

const states: readonly State[] = [
  { name: "a failed trace", open: failed },
  { name: "a crashed trace", open: sample("ses_crashed_migration") },
  {
    name: "a loop",
    open: async (...of) => pressed(await sample("ses_loop_same_call")(...of), /^1 loop/),
  },
  {
    name: "a resumed run of a playbook",
    open: (browser, options) => openTrace(browser, traceFiles(resumedRun), options),
  },
  {
    name: "a run that a guardrail has stopped",
    open: async (browser, options) => pressed(await openTrace(browser, traceFiles(stoppedRun), options), /^1 stop/),
  },
  { name: "a narrow panel", open: failed, options: { widthPx: 320, heightPx: 700 } },
  {
    name: "a damaged trace with its problems",
    open: async (browser, options) =>
      pressed(await openTrace(browser, sampleFiles("ses_damaged_truncated"), options), /problem/i),
  },
  {
    name: "an empty file",
    open: (browser, options) => openTrace(browser, filesOf("empty", new Uint8Array()), options),
  },
  {
    name: "a live trace",
    open: (browser, options) =>
      openTrace(browser, liveFiles(madeUpTrace([{}, { endTime: undefined }], { summary: { status: "running" } })), {
        ...options,
        liveness: "alive",
      }),
  },
  { name: "the timeline", open: async (...of) => keyed(await failed(...of), "l") },
  { name: "the timeline as text", open: async (...of) => keyed(await keyed(await failed(...of), "l"), "t") },
  { name: "the shortcuts", open: async (...of) => keyed(await failed(...of), "?") },
  {
    name: "a search",
    open: async (...of) => {
      const drive = await keyed(await failed(...of), "/");
      await drive.page.keyboard.type("model");
      await drive.page
        .getByText(/\d+ of \d+/)
        .first()
        .waitFor();
      return drive;
    },
  },
  {
    name: "the attributes of a step",
    open: async (...of) => {
      const drive = await failed(...of);
      await drive.page.getByRole("tab", { name: "Data" }).click();
      await drive.drawn();
      return drive;
    },
  },
  {
    name: "a conversation",
    open: async (...of) => {
      const drive = await sample("ses_completed_tax_rounding")(...of);
      drive.connection.navigate("toggleConversation");
      await drive.page.locator(".conversation").waitFor();
      return drive;
    },
  },
  {
    name: "a program's output",
    open: async (browser, options) => {
      const trace = programTrace({
        command: "npm test",
        pieces: [{ atMs: 0, text: "\u001b[31mfailed\u001b[0m in src/a.ts:3:4\nok\n" }],
      });
      const drive = await openTrace(browser, traceFiles(trace), options);
      await drive.page.locator(".line-text:not(:empty)").first().waitFor();
      return drive;
    },
  },
];

describe("a checker of accessibility finds nothing serious", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  for (const { name, open, options } of states) {
    it(`in ${name}, in any theme`, async () => {
      await using drive = await open(browser, { reducedMotion: true, ...options });
      for (const theme of themes) {
        await drive.panel.setTheme(theme);
        await drive.drawn();
        expect({ theme, found: await findings(drive.page) }).toEqual({ theme, found: [] });
      }
    });
  }
});
