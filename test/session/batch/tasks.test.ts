// Tasks as a person registers them, and where the ones that can't be kept are told of.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTaskFile } from "../../../src/session/batch/taskFile";
import { tasksOf } from "../../../src/session/batch/tasks";
import { makeTempDir, type TempDir } from "../../support/tempDir";

describe("tasksOf", () => {
  it("takes a command, whole or with what belongs to it, and a playbook", () => {
    const value = {
      a: "node a.js",
      b: ["node", "b.js"],
      c: { command: "node c.js", cwd: "below", env: { A: "1" }, shell: "bash" },
      d: { playbook: "d.playbook.yaml", checkpoints: false },
    };
    expect(tasksOf(value)).toEqual({
      tasks: { ...value, a: { command: "node a.js" }, b: { command: ["node", "b.js"] } },
      problems: [],
    });
    expect(tasksOf(undefined)).toEqual({ tasks: {}, problems: [] });
  });

  it.each([
    [7, "", "tasks must be named: an object"],
    [{ x: 7 }, "x", "must be a command, or an object with one"],
    [{ x: "" }, "x", "command: must not be empty"],
    [{ x: { command: "a", cmd: "b" } }, "x", 'there is no "cmd" in a task'],
    [{ x: { command: "a", env: { A: 1 } } }, "x", "env.A: must be a text"],
    [{ x: { playbook: "" } }, "x", "playbook: must not be empty"],
    [{ " ": "a" }, " ", "a task needs a name"],
  ])("tells what is wrong with %j, and takes the others", (value, task, message) => {
    const more = typeof value === "object" ? { ...value, sound: "true" } : value;
    const { tasks, problems } = tasksOf(more);
    expect(problems).toEqual([{ task, message }]);
    expect(Object.keys(tasks)).toEqual(typeof value === "object" ? ["sound"] : []);
  });

  it("takes names as they are, also those that objects have", () => {
    const { tasks } = tasksOf(JSON.parse('{"__proto__": "a", "constructor": "b"}'));
    expect(Object.hasOwn(tasks, "constructor")).toBe(true);
    expect(Object.hasOwn({ ...tasks }, "toString")).toBe(false);
  });
});

describe("a file of tasks", () => {
  let folder: TempDir;
  beforeEach(async () => {
    folder = await makeTempDir();
  });
  afterEach(() => folder.remove());

  it("is JSON or YAML", async () => {
    const tasks = { a: { command: "node a.js" } };
    expect(await readTaskFile(await folder.write("a.json", JSON.stringify(tasks)))).toEqual(tasks);
    expect(await readTaskFile(await folder.write("a.yaml", "a:\n  command: node a.js\n"))).toEqual(tasks);
    expect(await readTaskFile(await folder.write("empty.yaml", ""))).toEqual({});
  });

  it.each([
    ["a: {\n", /a\.yaml:\d: /],
    ["a: 7\n", /a\.yaml: task a: /],
    ["- a\n", /a\.yaml: tasks must be named/],
  ])("that holds %j is refused with its place", async (text, message) => {
    await expect(readTaskFile(await folder.write("a.yaml", text))).rejects.toThrow(message);
  });
});
