// Traced sessions as VS Code starts them: real terminals, real tasks, the real session process and its traces.
import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import * as vscode from "vscode";
import { closeAllEditors, customTabs, setSetting, traceFolder, until, workspaceFolder } from "./support";

interface Span {
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly interrupted?: boolean;
  readonly input?: { readonly command?: string; readonly cwd?: string; readonly capture?: string };
  readonly output?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

interface Snapshot {
  readonly sessionId: string;
  readonly endedAt?: string;
  readonly metadata: { readonly title?: string };
  readonly spans: readonly Span[];
  readonly summary: { readonly status: string; readonly error?: string };
}

/** Sessions of this title whose snapshot says that they ended, in order of their names. */
async function ended(title: string): Promise<(Snapshot & { readonly key: string })[]> {
  const found: (Snapshot & { key: string })[] = [];
  for (const name of (await readdir(traceFolder)).sort()) {
    if (!name.endsWith(".json")) continue;
    const key = path.join(traceFolder, name);
    const snapshot = await readFile(key, "utf8")
      .then((text) => JSON.parse(text) as Snapshot)
      .catch(() => undefined);
    if (snapshot?.metadata?.title === title && snapshot.endedAt !== undefined) found.push({ ...snapshot, key });
  }
  return found;
}

async function oneEnded(title: string): Promise<Snapshot & { readonly key: string }> {
  return await until(`"${title}" has ended`, async () => (await ended(title))[0]);
}

function commandSpan(snapshot: Snapshot): Span {
  const span = snapshot.spans.find(({ name, kind }) => name === "command" && kind === "tool");
  assert.ok(span, "the trace has a span of the command");
  return span;
}

/** All that the program printed, as it was recorded. */
function outputOf(snapshot: Snapshot): string {
  return snapshot.spans
    .filter(({ attributes }) => typeof attributes?.["tracekeeper.output"] === "object")
    .map(({ output }) => String(output))
    .join("");
}

function terminalOf(title: string): vscode.Terminal | undefined {
  return vscode.window.terminals.find(({ name }) => name === title);
}

function launchPathOf(terminal: vscode.Terminal): string {
  const { shellArgs } = terminal.creationOptions as vscode.TerminalOptions;
  const words = Array.isArray(shellArgs) ? shellArgs : [];
  return words[words.indexOf("--launch") + 1] ?? "";
}

const start = (command: string) => vscode.commands.executeCommand("tracekeeper.startSession", { command });

describe("a traced session", () => {
  before(async () => {
    await closeAllEditors();
    // What fails here is meant to.
    await setSetting("tracekeeper.notifyOnFailure", false);
  });

  after(() => setSetting("tracekeeper.notifyOnFailure", undefined));

  afterEach(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await until("all terminals are closed", () => vscode.window.terminals.length === 0);
    await closeAllEditors();
    for (const name of await readdir(workspaceFolder)) {
      if (name.startsWith("made-by-")) await rm(path.join(workspaceFolder, name));
    }
  });

  it("records a command that succeeds, and opens its panel", async () => {
    const title = "echo hello from here";
    await start(title);
    const snapshot = await oneEnded(title);
    assert.equal(snapshot.summary.status, "completed");
    assert.match(outputOf(snapshot), /hello from here\r?\n/);
    assert.deepEqual(commandSpan(snapshot).input, { command: title, cwd: workspaceFolder, capture: "terminal" });
    await until("its panel is open", () =>
      customTabs().includes(`tracekeeper.trace traces/${path.basename(snapshot.key)}`),
    );
    assert.match(path.basename(snapshot.key), /^echo-hello-from-here_\d{8}-\d{6}_[0-9a-f]{6}\.json$/);
  });

  it("runs in a terminal that VS Code keeps, and tells nobody else what it runs", async () => {
    const line = 'cat > made-by-input; : "a $HOME"';
    await start(line);
    const terminal = await until("there is a terminal", () => terminalOf(line));
    await until("it runs", () => existsSync(path.join(workspaceFolder, "made-by-input")));
    const { isTransient, hideFromUser, shellArgs, cwd } = terminal.creationOptions as vscode.TerminalOptions;
    assert.deepEqual([isTransient, hideFromUser, cwd], [undefined, undefined, workspaceFolder]);
    assert.ok(!JSON.stringify(shellArgs).includes("made-by-input"));
    const launch = launchPathOf(terminal);
    if (process.platform !== "win32") {
      assert.equal((await stat(launch)).mode & 0o777, 0o600);
      assert.equal((await stat(path.dirname(launch))).mode & 0o777, 0o700);
    }
    terminal.sendText("typed", true);
    terminal.sendText("\x04", false);
    const snapshot = await oneEnded(line);
    assert.equal(snapshot.summary.status, "completed");
    assert.equal(await readFile(path.join(workspaceFolder, "made-by-input"), "utf8"), "typed\n");
  });

  it("says how a command failed", async () => {
    await start("echo oh; exit 3");
    const snapshot = await oneEnded("echo oh; exit 3");
    assert.equal(snapshot.summary.status, "error");
    assert.equal(snapshot.summary.error, "exit 3");
  });

  it("is stopped, which is no failure of a step", async () => {
    const line = "echo begun; exec sleep 1000";
    await start(line);
    await until("its panel is open", () => customTabs().length === 1);
    await vscode.commands.executeCommand("tracekeeper.stopSession");
    const snapshot = await oneEnded(line);
    assert.equal(snapshot.summary.status, "error");
    assert.match(snapshot.summary.error ?? "", /^stopped/);
    assert.equal(commandSpan(snapshot).interrupted, true);
  });

  it("is run again as it was", async () => {
    const line = "echo again $((1 + 1))";
    await start(line);
    await oneEnded(line);
    await vscode.commands.executeCommand("tracekeeper.runAgain");
    const [first, second] = await until("there are two", async () => {
      const all = await ended(line);
      return all.length === 2 && all;
    });
    assert.ok(first && second);
    assert.notEqual(first.sessionId, second.sessionId);
    assert.match(outputOf(second), /again 2/);
  });

  it("is run once, however often its command is started", async () => {
    const line = "echo once >> made-by-once; cat made-by-once";
    await start(line);
    const terminal = await until("there is a terminal", () => terminalOf(line));
    await oneEnded(line);
    const { shellPath, shellArgs, env, cwd } = terminal.creationOptions as vscode.TerminalOptions;
    const revived = vscode.window.createTerminal({ name: "revived", ...defined({ shellPath, shellArgs, env, cwd }) });
    assert.equal(await keyUntilClosed(revived), 0);
    assert.equal(await readFile(path.join(workspaceFolder, "made-by-once"), "utf8"), "once\n");
    assert.equal((await ended(line)).length, 1);
  });

  it("is recorded in the extension's storage where the workspace folder can't hold it", async () => {
    const own = path.join(workspaceFolder, ".tracekeeper");
    await rename(own, `${own}-away`);
    await writeFile(own, "in the way");
    try {
      await start("echo elsewhere");
      const tab = await until("its panel is open", () =>
        vscode.window.tabGroups.all
          .flatMap(({ tabs }) => tabs)
          .map(({ input }) => input)
          .find((input) => input instanceof vscode.TabInputCustom),
      );
      assert.match(tab.uri.fsPath, /globalStorage.*traces.echo-elsewhere_/);
      await until("it has ended", async () =>
        /"status":\s*"completed"/.test(await readFile(tab.uri.fsPath, "utf8").catch(() => "")),
      );
    } finally {
      await rm(own);
      await rename(`${own}-away`, own);
    }
  });

  it("keeps its terminal until a key is pressed, and VS Code tells of no failure a second time", async () => {
    await start("echo last words; exit 3");
    const terminal = await until("there is a terminal", () => terminalOf("echo last words; exit 3"));
    await oneEnded("echo last words; exit 3");
    const isOpen = terminal.exitStatus === undefined;
    assert.ok(isOpen);
    assert.equal(await keyUntilClosed(terminal), 0);
  });

  it("collects only, until it is stopped", async () => {
    await vscode.commands.executeCommand("tracekeeper.collectOnly");
    await until("its panel is open", () => customTabs().some((tab) => tab.includes("collect-only")));
    await vscode.commands.executeCommand("tracekeeper.stopSession");
    const snapshot = await oneEnded("Collect only");
    assert.equal(
      snapshot.spans.some(({ name }) => name === "command"),
      false,
    );
  });

  it("opens its panel beside the code, or behind it, and leaves the keyboard there", async () => {
    const code = vscode.Uri.file(path.join(workspaceFolder, "src/billing/tax.ts"));
    for (const [how, groups] of [
      ["background", 1],
      ["beside", 2],
    ] as const) {
      await vscode.window.showTextDocument(code);
      await setSetting("tracekeeper.openOnStart", how);
      try {
        await start(`echo ${how}`);
        await until("its panel is open", () => customTabs().some((tab) => tab.includes(`echo-${how}_`)));
      } finally {
        await setSetting("tracekeeper.openOnStart", undefined);
      }
      assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, code.fsPath);
      assert.equal(vscode.window.tabGroups.all.length, groups);
      await closeAllEditors();
    }
  });

  it("opens no panel where that is not wanted", async () => {
    await setSetting("tracekeeper.openOnStart", "never");
    try {
      await start("echo quiet");
      await oneEnded("echo quiet");
    } finally {
      await setSetting("tracekeeper.openOnStart", undefined);
    }
    assert.deepEqual(customTabs(), []);
  });
});

/** Keys that come before the terminal waits for one are not taken for it. */
async function keyUntilClosed(terminal: vscode.Terminal): Promise<number | undefined> {
  await until("the terminal is closed", () => {
    if (terminal.exitStatus === undefined) terminal.sendText("x", false);
    return terminal.exitStatus !== undefined;
  });
  return terminal.exitStatus?.code;
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}
