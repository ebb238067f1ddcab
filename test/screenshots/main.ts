// Takes the screenshots of states.ts into `.screenshots/`: `npm run screenshots [-- name...] [--theme dark]`. A state that
// can't be reached is reported with a picture of what was there instead, and the run goes on.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder, screenshotsFolder } from "../../scripts/lib/paths.mjs";
import { installExtension } from "../../scripts/lib/vscodeServer.mjs";
import { packageExtension } from "../../scripts/lib/vsix.mjs";
import { type Browser, launchChromium } from "../support/chromium";
import { startVscode } from "../support/vscodeServer";
import { type ThemeName, themeSettings } from "../support/webviewTheme";
import { openWorkbench } from "../support/workbench";
import type { Size, State } from "./state";
import { states } from "./states";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { theme: { type: "string" } } });
  const chosen = states.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  if (chosen.length === 0) throw new Error(`There are: ${states.map(({ name }) => name).join(", ")}.`);
  const folder = join(cacheFolder, `screenshots-${process.pid}`);
  const extensionsFolder = join(folder, "extensions");
  const vsixPath = join(folder, "tracekeeper.vsix");
  let failed = 0;
  try {
    await packageExtension(join(folder, "staging"), vsixPath, { quiet: true, budgets: false });
    await installExtension(vsixPath, extensionsFolder);
    await mkdir(screenshotsFolder, { recursive: true });
    await using browser = await launchChromium();
    for (const state of chosen) {
      for (const theme of state.themes) {
        if (values.theme !== undefined && values.theme !== theme) continue;
        for (const size of state.sizes) {
          if (!(await shoot(browser, extensionsFolder, state, theme, size))) failed += 1;
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return failed;
}

async function shoot(
  browser: Browser,
  extensionsFolder: string,
  state: State,
  theme: ThemeName,
  size: Size,
): Promise<boolean> {
  const name = [state.name, theme, size.name].filter((part) => part !== "").join("-");
  await using vscode = await startVscode({
    extensionsFolder,
    sampleTraces: state.sampleTraces,
    settings: {
      "workbench.colorTheme": themeSettings[theme],
      ...state.settings,
    },
  });
  await using workbench = await openWorkbench(browser, vscode.url(), { ...size, scale: size.scale ?? 1 });
  try {
    await state.steps({ workbench, vscode });
    await workbench.screenshot(join(screenshotsFolder, `${name}.png`));
    console.log(`${name}.png`);
    return true;
  } catch (error) {
    await workbench.screenshot(join(screenshotsFolder, `${name}.failed.png`));
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

const failures = await main();
if (failures > 0) {
  console.error(`${failures} state(s) were not reached.`);
  process.exitCode = 1;
}
