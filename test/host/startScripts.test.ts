// npm scripts and command lines: what a package offers, by which manager it is run, and words that survive a shell.
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandLineOf, lineOptions, quoteWord, shellKind } from "../../src/host/start/commandLine";
import { managerOf, readPackage, scriptLine, scriptWords } from "../../src/host/start/npmScripts";

describe("the scripts of a package", () => {
  it("are those that are texts, in their order", () => {
    const text = '\ufeff{"name":"shop","scripts":{"b":"node b","a":"x && y","n":3},"packageManager":"pnpm@9.1.0+sha"}';
    expect(readPackage(text)).toEqual({
      name: "shop",
      scripts: [
        { name: "b", command: "node b" },
        { name: "a", command: "x && y" },
      ],
      manager: "pnpm",
    });
  });

  it.each(["", "{", "[]", "null", "3"])("are none in %j", (text) => {
    expect(readPackage(text)?.scripts ?? []).toEqual([]);
  });

  it("survive other parts that are damaged", () => {
    expect(readPackage('{"name":3,"scripts":[1],"packageManager":["npm"]}')).toEqual({
      name: undefined,
      scripts: [],
      manager: undefined,
    });
  });

  it("are run by name, each word one argument", () => {
    expect(scriptWords("npm", "test: all")).toEqual(["npm", "run", "test: all"]);
  });

  it("are found in the text of their package", () => {
    const text = '{\n  "test": 1,\n  "scripts": {\n    "build": "test",\n    "test": "x"\n  }\n}';
    expect(scriptLine(text, "test")).toBe(4);
    expect(scriptLine(text, "build")).toBe(3);
    expect(scriptLine(text, "none")).toBe(2);
    expect(scriptLine("{}", "none")).toBe(0);
  });
});

describe("the package manager", () => {
  const files: Readonly<Record<string, readonly string[]>> = {
    "": ["package-lock.json", "pnpm-lock.yaml"],
    "packages/web": ["yarn.lock"],
    "apps/one": ["bun.lock"],
  };
  const filesIn = (folder: string) => files[folder] ?? [];

  it.each([
    ["", "pnpm"],
    ["packages", "pnpm"],
    ["packages/web", "yarn"],
    ["packages/web/nested", "yarn"],
    ["apps/one", "bun"],
  ])("of %j is that of the nearest lockfile", (folder, manager) => {
    expect(managerOf(folder, filesIn, [])).toBe(manager);
  });

  it("is the one that is named, before any lockfile", () => {
    expect(managerOf("packages/web", filesIn, [undefined, "npm", "bun"])).toBe("npm");
  });

  it("is npm where nothing says otherwise", () => {
    expect(managerOf("a/b", () => [], [])).toBe("npm");
  });
});

describe("a command line", () => {
  it("is what it looks like where nothing needs quotes", () => {
    expect(commandLineOf(["npx", "tsx", "src/a-b_c.ts", "--x=1"], "posix")).toBe("npx tsx src/a-b_c.ts --x=1");
  });

  it.each([
    ["posix", "it's", "'it'\\''s'"],
    ["posix", "", "''"],
    ["powershell", "it's", "'it''s'"],
    ["powershell", "@a", "'@a'"],
    ["cmd", "C:\\a b", '"C:\\a b"'],
    ["cmd", "C:\\a", "C:\\a"],
  ] as const)("in %s quotes %j", (kind, word, quoted) => {
    expect(quoteWord(word, kind)).toBe(quoted);
  });

  it("calls a quoted program in PowerShell, which would print it otherwise", () => {
    expect(commandLineOf(["C:\\my tools\\x.exe", "a"], "powershell")).toBe("& 'C:\\my tools\\x.exe' a");
  });

  it.runIf(process.platform !== "win32")("is split by a shell into exactly its words", () => {
    const word = fc.string({ unit: fc.constantFrom(..."ab '\"\\$`*?~#;&|<>(){}[]!\n\tä=%,:@-") });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const line = commandLineOf(words, "posix");
        const out = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
        expect(out.split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["/usr/bin/zsh", "posix", ["-c"]],
    ["/usr/local/bin/pwsh", "powershell", ["-Command"]],
    ["C:\\Windows\\System32\\cmd.exe", "cmd", ["/d", "/s", "/c"]],
    ["/opt/xonsh", "posix", undefined],
  ])("is handed to %s in its way", (shell, kind, options) => {
    expect(shellKind(shell, "linux")).toBe(kind);
    expect(lineOptions(shell)).toEqual(options);
  });

  it("is for cmd where Windows names no shell", () => {
    expect(shellKind(undefined, "win32")).toBe("cmd");
    expect(shellKind(undefined, "linux")).toBe("posix");
  });
});
