// The line of a program's output that tells why it failed.
import { describe, expect, it } from "vitest";
import { tellingLine } from "../../../src/session/batch/tellingLine";

describe("tellingLine", () => {
  it.each([
    [
      "Node",
      `at work\n/home/ann/shop/worker.js:3\n    throw new RangeError("no rate");\n    ^\n\nRangeError: no rate\n    at main (/home/ann/shop/worker.js:3:9)\n    at node:internal/main/run_main_module:28:49\n\nNode.js v24.1.0\n`,
      "RangeError: no rate",
    ],
    [
      "Node with a cause",
      "TypeError: fetch failed\n    at node:internal/deps/undici:1:2 {\n  [cause]: Error: connect ECONNREFUSED 127.0.0.1:5432\n      at TCPConnectWrap\n}\n",
      "Error: connect ECONNREFUSED 127.0.0.1:5432",
    ],
    [
      "Python",
      'Traceback (most recent call last):\n  File "worker.py", line 3, in <module>\n    main()\nsqlite3.OperationalError: no such table: rates\n',
      "sqlite3.OperationalError: no such table: rates",
    ],
    [
      "Java",
      'Exception in thread "main" java.lang.IllegalStateException: no rate\n\tat Main.main(Main.java:3)\n\t... 3 more\n',
      'Exception in thread "main" java.lang.IllegalStateException: no rate',
    ],
    [
      "Go",
      "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n",
      "panic: runtime error: index out of range [3] with length 3",
    ],
    [
      "a compiler",
      "src/billing/tax.ts:12:5 - error TS2304: Cannot find name 'rate'.\n",
      "src/billing/tax.ts:12:5 - error TS2304: Cannot find name 'rate'.",
    ],
    ["git", "fatal: not a git repository\n", "fatal: not a git repository"],
    ["colours", "\u001b[31mError: \u001b[1mno rate\u001b[0m\n", "Error: no rate"],
    ["words alone", "reading\nno rate for 2027\n\n", "no rate for 2027"],
    ["nothing", "\n \n", undefined],
  ])("finds that of %s", (_what, output, line) => {
    expect(tellingLine(output)).toBe(line);
  });

  it("takes no time for an output without end", () => {
    expect(tellingLine("error ".repeat(100_000))).toBeDefined();
    expect(tellingLine("a.".repeat(200_000))).toBeDefined();
  });
});
