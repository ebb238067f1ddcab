// The README and docs/playbooks.md: their examples are sound as they stand, and every key that a playbook knows is told there.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../scripts/lib/paths.mjs";
import { newPlaybookText } from "../src/host/playbook/newPlaybookText";
import { actions } from "../src/session/actions/actions";
import { parsePlaybook } from "../src/session/playbook/parsePlaybook";
import { playbookFields } from "../src/session/playbook/playbookFields";

const text = await readFile(join(repositoryRoot, "docs/playbooks.md"), "utf8");
const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml]) => yaml ?? "");

describe("the page about playbooks", () => {
  it("has examples that are sound", () => {
    const [whole = "", batch = "", condition = "", ...others] = examples;
    expect(others).toEqual([]);
    expect(parsePlaybook(whole, "p").problems).toEqual([]);
    const list = "  - { id: list, action: run, with: { command: x } }\n";
    const steps = `name: n\nsteps:\n${list}${batch.replace(/^/gm, "  ").trimEnd()}\n`;
    expect(parsePlaybook(steps, "p").problems).toEqual([]);
    const step = `${whole}  - id: last\n    action: run\n    with: { command: x }\n    ${condition}`;
    expect(parsePlaybook(step, "p").problems).toEqual([]);
  });

  it("tells of every key", () => {
    const keys = Object.keys(playbookFields)
      .flatMap((field) => field.split("."))
      .filter((key) => key !== "*");
    const fields = Object.values(actions).flatMap(({ schema }) => Object.keys(schema.def.shape));
    expect([...new Set([...keys, ...fields])].filter((key) => !new RegExp(`\\b${key}\\b`).test(text))).toEqual([]);
    expect(Object.keys(actions).filter((action) => !text.includes(`\`${action}\``))).toEqual([]);
  });
});

it("has a README whose playbook is sound", async () => {
  const readme = await readFile(join(repositoryRoot, "README.md"), "utf8");
  const playbooks = [...readme.matchAll(/^```yaml\n(name:.*?)^```$/gms)].map(([, yaml]) => yaml ?? "");
  expect(playbooks.map((yaml) => parsePlaybook(yaml, "p").problems)).toEqual([[]]);
});

describe("a new playbook", () => {
  it.each(["Nightly check", 'a "b": \\c # {d}', "- x", "é\tü"])("is sound, and called %j", (name) => {
    const { playbook, problems } = parsePlaybook(newPlaybookText(name), "p");
    expect(problems).toEqual([]);
    expect(playbook?.name).toBe(name);
  });

  it("is sound as well with all that is commented out in it", () => {
    const all = newPlaybookText("n").replaceAll(/^( *)# (?=( *(- |[a-z_]+:)))/gm, "$1");
    const { playbook, problems } = parsePlaybook(all, "p");
    expect(problems).toEqual([]);
    expect(playbook?.steps.map(({ id }) => id)).toEqual(["greet", "report", "health", "review"]);
    expect(playbook?.params.map(({ name }) => name)).toEqual(["who", "token"]);
    expect(playbook?.guardrails).toMatchObject({ consecutiveErrors: 5 });
  });
});
