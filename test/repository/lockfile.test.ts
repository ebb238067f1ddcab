import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const text = readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8");
const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockedPackage>> };

describe("package-lock.json", () => {
  it("names no registry, so that everybody installs from their own", () => {
    expect(text).not.toContain('"resolved"');
    expect(text).not.toMatch(/https?:\/\/registry/);
  });

  it("names the content of every package", () => {
    const unknown = Object.entries(packages).filter(([path, { integrity }]) => path !== "" && integrity === undefined);
    expect(unknown).toEqual([]);
  });

  it("locks the packages of every platform, without which npm ci refuses it", () => {
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !Object.keys(packages).some(
            (path) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
          ),
      ),
    );
    expect(missing).toEqual([]);
  });
});
