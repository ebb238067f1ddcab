// A headless Chromium for a test: real layout, real input, no download.
//
//   const browser = await launchChromium();             // `await browser.close()` when done, once a file
//   const page = await openPanelPage(browser, { ... }); // see panelPage.ts for the built panel in a page
//
// On Linux x64 it is the one inside the package @sparticuz/chromium; elsewhere Playwright's own or the machine's Chrome
// (CHROME_PATH names another one). The sandbox is off, for containers; everything else is as people have it.

export type { Browser, BrowserContext, FrameLocator, Locator, Page } from "playwright-core";
export { findChromium, launchChromium } from "../../scripts/lib/chromium.mjs";
