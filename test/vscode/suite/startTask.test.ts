// Tasks as traced sessions: VS Code resolves their variables and quotes their arguments, and what arrives is exact.
import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { closeAllEditors, customTabs, hearMessages, setSetting, traceFolder, until, workspaceFolder } from "./support";

const tasksFile = path.join(workspaceFolder, ".vscode", "tasks.json");
const node = process.execPath;
const made = path.join(workspaceFolder, "made-by-task.json");
/** Writes down what it was given. */
const witness = path.join(workspaceFolder, "made-by-witness.cjs");

const tasks = [
  {
    label: "exact process",
    type: "process",
    command: node,
    args: [
      "${workspaceFolder}/made-by-witness.cjs",
      "a b",
      "",
      'it\'s "quoted" $HOME *',
      "--",
      "${workspaceFolderBasename}",
    ],
    options: { cwd: "${workspaceFolder}/src", env: { WITNESS: "<${workspaceFolder}>", NODE_OPTIONS: "--no-warnings" } },
  },
  {
    label: "shell line",
    type: "shell",
    command: "'${config:tracekeeperTest.node}' made-by-witness.cjs 'a  b' \"$((1 + 1))\" ${workspaceFolder} | cat",
  },
  {
    label: "shell words",
    type: "shell",
    command: node,
    args: [
      "made-by-witness.cjs",
      "a  b",
      { value: "$HOME is 'so'", quoting: "weak" },
      { value: "$HOME", quoting: "strong" },
    ],
    problemMatcher: "$tsc",
  },
  { label: "not there", type: "process", command: "no-such-program-here" },
  { label: "all of them", dependsOn: ["shell line"] },
  { label: "one after the other", type: "shell", command: "true", dependsOn: ["shell line"] },
];

interface Witnessed {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Snapshot {
  readonly endedAt?: string;
  readonly metadata: { readonly title?: string; readonly command?: string };
  readonly spans: readonly {
    readonly name: string;
    readonly statusMessage?: string;
    readonly input?: { cwd?: string };
  }[];
  readonly summary: { readonly status: string; readonly error?: string };
}

async function oneEnded(title: string): Promise<Snapshot> {
  return await until(`"${title}" has ended`, async () => {
    for (const name of await readdir(traceFolder)) {
      if (!name.endsWith(".json")) continue;
      const read = await readFile(path.join(traceFolder, name), "utf8")
        .then(JSON.parse)
        .catch(() => undefined);
      const snapshot = read as Snapshot | undefined;
      if (snapshot?.metadata?.title === title && snapshot.endedAt !== undefined) return snapshot;
    }
    return undefined;
  });
}

async function witnessed(): Promise<Witnessed> {
  await until("the program has told what it was given", () => existsSync(made));
  return JSON.parse(await readFile(made, "utf8")) as Witnessed;
}

const start = (task: string) => vscode.commands.executeCommand("tracekeeper.startSession", { task });

describe("a task as a traced session", () => {
  let before_: string | undefined;
  before(async () => {
    await closeAllEditors();
    // What fails here is meant to.
    await setSetting("tracekeeper.notifyOnFailure", false);
    before_ = existsSync(tasksFile) ? await readFile(tasksFile, "utf8") : undefined;
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(path.dirname(tasksFile)));
    const resolved = JSON.stringify({ version: "2.0.0", tasks }).replaceAll("${config:tracekeeperTest.node}", node);
    await writeFile(tasksFile, resolved);
    const program = `
      const { renameSync, writeFileSync } = require("node:fs");
      const { argv, env } = process;
      writeFileSync(${JSON.stringify(`${made}.tmp`)}, JSON.stringify({ args: argv.slice(2), cwd: process.cwd(), env }));
      renameSync(${JSON.stringify(`${made}.tmp`)}, ${JSON.stringify(made)});
      console.log("src/api/router.ts(3,1): error TS1: witnessed");`;
    await writeFile(witness, program);
    const isListed = async () => (await vscode.tasks.fetchTasks()).some(({ name }) => name === "exact process");
    await until("VS Code lists the tasks", isListed);
  });

  after(async () => {
    if (before_ === undefined) await rm(tasksFile);
    else await writeFile(tasksFile, before_);
    await rm(witness);
    await setSetting("tracekeeper.notifyOnFailure", undefined);
  });

  afterEach(async () => {
    await rm(made, { force: true });
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await until("all terminals are closed", () => vscode.window.terminals.length === 0);
    await closeAllEditors();
  });

  it("gets every argument of a process, its folder and its environment, with variables replaced", async () => {
    await start("exact process");
    const { args, cwd, env } = await witnessed();
    const folder = path.basename(workspaceFolder);
    assert.deepEqual(args, ["a b", "", 'it\'s "quoted" $HOME *', "--", folder]);
    assert.equal(cwd, path.join(workspaceFolder, "src"));
    assert.equal(env["WITNESS"], `<${workspaceFolder}>`);
    // What is meant for the program's Node is not used by ours.
    assert.equal(env["NODE_OPTIONS"], "--no-warnings");
    assert.equal(env["ELECTRON_RUN_AS_NODE"], undefined);
    const snapshot = await oneEnded("exact process");
    assert.equal(snapshot.summary.status, "completed");
    assert.match(snapshot.metadata.command ?? "", /made-by-witness\.cjs 'a b'/);
    assert.equal(snapshot.spans.find(({ name }) => name === "command")?.input?.cwd, path.join(workspaceFolder, "src"));
    await until("its panel is open", () => customTabs().some((tab) => tab.includes("exact-process")));
  });

  it("runs a line in the shell of tasks, as VS Code would", async () => {
    await start("shell line");
    const { args, cwd } = await witnessed();
    assert.deepEqual([args, cwd], [["a  b", "2", workspaceFolder], workspaceFolder]);
    const snapshot = await oneEnded("shell line");
    // What is recorded is the line, not the shell that runs it.
    assert.match(snapshot.metadata.command ?? "", /^'.*' made-by-witness\.cjs 'a {2}b' "\$\(\(1 \+ 1\)\)" .* \| cat$/);
  });

  it("leaves the quoting of words to VS Code, and keeps its problem matchers", async () => {
    await start("shell words");
    const { args, env } = await witnessed();
    assert.deepEqual(args, ["a  b", `${env["HOME"]} is 'so'`, "$HOME"]);
    const router = vscode.Uri.file(path.join(workspaceFolder, "src/api/router.ts"));
    await until("the problem is listed", () =>
      vscode.languages.getDiagnostics(router).some(({ message }) => message === "witnessed"),
    );
  });

  it("that can't be started leaves a trace that says so, and its panel opens", async () => {
    const told = hearMessages();
    try {
      await start("not there");
      const snapshot = await oneEnded("not there");
      assert.match(snapshot.summary.error ?? "", /no-such-program-here was not found/);
      await until("its panel is open", () => customTabs().some((tab) => tab.includes("not-there")));
    } finally {
      told.restore();
    }
    assert.deepEqual(
      told.messages.filter((message) => message.includes("was not started")),
      [],
    );
  });

  it("is run again with what its configuration says now", async () => {
    await start("exact process");
    await witnessed();
    await oneEnded("exact process");
    await rm(made);
    await vscode.commands.executeCommand("tracekeeper.runAgain");
    assert.equal((await witnessed()).args.length, 5);
  });

  for (const name of ["all of them", "one after the other"])
    it(`is refused where it depends on others: ${name}`, async () => {
      const told = hearMessages();
      try {
        await start(name);
      } finally {
        told.restore();
      }
      assert.equal(told.messages.filter((message) => /^error .*can't be traced/.test(message)).length, 1);
    });
});
