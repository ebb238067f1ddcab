// How the file in front is run: its own first line, the setting, Python's interpreter, Node's TypeScript.
import { describe, expect, it } from "vitest";
import { type FileRunnerContext, runOfFile, type TypeStripping } from "../../src/host/start/fileRunner";
import { parseShebang, splitWords } from "../../src/host/start/shebang";

describe("the first line of a script", () => {
  it.each([
    ["#!/bin/bash", "/bin/bash", []],
    ["#! /usr/bin/python3 -u ", "/usr/bin/python3", ["-u"]],
    ["#!/bin/awk -f -v x=1", "/bin/awk", ["-f -v x=1"]],
    ["#!/usr/bin/env node", "node", []],
    ["#!/usr/bin/env -S node --no-warnings --test", "node", ["--no-warnings", "--test"]],
    ["#!/usr/bin/env -vS node --test", "node", ["--test"]],
    ["#!/usr/bin/env --split-string=deno run 'a b'", "deno", ["run", "a b"]],
    ["#!/usr/bin/env -S A=1 node", "/usr/bin/env", ["-S", "A=1 node"]],
    ["#!/usr/bin/env -i", "/usr/bin/env", ["-i"]],
    ["\ufeff#!/bin/sh\r", "/bin/sh", []],
  ])("%j is run by %s", (line, program, args) => {
    expect(parseShebang(line)).toEqual({ program, args });
  });

  it.each(["", "# !/bin/sh", "#!", "#!/usr/bin/env", "import x", "//#!/bin/sh"])("%j names none", (line) => {
    expect(parseShebang(line)).toBeUndefined();
  });

  it("is split into words as quotes say", () => {
    expect(splitWords(` node  "a b" 'c d' e"f g"h '' `)).toEqual(["node", "a b", "c d", "ef gh", ""]);
  });
});

describe("a file", () => {
  const asked: string[] = [];
  function context(more: Partial<FileRunnerContext> & { strips?: TypeStripping } = {}): FileRunnerContext {
    asked.length = 0;
    return {
      runners: { ".js": "node", ".ts": "node", ".py": "python3 -u", ".sh": "sh", ".rb": ["/opt/my ruby/ruby", "-w"] },
      ownRunners: new Set(),
      platform: "linux",
      typeStripping: async (node) => {
        asked.push(`typeStripping ${node}`);
        return more.strips ?? "always";
      },
      python: async () => {
        asked.push("python");
        return undefined;
      },
      ...more,
    };
  }

  it("is run by its first line, whatever its ending says", async () => {
    expect(await runOfFile("tool.js", "#!/usr/bin/env -S deno run", context())).toEqual({
      type: "words",
      words: ["deno", "run", "tool.js"],
    });
  });

  it("is run by the name of that program where the system has no such paths", async () => {
    expect(await runOfFile("a", "#!/bin/bash -e", context({ platform: "win32" }))).toMatchObject({
      words: ["bash", "-e", "a"],
    });
  });

  it("is run by what the setting says for its ending, without asking the machine", async () => {
    expect(await runOfFile("a.JS", "x", context())).toEqual({ type: "words", words: ["node", "a.JS"] });
    expect(await runOfFile("a.rb", "", context())).toMatchObject({ words: ["/opt/my ruby/ruby", "-w", "a.rb"] });
    expect(asked).toEqual([]);
  });

  it("takes the place of its variable, also where its name holds a replacement pattern", async () => {
    const runners = { ".sql": "psql --file=${file} -q" };
    expect(await runOfFile("a$&b.sql", "", context({ runners }))).toMatchObject({
      words: ["psql", "--file=a$&b.sql", "-q"],
    });
  });

  it("in Python is run by the chosen interpreter with the setting's arguments", async () => {
    const python = async () => "/venv/bin/python";
    expect(await runOfFile("a.py", "", context({ python }))).toMatchObject({
      words: ["/venv/bin/python", "-u", "a.py"],
    });
    expect(await runOfFile("a.py", "", context())).toMatchObject({ words: ["python3", "-u", "a.py"] });
    expect(await runOfFile("a.py", "", context({ platform: "win32" }))).toMatchObject({
      words: ["python", "-u", "a.py"],
    });
  });

  it("is run by what the person has set, which is not improved upon", async () => {
    const ownRunners = new Set([".py", ".ts"]);
    const python = async () => "/venv/bin/python";
    expect(await runOfFile("a.py", "", context({ ownRunners, python }))).toMatchObject({
      words: ["python3", "-u", "a.py"],
    });
    expect(await runOfFile("a.ts", "", context({ ownRunners, strips: "never" }))).toMatchObject({
      words: ["node", "a.ts"],
    });
  });

  it("in TypeScript is run by a Node that can, by a flag where that is needed, and else asked for", async () => {
    expect(await runOfFile("a.ts", "", context())).toMatchObject({ type: "words", words: ["node", "a.ts"] });
    expect(await runOfFile("a.ts", "", context({ strips: "byFlag" }))).toMatchObject({
      words: ["node", "--experimental-strip-types", "a.ts"],
    });
    expect(await runOfFile("a.ts", "", context({ strips: "never" }))).toEqual({
      type: "ask",
      words: ["npx", "tsx", "a.ts"],
      why: "noTypeStripping",
    });
    expect(asked).toEqual(["typeStripping node"]);
  });

  it("of an unknown kind is asked for, with its path", async () => {
    expect(await runOfFile("src/a.zig", "", context())).toEqual({
      type: "ask",
      words: ["./src/a.zig"],
      why: "unknownType",
    });
    expect(await runOfFile("/elsewhere/a", "", context())).toMatchObject({ words: ["/elsewhere/a"] });
  });
});
