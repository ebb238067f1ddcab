// What can be opened from a line of output, and which part of the line is the link.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockHead, isBlockLine, outputLinks } from "../../src/trace/outputLinks";

/** Each link as "the words → where it leads". */
function links(text: string, head?: string): string[] {
  return outputLinks(text, [], head).map(({ start, end, target }) => {
    const words = text.slice(start, end);
    if (target.type === "url") return `${words} → ${target.url}`;
    const { path, line, column } = target.place;
    return `${words} → ${[path, line, column].filter((part) => part !== undefined).join(" ")}`;
  });
}

describe("the links of a line", () => {
  it.each([
    [" ❯ test/billing/tax.test.ts:12:28", ["test/billing/tax.test.ts:12:28 → test/billing/tax.test.ts 12 28"]],
    [" ✓ test/billing/tax.test.ts (4 tests) 12ms", ["test/billing/tax.test.ts → test/billing/tax.test.ts"]],
    ["PASS src/a.test.js", ["src/a.test.js → src/a.test.js"]],
    ["    at Object.<anonymous> (/repo/test/a.test.js:3:5)", ["/repo/test/a.test.js:3:5 → /repo/test/a.test.js 3 5"]],
    ["    at async file:///repo/x%20y.mjs:10:3", ["file:///repo/x%20y.mjs:10:3 → /repo/x y.mjs 10 3"]],
    ['  File "/repo/main.py", line 12, in <module>', ['/repo/main.py", line 12 → /repo/main.py 12']],
    ["src/app.ts(12,5): error TS2322: no", ["src/app.ts(12,5) → src/app.ts 12 5"]],
    ["  --> src/main.rs:4:5", ["src/main.rs:4:5 → src/main.rs 4 5"]],
    ["\tat com.shop.Tax.round(Tax.java:41)", ["Tax.java:41 → com/shop/Tax.java 41"]],
    ["C:\\repo\\x.cs:line 12", ["C:\\repo\\x.cs:line 12 → C:\\repo\\x.cs 12"]],
    ["src/a.ts src/a.ts:3 src/b.ts:4", ["src/a.ts → src/a.ts", "src/a.ts:3 → src/a.ts 3", "src/b.ts:4 → src/b.ts 4"]],
    ["src/a.ts:30 src/a.ts:3", ["src/a.ts:30 → src/a.ts 30", "src/a.ts:3 → src/a.ts 3"]],
    ["  ➜  Local:   http://localhost:5173/", ["http://localhost:5173/ → http://localhost:5173/"]],
    ["(see https://example.org/a_(b).)", ["https://example.org/a_(b) → https://example.org/a_(b)"]],
    ["(see https://example.org/a)", ["https://example.org/a → https://example.org/a"]],
    ["https://example.org:8080/b.js:10:3", ["https://example.org:8080/b.js:10:3 → https://example.org:8080/b.js:10:3"]],
    ["    at node:internal/modules/cjs/loader:1105:14", []],
    ["node.js 20.1.0, e.g. 1/2 done, 50 %. 10:05:33.123", []],
    ["\\\\evil\\share\\x.ts:3", []],
    ["javascript:alert(1) command:x data:text/html,x", []],
    ["", []],
  ])("of %j", (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it("of a linter's report belong to the path above", () => {
    expect(isBlockLine("  12:5  error  Unexpected any")).toBe(true);
    expect(isBlockLine("12:05:33 started")).toBe(false);
    expect(links("  12:5  error  Unexpected any", blockHead("/repo/src/x.ts"))).toEqual(["12:5 → /repo/src/x.ts 12 5"]);
    expect(links("  12:5  error  Unexpected any", blockHead("✖ 2 problems"))).toEqual([]);
    expect(links("  12:5  error  Unexpected any")).toEqual([]);
  });

  it("that the program made come first", () => {
    const made = [{ start: 0, end: 8, url: "https://example.org" }];
    expect(outputLinks("src/a.ts:3", made)).toEqual([
      { start: 0, end: 8, target: { type: "url", url: "https://example.org" } },
    ]);
  });

  it("are few, lie within the line, and never on one another", () => {
    const word = fc.constantFrom(
      "src/a.ts",
      "src/a.ts:3",
      ":4:5",
      " ",
      "(",
      ")",
      "https://a.b/c",
      '"',
      "at ",
      "/",
      "x",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const text = words.join("");
        const found = outputLinks(text, []);
        expect(found.length).toBeLessThanOrEqual(20);
        let at = 0;
        for (const { start, end } of found) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 500 },
    );
  });
});
