// `node scripts/run.mjs icon`: draws media/icon.png from media/icon.svg, with the Chromium that the tests use.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launchChromium } from "./lib/chromium.mjs";
import { repositoryRoot } from "./lib/paths.mjs";

const sizePx = 256;
const media = join(repositoryRoot, "media");
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: sizePx, height: sizePx } });
  const svg = await readFile(join(media, "icon.svg"), "utf8");
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`);
  await page.screenshot({ path: join(media, "icon.png"), omitBackground: true });
} finally {
  await browser.close();
}
