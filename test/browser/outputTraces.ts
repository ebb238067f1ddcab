// What programs print: a test run that fails, a server that goes on, a build of many lines.
import type { TraceFile } from "../../src/trace/schema";
import { type Piece, type ProgramTrace, programTrace } from "../trace/outputTrace";

const e = "\u001b";
const green = (text: string) => `${e}[32m${text}${e}[39m`;
const red = (text: string) => `${e}[31m${text}${e}[39m`;
const dim = (text: string) => `${e}[2m${text}${e}[22m`;
const bold = (text: string) => `${e}[1m${text}${e}[22m`;
const cyan = (text: string) => `${e}[36m${text}${e}[39m`;
const badge = (colour: number, text: string) => `${e}[1m${e}[30m${e}[${colour}m ${text} ${e}[49m${e}[39m${e}[22m`;

/** `npm test` of the sample workspace, as a test runner writes it to a terminal. */
export const failingTests: readonly Piece[] = [
  { atMs: 310, text: "\r\n> shop@1.4.0 test\r\n> vitest run\r\n\r\n" },
  { atMs: 1_480, text: `\r\n${badge(46, "RUN")} ${cyan("v4.1.12")} ${dim("/repo/shop")}\r\n\r\n` },
  { atMs: 1_900, text: `${e}[?25l ${dim("❯")} test/billing/tax.test.ts ${dim("[queued]")}` },
  { atMs: 2_100, text: `\r${e}[K ${green("✓")} test/api/router.test.ts ${dim("(12 tests)")} ${green("18ms")}\r\n` },
  { atMs: 2_130, text: ` ${green("✓")} test/billing/invoice.test.ts ${dim("(9 tests)")} ${green("24ms")}\r\n` },
  {
    atMs: 6_420,
    text: ` ${red("❯")} test/billing/tax.test.ts ${dim("(6 tests | ")}${red("1 failed")}${dim(")")} ${e}[33m4267ms${e}[39m\r\n`,
  },
  { atMs: 6_421, text: `   ${green("✓")} tax > adds the rate of the country ${dim("2ms")}\r\n` },
  { atMs: 6_421, text: `   ${red("×")} tax > rounds half to even ${e}[33m4211ms${e}[39m\r\n` },
  {
    atMs: 6_450,
    text: `\r\n${red("⎯⎯⎯⎯⎯⎯⎯")}${badge(41, "Failed Tests 1")}${red("⎯⎯⎯⎯⎯⎯⎯")}\r\n\r\n`,
  },
  {
    atMs: 6_450,
    text: [
      `${badge(41, "FAIL")} test/billing/tax.test.ts${dim(" > ")}tax${dim(" > ")}rounds half to even`,
      `${red(`${bold("AssertionError")}: expected 10.03 to be 10.02 // Object.is equality`)}`,
      "",
      `${green("- Expected")}`,
      `${red("+ Received")}`,
      "",
      `${green("- 10.02")}`,
      `${red("+ 10.03")}`,
      "",
      `${cyan(` ${dim("❯")} test/billing/tax.test.ts:${dim("21:31")}`)}`,
      `    ${dim("19|")}   it(${e}[33m"rounds half to even"${e}[39m, () => {`,
      `    ${dim("20|")}     ${e}[35mconst${e}[39m order = { net: ${e}[34m9.545${e}[39m, rate: ${e}[34m0.05${e}[39m };`,
      `    ${dim("21|")}     expect(roundHalfEven(total(order))).toBe(${e}[34m10.02${e}[39m);`,
      `      ${dim("|")}                               ${red("^")}`,
      `${cyan(` ${dim("❯")} roundHalfEven src/billing/rounding.ts:${dim("8:10")}`)}`,
      `${cyan(` ${dim("❯")} total src/billing/tax.ts:${dim("41:10")}`)}`,
      "",
      `${red("⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯")}${dim("[1/1]⎯")}`,
      "",
    ].join("\r\n"),
  },
  {
    atMs: 6_470,
    text: [
      "",
      `${dim(" Test Files ")} ${bold(red("1 failed"))}${dim(" | ")}${bold(green("2 passed"))} ${dim("(3)")}`,
      `${dim("      Tests ")} ${bold(red("1 failed"))}${dim(" | ")}${bold(green("26 passed"))} ${dim("(27)")}`,
      `${dim("   Start at ")} 09:00:01`,
      `${dim("   Duration ")} 4.97s`,
      "",
      `${e}[?25h`,
    ].join("\r\n"),
  },
];

export function failedTestRun(rest: Partial<ProgramTrace> = {}): TraceFile {
  const end = { atMs: 6_700, error: "exit 1", exitCode: 1 };
  return programTrace({ command: "npm test", title: "npm test", pieces: failingTests, end, ...rest });
}

/** A build with both streams apart, that went well. */
export function buildRun(rest: Partial<ProgramTrace> = {}): TraceFile {
  const pieces: Piece[] = [
    { atMs: 200, stream: "stdout", text: "vite v7.1.0 building for production...\n" },
    { atMs: 240, stream: "stdout", text: "transforming (1)\rtransforming (480)\rtransforming (1204)\r" },
    { atMs: 900, stream: "stderr", text: "(!) Some chunks are larger than 500 kB after minification.\n" },
    { atMs: 901, stream: "stderr", text: "Consider using dynamic import() in src/app/main.ts:12:3\n" },
    { atMs: 5_200, stream: "stdout", text: `${e}[K✓ 1204 modules transformed.\n` },
    { atMs: 5_300, stream: "stdout", text: "dist/index.html                  0.46 kB │ gzip:  0.30 kB\n" },
    { atMs: 5_300, stream: "stdout", text: "dist/assets/index-DiwrgTda.css  14.21 kB │ gzip:  3.10 kB\n" },
    { atMs: 5_301, stream: "stdout", text: "dist/assets/index-f40OySzR.js  642.10 kB │ gzip: 201.88 kB\n" },
    { atMs: 5_310, stream: "stdout", text: "✓ built in 5.08s, see https://vite.dev/guide/build\n" },
  ];
  const end = { atMs: 5_400, exitCode: 0 };
  return programTrace({ command: "npm run build", title: "npm run build", capture: "pipes", pieces, end, ...rest });
}

/** `count` lines, each burst of `perBurst`. */
export function manyLines(count: number, perBurst = 100, rest: Partial<ProgramTrace> = {}): TraceFile {
  const pieces: Piece[] = [];
  for (let first = 0; first < count; first += perBurst) {
    let text = "";
    for (let line = first; line < Math.min(count, first + perBurst); line++) {
      const level = line % 97 === 0 ? red("ERROR") : green("INFO ");
      text += `${dim(`[${String(line).padStart(7, "0")}]`)} ${level} row ${line} of src/import/batch.ts:${(line % 400) + 1} done\n`;
    }
    pieces.push({ atMs: first, text });
  }
  return programTrace({
    command: "node import.js",
    title: "node import.js",
    pieces,
    end: { atMs: count + 100, exitCode: 0 },
    ...rest,
  });
}
