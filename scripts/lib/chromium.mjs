// Finds a Chromium to drive: the one inside the package @sparticuz/chromium on Linux x64, which needs no download and no
// system library; elsewhere Playwright's own, if it is installed, or the machine's Chrome.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installOnce } from "./installOnce.mjs";
import { packageFile, programsFolder } from "./paths.mjs";
import { runQuietly } from "./processes.mjs";

/** @typedef {{ executablePath: string, env: Record<string, string> }} ChromiumProgram */

const systemBrowsers = [
  "/usr/bin/google-chrome",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

/** The switches that keep Chromium quiet; site isolation and web security stay as people have them. */
export const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--font-render-hinting=none",
];

/** @returns {Promise<ChromiumProgram>} rejects with what can be done when there is no browser */
export async function findChromium() {
  const chosen = process.env.CHROME_PATH;
  if (chosen !== undefined && chosen !== "") return { executablePath: chosen, env: {} };
  if (process.platform === "linux" && process.arch === "x64") return await bundledChromium();
  const { chromium } = await import("playwright-core");
  const own = chromium.executablePath();
  const found = [own, ...systemBrowsers].find((path) => path !== "" && existsSync(path));
  if (found !== undefined) return { executablePath: found, env: {} };
  throw new Error(
    "No Chromium was found. Install Chrome, or run `npx playwright-core install chromium`, or name one in CHROME_PATH.",
  );
}

async function bundledChromium() {
  const { version } = JSON.parse(readFileSync(packageFile("@sparticuz/chromium/package.json"), "utf8"));
  const folder = await installOnce(join(programsFolder, `chromium-${version}`), async (partial) => {
    console.log(`Unpacking Chromium ${version}.`);
    // The package unpacks into the folder for temporary files, where two runs would meet; a process of its own gets
    // another one. Where it believes to run in a bare container it also unpacks the libraries libnss3 and libnspr4.
    const program = 'import("@sparticuz/chromium").then(({ default: chromium }) => chromium.executablePath())';
    await runQuietly(process.execPath, ["-e", program], {
      env: { ...process.env, TMPDIR: partial, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x" },
    });
  });
  const executablePath = join(folder, "chromium");
  /** @type {Record<string, string>} */
  const env = existsSync("/etc/fonts/fonts.conf") ? {} : { FONTCONFIG_PATH: join(folder, "fonts") };
  if (await starts(executablePath, env)) return { executablePath, env };
  const libraries = [join(folder, "al2023/lib"), process.env.LD_LIBRARY_PATH ?? ""].filter((path) => path !== "");
  const withLibraries = { ...env, LD_LIBRARY_PATH: libraries.join(":") };
  await runQuietly(executablePath, ["--version"], { env: { ...process.env, ...withLibraries } });
  return { executablePath, env: withLibraries };
}

/**
 * @param {string} executablePath
 * @param {Record<string, string>} env
 */
async function starts(executablePath, env) {
  return await runQuietly(executablePath, ["--version"], { env: { ...process.env, ...env } }).then(
    () => true,
    () => false,
  );
}

/**
 * @param {import("playwright-core").LaunchOptions} [options]
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function launchChromium(options = {}) {
  const { chromium } = await import("playwright-core");
  const { executablePath, env } = await findChromium();
  return await chromium.launch({
    executablePath,
    headless: true,
    args: [...chromiumArguments, ...(options.args ?? [])],
    env: { ...definedVariables(process.env), ...env },
    ...Object.fromEntries(Object.entries(options).filter(([name]) => name !== "args")),
  });
}

/** @param {NodeJS.ProcessEnv} environment */
function definedVariables(environment) {
  /** @type {Record<string, string>} */
  const variables = {};
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) variables[name] = value;
  return variables;
}
