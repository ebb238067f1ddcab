import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathCandidates, replaceVariables } from "../../src/host/source/pathMap";
import { isInside } from "../../src/store/insideFolder";

const folders = ["/home/me/shop", "/home/me/lib"];

function render(tracePath: string, pathMap: Record<string, string> = {}): string[] {
  return pathCandidates(tracePath, { folders, pathMap }).map((candidate) => `${candidate.how} ${candidate.path}`);
}

describe("candidates for a path that a trace names", () => {
  it("puts what the path map says before everything else", () => {
    expect(render("/repo/src/tax.ts", { "/repo": "/home/me/shop" })[0]).toBe("mapped /home/me/shop/src/tax.ts");
  });

  it("takes the longest root that fits, and only at a path boundary", () => {
    const map = { "/repo": "/a", "/repo/packages": "/b", "/repo/pack": "/c" };
    expect(render("/repo/packages/x.ts", map).slice(0, 2)).toEqual(["mapped /b/x.ts", "mapped /a/packages/x.ts"]);
  });

  it("accepts a root with a trailing slash, and the root of all", () => {
    expect(render("/repo/x.ts", { "/repo/": "/a" })[0]).toBe("mapped /a/x.ts");
    expect(render("/repo/x.ts", { "/": "/a" })[0]).toBe("mapped /a/repo/x.ts");
  });

  it("maps a Windows path without regard to case, with either separator", () => {
    expect(render("C:\\Projects\\Shop\\src\\tax.ts", { "c:/projects/shop": "/home/me/shop" })[0]).toBe(
      "mapped /home/me/shop/src/tax.ts",
    );
  });

  it("looks for a relative path in every folder, in their order", () => {
    expect(render("src/tax.ts").slice(0, 2)).toEqual([
      "relative /home/me/shop/src/tax.ts",
      "relative /home/me/lib/src/tax.ts",
    ]);
  });

  it("guesses by endings of an unmapped foreign path, the longest first", () => {
    expect(render("/repo/src/tax.ts").filter((candidate) => candidate.includes("shop"))).toEqual([
      "ending /home/me/shop/repo/src/tax.ts",
      "ending /home/me/shop/src/tax.ts",
      "ending /home/me/shop/tax.ts",
    ]);
  });

  it("never guesses by ending for a path that climbs", () => {
    expect(render("/repo/../../etc/passwd").some((candidate) => candidate.startsWith("ending"))).toBe(false);
  });

  it.each(["\\\\server\\share\\x.ts", "//server/share/x.ts", "/\\server/x", "a\0b", " ", ""])(
    "has no candidate for %j",
    (tracePath) => {
      expect(render(tracePath, { "/": "/a" })).toEqual([]);
    },
  );

  it("takes no path as it is that becomes a UNC path where it is put in order", () => {
    expect(render("/./\\server/x").filter((candidate) => candidate.startsWith("exact"))).toEqual([]);
  });

  it("never yields a UNC path, whatever the trace and the map say", () => {
    const text = fc.string({ unit: fc.constantFrom("/", "\\", ".", "a", ":", "C", "\0"), maxLength: 12 });
    fc.assert(
      fc.property(text, fc.dictionary(text, text, { maxKeys: 3 }), (tracePath, pathMap) => {
        for (const candidate of pathCandidates(tracePath, { folders, pathMap }))
          expect(candidate.path).not.toMatch(/^[\\/]{2}/);
      }),
    );
  });
});

describe("variables in settings", () => {
  const variables = {
    home: "/home/me",
    folders: [
      { name: "shop", path: "/home/me/shop" },
      { name: "lib", path: "/l" },
    ],
  };
  it.each([
    ["${workspaceFolder}/x", "/home/me/shop/x"],
    ["${workspaceFolder:lib}", "/l"],
    ["${workspaceFolder:none}", "${workspaceFolder:none}"],
    ["~/traces", "/home/me/traces"],
    ["~", "/home/me"],
    ["~other/x", "~other/x"],
  ])("%s becomes %s", (text, expected) => {
    expect(replaceVariables(text, variables)).toBe(expected);
  });
});

describe("being inside a folder", () => {
  it.each([
    ["/a", "/a/b", true],
    ["/a", "/a", true],
    ["/a", "/ab", false],
    ["/a", "/a/../b", false],
    ["/a", "/a/..b", true],
  ])("%s holds %s: %s", (folder, candidate, expected) => {
    expect(isInside(folder, candidate)).toBe(expected);
  });
});
