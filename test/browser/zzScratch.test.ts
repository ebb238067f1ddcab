import { afterAll, beforeAll, describe, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { pngImage } from "../trace/imageSamples";
import { madeUpTrace, openTrace, traceFiles } from "./panelHarness";

let browser: Browser;
beforeAll(async () => { browser = await launchChromium(); });
afterAll(async () => { await browser.close(); });

const png = pngImage(640, 400, (x, y) => [(x * 255) / 640, (y * 255) / 400, 128]).toString("base64");
const small = pngImage(300, 200, (x, y) => ((x >> 4) + (y >> 4)) % 2 ? [20, 90, 200] : [240, 240, 250]).toString("base64");
const trace = madeUpTrace([
  { kind: "session", name: "ses" },
  { kind: "generation", name: "look", input: [
    { role: "system", content: "You are a careful engineer.\nAnswer briefly." },
    { role: "user", content: [{ type: "text", text: "What is wrong in this screenshot?\nThe total in src/billing/tax.ts:41 looks off." }, { type: "image", source: { type: "base64", media_type: "image/png", data: png } }, { type: "image_url", image_url: { url: `data:image/png;base64,${small}` } }] },
    { role: "assistant", tool_calls: [{ function: { name: "read", arguments: '{"filePath":"src/billing/tax.ts","offset":30}' } }] },
  ], output: "The **rounding** in `src/billing/tax.ts:41` drops half a cent:\n\n```ts\nreturn amount * rate; // src/billing/tax.ts:41\n```\n\n1. round half even\n2. add a test" },
  { kind: "tool", name: "edit", input: { filePath: "/repo/src/billing/tax.ts", oldString: "export function tax(amount: number, rate: number): number {\n  // All amounts are in cents.\n  const base = amount;\n  if (base < 0) {\n    throw new RangeError('negative');\n  }\n  if (rate === 0) return 0;\n  const value = base * rate;\n  return amount * rate;\n}", newString: "export function tax(amount: number, rate: number): number {\n  // All amounts are in cents.\n  const base = amount;\n  if (base < 0) {\n    throw new RangeError('negative');\n  }\n  if (rate === 0) return 0;\n  const value = base * rate;\n  return roundHalfEven(amount * rate, 2);\n}\n\nfunction roundHalfEven(value: number, digits: number): number {\n  return Math.round(value);\n}", replaceAll: false }, output: "Edited." },
  { kind: "tool", name: "apply_patch", input: { patch: "*** Begin Patch\n*** Update File: src/a.ts\n@@ -10,3 +10,3 @@\n import x from 'x';\n-const a = 1;\n+const a = 2;\n const b = 3;\n@@ -40,2 +40,3 @@\n function f() {\n+  g();\n }\n*** Add File: src/new.ts\n+export const n = 1;\n*** End Patch" }, output: "ok" },
  { kind: "tool", name: "write", input: { file_path: "/repo/src/new/file.ts", content: "import { a } from './a';\n\nexport function b(): number {\n\treturn a();\n}\n" }, output: "File created successfully" },
  { kind: "tool", name: "github/create_issue", input: { owner: "acme", repo: "billing", title: "Tax is off by one cent for amounts with half cents, as seen in production last week on several invoices of the same customer", body: "## What happens\nThe total is wrong in `src/billing/tax.ts:41`.\n\n## Steps\n1. open an invoice\n2. look", labels: ["bug", "billing"], assignees: [], draft: false, milestone: null, options: { notify: { team: "core", people: ["a", "b"] }, retries: 3 } }, output: { content: [{ type: "text", text: "Created issue #12" }, { type: "image", data: small, mimeType: "image/png" }], isError: false } },
  { kind: "tool", name: "bash", status: "error", statusMessage: "Command failed with exit code 1\n    at run (/repo/src/api/router.ts:12:3)\n    at Object.<anonymous> (/repo/test/tax.test.ts:41:23)", input: { command: "npm test -- tax 2>&1 | tail -50", description: "Run the tests", timeout: 60000, workdir: "/repo/packages/billing" }, output: `\u001b[31mFAIL\u001b[0m test/tax.test.ts:41:23\n${"x".repeat(400)}\n${Array.from({ length: 4000 }, (_, i) => `line ${i} src/file${i % 7}.ts:${i + 1}:2 some words to fill the line up to a usual width`).join("\n")}` },
  { kind: "tool", name: "fetch", input: { url: "https://example.com/api" }, output: { status: 200, stdout: "first\nsecond\nthird", headers: { "content-type": "application/json", etag: "x" }, body: JSON.stringify({ a: [1, 2, 3], b: { c: "d" } }) }, attributes: { "code.file.path": "src/x.ts", "code.line.number": 3, long: "word ".repeat(500), obj: { a: 1, b: [1, 2, { c: 3 }] } } },
]);

const shots: [string, number, object][] = [
  ["gen", 1, {}], ["edit", 2, {}], ["patch", 3, {}], ["write", 4, {}], ["args", 5, {}], ["bash", 6, {}], ["fetch", 7, {}],
];
describe("shots", () => {
  for (const theme of (process.env["THEMES"] ?? "dark").split(",") as ("dark")[]) {
    for (const [name, row] of shots) {
      if (process.env["SHOT"] && !process.env["SHOT"].split(",").includes(name)) continue;
      it(`${name} ${theme}`, async () => {
        const widthPx = Number(process.env["W"] ?? 1300);
        await using drive = await openTrace(browser, traceFiles(trace), { theme, widthPx, heightPx: Number(process.env["H"] ?? 900), revealSpanId: `s${row}`, ...(process.env["STATE"] ? { state: JSON.parse(process.env["STATE"]) } : {}) });
        await drive.page.locator(".details-body .section").first().waitFor();
        await drive.drawn();
        await drive.page.waitForTimeout(400);
        await drive.page.screenshot({ path: `/tmp/f/${name}-${theme}-${widthPx}.png` });
        if (drive.panel.errors.length) console.log("ERRORS", name, drive.panel.errors, drive.log.slice(-5));
      });
    }
  }
});
