import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PatternFault } from "../../src/protocol/searchMessages";
import { PatternFaultError, patternMatcher } from "../../src/reader/searchPattern";
import { plainSearch, type SearchOptions } from "../../src/trace/searchQuery";

function pattern(text: string, options: Partial<SearchOptions> = {}) {
  return patternMatcher({ ...plainSearch, regex: true, ...options, text });
}

function faultOf(text: string): PatternFault | undefined {
  try {
    pattern(text);
    return undefined;
  } catch (error) {
    if (error instanceof PatternFaultError) return error.fault;
    throw error;
  }
}

/** As `test`, in pieces of so many units. */
function inPieces(matcher: ReturnType<typeof pattern>, text: string, units: number): boolean {
  const run = matcher.begin(text);
  for (;;) {
    const result = run.advance(units);
    if (result !== undefined) return result;
  }
}

describe("what is wrong with an expression", () => {
  it.each<[string, PatternFault]>([
    ["foo(?=bar)", { code: "lookaround", at: 3, part: "(?=" }],
    ["foo(?!bar)", { code: "lookaround", at: 3, part: "(?!" }],
    ["(?<=a)b", { code: "lookaround", at: 0, part: "(?<=" }],
    ["(?<!a)b", { code: "lookaround", at: 0, part: "(?<!" }],
    ["(a)\\1", { code: "backreference", at: 3, part: "\\1" }],
    ["(?<n>a)\\k<n>", { code: "backreference", at: 7, part: "\\k" }],
    ["(?P<n>a)(?P=n)", { code: "backreference", at: 8, part: "(?P=" }],
    ["(?>a)", { code: "atomicGroup", at: 0, part: "(?>" }],
    ["a++", { code: "repeatedTwice", at: 1, part: "++" }],
    ["a*|*", { code: "nothingToRepeat", at: 3, part: "*" }],
    ["(b)(a", { code: "unclosedGroup", at: 3, part: "(" }],
    ["(a))", { code: "unopenedGroup", at: 3, part: ")" }],
    ["[(](a", { code: "unclosedGroup", at: 3, part: "(" }],
    ["a[bc", { code: "unclosedBracket", at: 1, part: "[bc" }],
    ["[a-z][z-a]", { code: "range", at: 6, part: "z-a" }],
    ["\\p{Foo}", { code: "range", at: 0, part: "\\p{Foo}" }],
    ["a{2}|b{2,1}", { code: "repeatCount", at: 6, part: "{2,1}" }],
    ["(a{500}){500}", { code: "repeatCount", at: 8, part: "{500}" }],
    ["a\\", { code: "trailingBackslash", at: 1, part: "\\" }],
    ["\\\\y\\y", { code: "escape", at: 3, part: "\\y" }],
    ["\\u00e9\\y", { code: "escape", at: 6, part: "\\y" }],
    ["(?P<n", { code: "groupName", at: 0, part: "(?P<n" }],
    ["((a|b|c|d)?){900}x", { code: "tooLarge" }],
    ["a*", { code: "matchesEmpty" }],
    ["\\b", { code: "matchesEmpty" }],
    ["^", { code: "matchesEmpty" }],
    ["a|$", { code: "matchesEmpty" }],
    ["error|", { code: "matchesEmpty" }],
  ])("%s", (text, fault) => {
    expect(faultOf(text)).toEqual(fault);
  });

  it.each(["error", "a+", "\\bfoo\\b", ".", "^a", "é{2,3}", "\\u00e9", "\\u{1F600}", "(?i)x", "a\\/b", "[^\\s]+$"])(
    "%s is sound",
    (text) => {
      expect(faultOf(text)).toBeUndefined();
    },
  );
});

describe("an expression", () => {
  it.each<[string, Partial<SearchOptions>, string, boolean]>([
    ["exit \\d+", {}, "EXIT 42", true],
    ["Exit \\d+", {}, "EXIT 42", false],
    ["exit \\S+", {}, "EXIT x", true],
    ["exit", { matchCase: true }, "EXIT", false],
    ["\\u00e9t\\u{E9}", {}, "Été", true],
    ["\\ud83d\\ude00", {}, "a 😀", true],
    ["^b$", {}, "a\nb\nc", true],
    ["a.c", {}, "a\nc", false],
    ["a[^x]c", {}, "a\nc", true],
    ["foo|foobar", { wholeWord: true }, "foobar", true],
    ["foo", { wholeWord: true }, "foobar", false],
    ["foo", { wholeWord: true }, "a_foo foo-bar", true],
    ["caf", { wholeWord: true }, "café", false],
    ["k", {}, "\u212a", true],
  ])("%s with %j in %j: %s", (text, options, haystack, expected) => {
    const matcher = pattern(text, options);
    expect(matcher.test(haystack)).toBe(expected);
    for (const units of [1, 2, 100]) expect(inPieces(matcher, haystack, units)).toBe(expected);
  });

  it("gives the places of its matches, of whole words those beside each other, too", () => {
    expect(pattern("fo+").places("foo fo f", 10)).toEqual([0, 3, 4, 6]);
    expect(pattern("fo+", { wholeWord: true }).places("foo foo foob foo", 10)).toEqual([0, 3, 4, 7, 13, 16]);
    expect(pattern("(o)(x)?").places("foo", 10)).toEqual([1, 2, 2, 3]);
    expect(pattern("o").places("foo boo", 3)).toEqual([1, 2, 2, 3, 5, 6]);
  });

  it.each<[string, readonly string[] | undefined]>([
    ["error: .*exit", ["error: "]],
    ["fail(ed|ure) in", ["fail"]],
    ["cat|dog", ["cat", "dog"]],
    ["cat|.", undefined],
    ["(?i)cat", undefined],
    ["\\d+", undefined],
  ])("%s requires %j", (text, required) => {
    expect(pattern(text).required).toEqual(required);
  });

  it("that makes others hang is done with a long text in steps of a bounded size", () => {
    for (const text of ["(a+)+$", "(a|a)*b", "(.*)*x", "(a?){50}a{50}b", "[ab]*a[ab]{300}c"]) {
      const matcher = pattern(text.replaceAll("*", "+"));
      const run = matcher.begin(`${"a".repeat(1_000_000)}!`);
      let steps = 0;
      while (run.advance(4_096) === undefined) steps++;
      // A step may do less than it is allowed where the automaton has to be made, which is a matter of the expression.
      expect(steps).toBeGreaterThan(200);
    }
  });

  it("gives the same in pieces of any size, and the same as the engine that goes back, as far as both know it", () => {
    const atom = fc.constantFrom("a", "b", "é", "😀", ".", "\\d", "\\b", "^", "$", "[ab]", "[^a]", "\\s", "\n");
    const arbitraryPattern = fc.letrec<{ alternatives: string; sequence: string; part: string }>((tie) => ({
      part: fc.oneof(
        { weight: 5, arbitrary: atom },
        { weight: 1, arbitrary: tie("alternatives").map((inner) => `(?:${inner})`) },
      ),
      sequence: fc
        .array(fc.tuple(tie("part"), fc.constantFrom("", "", "+", "?", "{2}")), { minLength: 1, maxLength: 4 })
        // What has no width cannot be repeated everywhere.
        .map((parts) => parts.map(([part, times]) => (/^(?:\\b|\^|\$)$/.test(part) ? part : part + times)).join("")),
      alternatives: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("|")),
    })).alternatives;
    const haystack = fc
      .array(fc.constantFrom("a", "b", "A", "é", "É", "😀", "1", " ", "\n", "_", "\ud83d"), { maxLength: 30 })
      .map((parts) => parts.join(""));
    let compared = 0;
    fc.assert(
      fc.property(
        arbitraryPattern,
        haystack,
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (text, value, matchCase, units) => {
          if (faultOf(text) !== undefined) return;
          compared++;
          const matcher = pattern(text, { matchCase });
          const expected = new RegExp(text, matchCase ? "mu" : "imu").test(value);
          expect(matcher.test(value)).toBe(expected);
          expect(inPieces(matcher, value, units)).toBe(expected);
          const { required } = matcher;
          if (expected && required !== undefined) {
            expect(required.some((part) => value.toLowerCase().includes(part.toLowerCase()))).toBe(true);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
