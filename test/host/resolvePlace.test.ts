import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countLines, findLine, resolvePlace } from "../../src/host/source/resolvePlace";
import type { Place } from "../../src/trace/place";

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), "places-")));
  for (const file of ["shop/src/tax.ts", "shop/tax.ts", "lib/src/tax.ts", "outside/secret.ts"]) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), "one\ntwo\nthree\n");
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

function at(tracePath: string): Place {
  return { path: tracePath, origin: "stack" };
}

async function resolve(tracePath: string, folders = ["shop"], pathMap: Record<string, string> = {}): Promise<string[]> {
  const context = { folders: folders.map((folder) => path.join(root, folder)), pathMap };
  const files = await resolvePlace(at(tracePath), context);
  return files.map((file) => `${file.how} ${path.relative(root, file.path)}${file.inside ? "" : " (outside)"}`);
}

describe("resolving a place", () => {
  it("finds the mapped file and makes no guesses beside it", async () => {
    expect(await resolve("/repo/src/tax.ts", ["shop", "lib"], { "/repo": path.join(root, "shop") })).toEqual([
      "mapped shop/src/tax.ts",
    ]);
  });

  it("finds a file in whose path a run has masked a secret, and says of one outside that it is outside", async () => {
    expect(await resolve(path.join(root, "shop/•••/tax.ts"))).toEqual(["exact shop/src/tax.ts"]);
    expect(await resolve(path.join(root, "•••/src/tax.ts"))).toEqual(["exact shop/src/tax.ts"]);
    expect(await resolve(path.join(root, "out•••/secret.ts"))).toEqual(["exact outside/secret.ts (outside)"]);
    expect(await resolve("/repo/shop/s•••/tax.ts")).toEqual(["ending shop/src/tax.ts"]);
  });

  it("offers the same relative path in two folders as two candidates", async () => {
    expect(await resolve("src/tax.ts", ["shop", "lib"])).toEqual([
      "relative shop/src/tax.ts",
      "relative lib/src/tax.ts",
    ]);
  });

  it("guesses by the longest ending that exists and not by shorter ones", async () => {
    expect(await resolve("/repo/src/tax.ts")).toEqual(["ending shop/src/tax.ts"]);
  });

  it("marks a file outside the workspace", async () => {
    expect(await resolve(path.join(root, "outside/secret.ts"))).toEqual(["exact outside/secret.ts (outside)"]);
  });

  it("follows links before it calls a file inside", async () => {
    await symlink(path.join(root, "outside"), path.join(root, "shop/link"));
    expect(await resolve("link/secret.ts")).toEqual(["relative shop/link/secret.ts (outside)"]);
  });

  it("marks what climbs out of the workspace", async () => {
    expect(await resolve("../outside/secret.ts")).toEqual(["relative outside/secret.ts (outside)"]);
  });

  it("takes no directory for a file", async () => {
    expect(await resolve("src")).toEqual([]);
  });
});

describe("finding a text's line", () => {
  it("takes the first text that is there, whatever the line ends", async () => {
    const file = path.join(root, "crlf.ts");
    await writeFile(file, "one\r\ntwo\r\nthree\r\n");
    expect(await findLine(file, ["nowhere", "two\nthree"])).toBe(2);
  });

  it("finds nothing in a file beyond its limit", async () => {
    expect(await findLine(path.join(root, "shop/tax.ts"), ["two"], 3)).toBeUndefined();
  });
});

describe("counting lines", () => {
  it.each([
    ["", 1],
    ["one", 1],
    ["one\r\ntwo", 2],
    ["one\ntwo\n", 3],
  ])("counts those of %j as an editor does: %i", async (content, lines) => {
    const file = path.join(root, "counted.ts");
    await writeFile(file, content);
    expect(await countLines(file)).toBe(lines);
    expect(await countLines(file, 1)).toBe(content.length > 1 ? undefined : lines);
  });
});
