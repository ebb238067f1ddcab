// The sample workspace and the sample traces tell one story: what a trace names is there.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createSampleWorkspace } from "../../scripts/lib/sampleWorkspace.mjs";
import { parsePlaybook } from "../../src/session/playbook/parsePlaybook";
import { makeTempDir } from "../support/tempDir";

describe("the sample workspace", () => {
  it.each([
    ["test/billing/tax.test.ts", 41, 23, "toBe(10.12);"],
    ["models/marts/fct_revenue.sql", 12, 5, "sum(tax_amount) as tax"],
    ["src/billing/tax.ts", 25, 3, "return amount * rate;"],
  ])("has in %s at line %d, column %d what the traces name there", async (file, line, column, text) => {
    await using folder = await makeTempDir();
    await createSampleWorkspace(folder.join("sample"));
    const lines = (await readFile(folder.join("sample", file), "utf8")).split("\n");
    expect(lines[line - 1]?.slice(column - 1)).toBe(text);
  });

  it("has every file that a trace names", async () => {
    await using folder = await makeTempDir();
    await createSampleWorkspace(folder.join("sample"));
    const trace = await readFile(folder.join("sample/.tracekeeper/traces/ses_completed_tax_rounding.json"), "utf8");
    const named = new Set([...trace.matchAll(/"\/repo\/([^"]+)"/g)].map((match) => match[1] ?? ""));
    expect(named.size).toBeGreaterThan(3);
    for (const file of named) expect(await readFile(folder.join("sample", file), "utf8"), file).not.toBe("");
  });

  it("has a playbook without problems", async () => {
    await using folder = await makeTempDir();
    const path = `${await createSampleWorkspace(folder.join("sample"))}/check-shop.playbook.yaml`;
    const { playbook, problems } = parsePlaybook(await readFile(path, "utf8"), path);
    expect(problems).toEqual([]);
    expect(playbook?.steps.map(({ id }) => id)).toEqual(["sources", "prices", "total", "report"]);
  });

  it("is made anew and without traces when asked", async () => {
    await using folder = await makeTempDir();
    await folder.write("sample/left-over.txt", "");
    await createSampleWorkspace(folder.join("sample"), { traces: false });
    await expect(readFile(folder.join("sample/left-over.txt"))).rejects.toThrow("ENOENT");
    await expect(readFile(folder.join("sample/.tracekeeper/.gitignore"))).rejects.toThrow("ENOENT");
  });
});
