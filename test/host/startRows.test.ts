// The rows of the pick that starts a session, as text.
import { describe, expect, it } from "vitest";
import { entryContext } from "../../src/host/sessions/sessionRows";
import type { LaunchRecord } from "../../src/host/start/launchRecord";
import {
  acceptedChoice,
  isSameChoice,
  isTypedShown,
  type ScriptOffer,
  type StartOffers,
  type StartTexts,
  startSections,
  type TaskOffer,
} from "../../src/host/start/startRows";
import type { SessionEntry } from "../../src/store/sessionEntry";
import type { SessionStatus } from "../../src/trace/state";

const texts: StartTexts = {
  runAgain: (title) => `Run again: ${title}`,
  typedHint: "run this command",
  typeCommand: "Type a Command…",
  typeCommandHint: "any",
  activeFile: "run this file",
  outcome: (status, age) => `last run ${status} ${age}`,
  started: (age) => `last run ${age}`,
  because: (reason) => reason.type,
};

const nowMs = 10 * 60_000;

const record = (id: string, title: string, atMs = 0): LaunchRecord => ({
  id,
  key: `/t/${id}.json`,
  title,
  atMs,
  origin: { type: "command", label: title },
  start: { type: "program", program: { type: "shell", line: title }, cwd: "/w" },
});

const script = (name: string, place = ""): ScriptOffer => ({
  manager: "npm",
  script: name,
  command: `node ${name}.js`,
  folder: `/w/${place}`,
  place,
});

const task = (name: string, untraceable?: TaskOffer["untraceable"]): TaskOffer => ({
  name,
  source: "Workspace",
  scope: "workspace",
  folder: "",
  detail: `make ${name}`,
  untraceable,
});

function drawn(more: Partial<StartOffers<TaskOffer>> = {}): string[] {
  const offers: StartOffers<TaskOffer> = {
    records: [],
    outcome: () => undefined,
    playbooks: [],
    scripts: [],
    tasks: [],
    file: undefined,
    isCommandLine: false,
    typed: "",
    nowMs,
    ...more,
  };
  return startSections(offers, texts).flatMap(({ group, rows }) => [
    ...(group === "" ? [] : [`-- ${group}`]),
    ...rows.map(({ label, description, icon }) => `${icon}: ${label} | ${description}`),
  ]);
}

describe("the pick that starts a session", () => {
  const all: Partial<StartOffers<TaskOffer>> = {
    records: [record("2", "npm run test", 4 * 60_000), record("1", "node a.js"), record("0", "npm run test")],
    outcome: (key) => (key === "/t/2.json" ? { status: "failed", atMs: 8 * 60_000 } : undefined),
    scripts: [script("test"), script("lint", "packages/web")],
    tasks: [task("build"), task("all", { type: "dependsOn", names: ["build"] })],
    file: "src/a.js",
  };

  it("begins with the last one, then recent, scripts, tasks, file, command, and what can't be traced", () => {
    expect(drawn(all)).toEqual([
      "error: Run again: npm run test | last run failed 2 min ago",
      "-- recent",
      "history: node a.js | last run 10 min ago",
      "-- scripts",
      "package: npm run test | node test.js",
      "package: npm run lint | packages/web · node lint.js",
      "-- tasks",
      "tools: build | Workspace · make build",
      "-- file",
      "file-code: src/a.js | run this file",
      "-- command",
      "terminal: Type a Command… | any",
      "-- refused",
      "circle-slash: all | dependsOn",
    ]);
  });

  it("offers to type a command where there is nothing else", () => {
    expect(drawn()).toEqual(["-- command", "terminal: Type a Command… | any"]);
  });

  it.each(["  npm run test ", "npm t", "b"])("runs first what is typed: %j", (typed) => {
    const rows = drawn({ ...all, typed });
    expect(rows.slice(0, 2)).toEqual(["-- command", `terminal: ${typed.trim()} | run this command`]);
    expect(rows).toContain("package: npm run test | node test.js");
    expect(rows).not.toContain("terminal: Type a Command… | any");
    const sections = startSections({ ...offersOf(all), typed }, texts);
    const always = sections.flatMap(({ rows }) => rows).filter(({ alwaysShow }) => alwaysShow);
    expect(always.map(({ choice }) => choice.type)).toEqual(["typed"]);
  });

  it.each(["build", "src/a.js"])("puts what is called %s before a command of these words", (typed) => {
    const labels = startSections({ ...offersOf(all), typed }, texts).flatMap(({ rows }) =>
      rows.map(({ label }) => label),
    );
    const types = startSections({ ...offersOf(all), typed }, texts).flatMap(({ rows }) =>
      rows.filter(({ label }) => label === typed).map(({ choice }) => choice.type),
    );
    expect(labels[0]).toBe("Run again: npm run test");
    expect(types).toEqual([typed === "build" ? "task" : "file", "typed"]);
  });

  it("takes the name of what can't be traced for a command", () => {
    expect(drawn({ ...all, typed: "all" })[1]).toBe("terminal: all | run this command");
  });

  it("runs what is typed on an Enter that comes before its rows are shown", () => {
    const accepted = (typed: string, isShown: boolean) => {
      const sections = startSections({ ...offersOf(all), typed }, texts);
      const other = sections.flatMap(({ rows }) => rows).find(({ id }) => id.startsWith("script"));
      return acceptedChoice(sections, typed, other, isShown).type;
    };
    expect(accepted("npm run", false)).toBe("typed");
    expect(accepted("build ", false)).toBe("task");
    expect(accepted("npm run", true)).toBe("script");
    expect(accepted("", false)).toBe("script");
    expect(acceptedChoice(startSections(offersOf({}), texts), "x", undefined, true)).toEqual({ type: "typed" });
  });

  it("knows its rows as shown by the one that is equal to what is typed, not by one that is told late", () => {
    const isShown = (typed: string, id: string) => {
      const rows = startSections({ ...offersOf(all), typed }, texts).flatMap((section) => section.rows);
      return isTypedShown(
        typed,
        rows.find((row) => row.id.startsWith(id)),
      );
    };
    expect(isShown("npm t", "typed")).toBe(true);
    expect(isShown("npm t", "script")).toBe(false);
    expect(isShown("npm t", "nothing at all")).toBe(false);
    expect(isShown("build ", "task")).toBe(true);
    expect(isShown("BUILD", "task")).toBe(true);
    // VS Code doesn't find a row by words that it does not hold, so that another one comes first.
    expect(isShown("echo  $(date)", "script")).toBe(true);
    expect(isShown(" ", "script")).toBe(true);
  });

  it("is the command line alone once that was chosen", () => {
    expect(drawn({ ...all, isCommandLine: true })).toEqual([]);
    expect(drawn({ ...all, isCommandLine: true, typed: "ls" })).toEqual([
      "-- command",
      "terminal: ls | run this command",
    ]);
  });

  it.each([
    ["failed", "error"],
    ["crashed", "error"],
    ["completed", "history"],
    ["running", "history"],
    ["unknown", "history"],
  ] satisfies [SessionStatus, string][])("says that the last run %s", (status, icon) => {
    const rows = drawn({ records: [record("1", "x")], outcome: () => ({ status, atMs: nowMs + 5 }) });
    expect(rows[0]).toBe(`${icon}: Run again: x | last run ${status} just now`);
  });

  it("keeps to eight recent ones", () => {
    const records = Array.from({ length: 20 }, (_each, at) => record(String(at), `run ${at}`));
    expect(drawn({ records }).filter((row) => row.startsWith("history"))).toHaveLength(9);
  });

  it("gives the same row the same id while others come, and no two rows one", () => {
    const ids = (more: Partial<StartOffers<TaskOffer>>) =>
      startSections(offersOf(more), texts).flatMap(({ rows }) => rows.map(({ id }) => id));
    const early = ids({ ...all, scripts: [], tasks: [] });
    const late = ids(all);
    expect(late).toEqual(expect.arrayContaining(early));
    expect(new Set(late).size).toBe(late.length);
  });

  it("tells tasks of one name in two folders apart, and each row starts its own", () => {
    const inFolder = (folder: string) => ({ ...task("build"), scope: `file:///${folder}`, folder });
    const tasks = [inFolder("web"), inFolder("api")];
    expect(drawn({ tasks })).toEqual([
      "-- tasks",
      "tools: build | web · Workspace · make build",
      "tools: build | api · Workspace · make build",
      "-- command",
      "terminal: Type a Command… | any",
    ]);
    const rows = startSections(offersOf({ tasks }), texts).flatMap((section) => section.rows);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const [web, api] = rows.map(({ choice }) => choice);
    if (!web || !api) throw new Error("There is a row for each");
    expect([isSameChoice(web, { ...web }), isSameChoice(web, api)]).toEqual([true, false]);
  });

  it("draws no icon and no line break that a name brings", () => {
    const rows = drawn({
      records: [record("1", "$(alert) a\nb")],
      scripts: [{ ...script("x"), script: "$(flame)\u202e", command: "$(bug)" }],
      tasks: [task("$(zap)")],
      file: "$(eye).js",
      typed: "$(heart)",
    });
    expect(rows.join("\n").match(/\$\(/g)).toBeNull();
    expect(rows).toContainEqual(expect.stringContaining("Run again: $ (alert) a b"));
  });
});

describe("a row of the Sessions view", () => {
  it("offers what can be done with a session that was started here", () => {
    const entry = {
      directory: "/t",
      safeId: "a",
      key: "/t/a.json",
      sessionId: "a",
      modifiedMs: 0,
      sizeBytes: 0,
      state: { status: "running", reasons: [] },
      files: [],
    } satisfies SessionEntry;
    expect(entryContext(entry)).toBe("session running");
    const all = { canStop: true, hasTerminal: true, canRunAgain: true };
    expect(entryContext(entry, all)).toBe("session running stoppable terminal again");
    expect(entryContext(entry, { ...all, canStop: false, hasTerminal: false })).toBe("session running again");
  });
});

function offersOf(more: Partial<StartOffers<TaskOffer>>): StartOffers<TaskOffer> {
  return {
    records: [],
    outcome: () => undefined,
    playbooks: [],
    scripts: [],
    tasks: [],
    file: undefined,
    isCommandLine: false,
    typed: "",
    nowMs,
    ...more,
  };
}
