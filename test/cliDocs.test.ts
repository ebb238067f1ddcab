// docs/command-line.md: its examples are what the command prints, and every field that the command writes is told there.
import { cp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../scripts/lib/paths.mjs";
import { type BuiltCli, buildCli } from "./support/builtCli";
import { makeTempDir, type TempDir } from "./support/tempDir";

/** In place of the folder in which the examples are run. */
const shownFolder = "/home/ann/shop";
const traces = ["ses_completed_tax_rounding", "ses_crashed_migration", "ses_failed_dbt_build", "ses_live_refactor"];

interface Example {
  readonly words: readonly string[];
  readonly output: string;
}

let cli: BuiltCli;
let folder: TempDir;
let text: string;
let examples: readonly Example[];

beforeAll(async () => {
  cli = await buildCli();
  folder = await makeTempDir();
  text = await readFile(join(repositoryRoot, "docs/command-line.md"), "utf8");
  examples = [...text.matchAll(/^```console\n\$ tracekeeper ([^\n]+)\n(.*?)^```$/gms)].map(([, line, output]) => ({
    words: (line ?? "").split(" "),
    output: output ?? "",
  }));
  await folder.write("build.js", /^```js\n(.*?)^```$/ms.exec(text)?.[1] ?? "");
  await mkdir(folder.join(".tracekeeper/traces"), { recursive: true });
  for (const name of traces) {
    const file = `${name}.json`;
    await cp(join(repositoryRoot, "test/fixtures/trace-v2", file), folder.join(".tracekeeper/traces", file));
  }
});

afterAll(async () => {
  await cli.remove();
  await folder.remove();
});

async function outputOf(words: readonly string[]): Promise<string> {
  const { stdout, stderr } = await cli.run(words, { cwd: folder.path, env: { COLUMNS: "80" } });
  return (stdout + stderr).replaceAll(folder.path, shownFolder);
}

/** Without what differs from run to run: times, ages, the random part of ids, and the spaces that follow from their width. */
function lasting(output: string): string {
  return output
    .replace(/_\d{8}-\d{6}_[0-9a-f]{4}/g, "_<id>")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+Z)?/g, "<time>")
    .replace(/just now|\d+ (?:min|h|d|mo|y)(?: ago)?\b/g, "<age>")
    .replace(/(?:\d+ [hm] )?[\d.]+ m?s\b/g, "<duration>")
    .replace(/"(durationMs|sizeBytes)":[\d.]+/g, '"$1":<number>')
    .replace(/\+0:00\.\d{3}/g, "<offset>")
    .replace(/\S+…/g, "…")
    .replace(/ +/g, " ")
    .trim();
}

describe("docs/command-line.md", () => {
  it("shows what the command prints", async () => {
    expect(examples.length).toBeGreaterThan(5);
    for (const { words, output } of examples) {
      expect(`${words.join(" ")}\n${lasting(await outputOf(words))}`).toBe(`${words.join(" ")}\n${lasting(output)}`);
    }
  });

  it("names every field of the objects that are written", async () => {
    const fields = new Set<string>();
    const words = [["ls", "--json"], ...traces.map((name) => ["show", "--json", "--full", name])];
    words.push(["run", "--json", "--capture", "terminal", "--", "no-such-program"], ["recover", "--json"]);
    for (const line of (await Promise.all(words.map(outputOf))).join("").split("\n")) {
      if (line.startsWith("{")) for (const name of Object.keys(JSON.parse(line))) fields.add(name);
    }
    expect(fields.size).toBeGreaterThan(40);
    expect([...fields].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
