// The `tracekeeper` command as a person runs it: what it prints, where, and how it exits.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { repositoryRoot } from "../scripts/lib/paths.mjs";
import { encodeRecord } from "../src/trace/journalFrame";
import { type BuiltCli, buildCli } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

let cli: BuiltCli;
let folder: TempDir;

beforeAll(async () => {
  cli = await buildCli();
});

afterAll(() => cli.remove());

beforeEach(async () => {
  folder = await makeTempDir();
});

afterEach(() => folder.remove());

function tracekeeper(...words: readonly string[]) {
  return cli.run(words, { cwd: folder.path });
}

/** A session of a host that is not this one: nobody here knows whether its writer is gone. */
async function leaveElsewhere(directory: string, sessionId: string): Promise<void> {
  const writer = { instance: "abcd1234", host: "another-host", pid: 1 };
  const stamp = (seq: number) => ({ seq, wallMs: 1_795_000_000_000, monoMs: seq, tag: "abcd" });
  const trace = { traceId: "t", sessionId };
  await folder.write(
    `${directory}/s.1.journal.ndjson`,
    Buffer.concat([
      encodeRecord({ t: "header", format: "tracekeeper-journal", version: 1, incarnation: 1, writer, trace }, stamp(0)),
      encodeRecord({ t: "begin", span: { spanId: "root", parentSpanId: null, name: "s", kind: "session" } }, stamp(1)),
      Buffer.from("torn"),
    ]),
  );
}

describe("tracekeeper recover", () => {
  it("takes .tracekeeper/traces where no directory is named", async () => {
    await folder.write(".tracekeeper/traces/done.json", "{}");
    const { code, stdout, stderr } = await tracekeeper("recover");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`${folder.join(".tracekeeper", "traces")}: no session needs recovery\n`);
  });

  it("leaves alone what may still be written elsewhere, and folds it on a person's word", async () => {
    await leaveElsewhere("traces", "s");
    const first = await tracekeeper("recover", "traces");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("s: may still be written by somebody; left alone (--gone folds it)");
    const second = await tracekeeper("recover", "--gone", "traces");
    expect(second.stdout).toContain("s: recovered, crashed; 1 records recovered");
    expect(second.stdout).toMatch(/ {2}s\.1\.journal\.ndjson, byte \d+: /);
    expect(await readdir(folder.join("traces"))).toEqual(expect.arrayContaining(["s.json", "s.crash"]));
  });

  it("prints one JSON object a session for other programs", async () => {
    await leaveElsewhere("traces", "s");
    const { stdout } = await tracekeeper("recover", "--json", "--gone", "traces");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { directory: folder.join("traces"), safeId: "s", action: "folded", state: "crashed" },
    ]);
  });

  it("names a directory that can't be read, goes on with the others, and exits with 1", async () => {
    await folder.write("traces/done.json", "{}");
    const { code, stdout, stderr } = await tracekeeper("recover", "missing", "traces");
    expect(code).toBe(1);
    expect(stderr).toContain(folder.join("missing"));
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toContain("traces: no session needs recovery");
  });

  it("shows control characters instead of obeying them", async () => {
    const { stdout, stderr } = await tracekeeper("recover", "no\u001b[31msuch\u202ething");
    for (const control of ["\u001b", "\u202e"]) expect(stdout + stderr).not.toContain(control);
    expect(stderr).toContain("␛[31m");
  });
});

describe("tracekeeper", () => {
  it.each([
    [[], "No command is given"],
    [["dance"], 'There is no command "dance"'],
    [["recover", "--hard"], "There is no option --hard here"],
    [["ls", "--limit"], "--limit"],
    [["ls", "--limit", "none"], '--limit takes a whole number from 1 on, not "none"'],
    [["ls", "--limit", "0"], "--limit"],
    [["ls", "--dir", "--json"], "--dir"],
    [["ls", "--failed", "--running"], "--failed and --running"],
    [["ls", "--all", "--limit", "3"], "--all and --limit"],
    [["ls", "traces"], "traces"],
    [["ls", "--json=yes"], "--json"],
    [["show"], "show needs the file or the id of a session"],
    [["show", ""], "show needs the file or the id of a session"],
    [["show", "a", "b"], '"b"'],
    [["show", "a", "--depth", "-1"], "--depth"],
    [["show", "a", "--depth", "1.5"], "--depth"],
    [["show", "a", "--colour"], "--colour"],
    [["run"], 'run needs a command after "--"'],
    [["run", "--"], 'run needs a command after "--"'],
    [["run", "--", ""], 'run needs a command after "--"'],
    [["run", "node", "app.js"], '"node" stands before "--"'],
    [["run", "--capture", "all", "--", "true"], '--capture takes terminal, pipes, none, not "all"'],
    [["run", "--capture"], "--capture"],
    [["run", "--verbose", "--", "true"], "There is no option --verbose here"],
    [["help", "dance"], 'There is no command "dance"'],
    [["help", "ls", "show"], '"show"'],
  ])("%j is answered with one line on stderr and exit code 2", async (words, message) => {
    const { code, stdout, stderr } = await tracekeeper(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^tracekeeper: [^\n␊]+\n$/);
  });

  it.each([["ls"], ["show", "x"], ["recover"]])(
    "%s without the default directory names it, with exit code 1",
    async (...words) => {
      const { code, stdout, stderr } = await tracekeeper(...words);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toBe(`tracekeeper: ${folder.join(".tracekeeper", "traces")}: There is no such directory\n`);
    },
  );

  it("tells how it is used, in all and for each command", async () => {
    const overview = await tracekeeper("help");
    expect(overview).toMatchObject({ code: 0, stderr: "" });
    const names = [...overview.stdout.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name as string);
    expect(names).toEqual(["run", "resume", "batch", "collect", "ls", "show", "tail", "recover"]);
    for (const words of [["--help"], ["-h"]]) expect((await tracekeeper(...words)).stdout).toBe(overview.stdout);
    for (const name of names) {
      const { code, stdout } = await tracekeeper("help", name);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(`^Usage: tracekeeper ${name} `) });
      expect((await tracekeeper(name, "--help")).stdout).toBe(stdout);
      // Every option that help names is one that the command takes.
      for (const [, option] of stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)) {
        expect((await tracekeeper(name, `${option}=x=y`, "--no-such-option")).stderr).not.toContain(
          `There is no option ${option} `,
        );
      }
    }
  });

  it("tells its version", async () => {
    const { version } = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8"));
    expect(await tracekeeper("--version")).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});
