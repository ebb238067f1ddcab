// Breaks each import rule once, in a tree of its own, and expects the check to name exactly those breaches.
import { execFile } from "node:child_process";
import { symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTempDir, type TempDir } from "../support/tempDir";

const repositoryRoot = resolve(import.meta.dirname, "../..");
const configuration = join(repositoryRoot, ".dependency-cruiser.cjs");

/** Files of a sound tree, which the planted ones import. */
const sound: Readonly<Record<string, string>> = {
  "src/base/event.ts":
    'import type { Circle } from "./circle";\nexport interface Event { readonly name: string; readonly circle: Circle }\n',
  "src/base/circle.ts": "export type Circle = 1;\n",
  "src/trace/model.ts": 'import type { Event } from "../base/event";\nexport type Model = Event;\n',
  "src/protocol/messages.ts": 'import * as z from "zod";\nexport const message = z.object({});\n',
  "src/recorder/journal.ts": 'import "node:fs";\nexport type { Model } from "../trace/model";\n',
  "src/store/index.ts": 'import type { Model } from "../recorder/journal";\nexport type Row = Model;\n',
  "src/session/main.ts": 'import type { Row } from "../store/index";\nexport type Session = Row;\n',
  "src/host/panel.ts": 'import { Uri } from "vscode";\nexport const scheme = Uri.file("/").scheme;\n',
  "src/extension.ts": 'import "./host/panel";\nexport const extension = 1;\n',
  "src/cli.ts": 'import "./session/main";\nexport const cli = 1;\n',
  "webview/main.tsx":
    'import type { Model } from "../src/trace/model";\nexport const view = (m: Model) => <p>{m.name}</p>;\n',
  "test/support/fake.ts": "export const fake = 1;\n",
};

interface Breach {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const breaches: readonly Breach[] = [
  { rule: "base-imports-only-itself", file: "src/base/a.ts", source: 'import type { Model } from "../trace/model";' },
  { rule: "trace-imports-only-below", file: "src/trace/a.ts", source: 'export type { Row } from "../store/index";' },
  {
    rule: "protocol-imports-only-below",
    file: "src/protocol/a.ts",
    source: 'import type {} from "../recorder/journal";',
  },
  { rule: "recorder-imports-only-below", file: "src/recorder/a.ts", source: 'import "../store/index";' },
  { rule: "store-imports-only-below", file: "src/store/a.ts", source: 'import "../protocol/messages";' },
  { rule: "reader-imports-only-below", file: "src/reader/a.ts", source: 'import "../host/a";' },
  { rule: "importers-imports-only-below", file: "src/importers/a.ts", source: 'import "../store/index";' },
  { rule: "batch-imports-only-below", file: "src/batch/a.ts", source: 'import type {} from "../session/main";' },
  { rule: "publish-imports-only-below", file: "src/publish/a.ts", source: 'import "../session/main";' },
  { rule: "session-imports-only-below", file: "src/session/a.ts", source: 'import "../host/panel";' },
  { rule: "collector-imports-only-below", file: "src/collector/a.ts", source: 'void import("../host/panel");' },
  { rule: "cli-imports-only-below", file: "src/cli/a.ts", source: 'import "../host/panel";' },
  { rule: "host-imports-only-below", file: "src/host/a.ts", source: 'import type {} from "../../webview/main";' },
  { rule: "every-folder-has-a-rule", file: "src/unknown/a.ts", source: 'import "../base/event";' },
  {
    rule: "webview-imports-only-pure-code",
    file: "webview/a.tsx",
    source: 'import type {} from "../src/store/index";',
  },
  { rule: "webview-imports-no-node-builtin", file: "webview/b.ts", source: 'import "node:path";' },
  { rule: "pure-imports-no-node-builtin", file: "src/trace/b.ts", source: 'import type { Stats } from "node:fs";' },
  { rule: "base-and-trace-import-no-package-but-zod", file: "src/base/b.ts", source: 'import "chokidar";' },
  { rule: "vscode-only-in-host", file: "src/store/b.ts", source: 'import type { Uri } from "vscode";' },
  { rule: "vscode-only-in-host", file: "src/trace/c.ts", source: 'export type Place = import("vscode").Uri;' },
  { rule: "vscode-only-in-host", file: "webview/c.tsx", source: 'import type { Uri } from "vscode";' },
  { rule: "nobody-imports-an-entry", file: "src/host/b.ts", source: 'import "../extension";' },
  { rule: "command-line-knows-no-vscode-part", file: "src/cli.ts", source: 'import "./host/panel";' },
  { rule: "product-imports-no-test", file: "src/host/c.ts", source: 'import "../../test/support/fake";' },
  { rule: "resolves", file: "src/host/d.ts", source: 'import "./nowhere";' },
  { rule: "no-circle", file: "src/base/circle.ts", source: 'export type { Event } from "./event";' },
];

/** `rule file` for each breach that the check reports, sorted. */
async function check(files: Readonly<Record<string, string>>, folder: TempDir): Promise<readonly string[]> {
  for (const [file, source] of Object.entries(files)) await folder.write(file, `${source}\n`);
  await symlink(join(repositoryRoot, "node_modules"), folder.join("node_modules"), "junction");
  const program = join(repositoryRoot, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const commandLine = [program, "--config", configuration, "-T", "json", "src", "webview", "test"];
  // The program ends with the number of breaches, so a failure is what is asked for; its report is on stdout all the same.
  const output = await promisify(execFile)(process.execPath, commandLine, {
    cwd: folder.path,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "" }));
  const { summary } = JSON.parse(output.stdout) as {
    readonly summary: {
      readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    };
  };
  return summary.violations.map(({ from, rule }) => `${rule.name} ${from}`).sort();
}

describe("the import rules", () => {
  let soundTree: TempDir;
  let brokenTree: TempDir;
  let reported: readonly string[];

  beforeAll(async () => {
    soundTree = await makeTempDir();
    brokenTree = await makeTempDir();
    const planted = new Map(Object.entries(sound));
    for (const { file, source } of breaches) planted.set(file, `${planted.get(file) ?? ""}${source}`);
    reported = await check(Object.fromEntries(planted), brokenTree);
  }, 60_000);

  afterAll(async () => {
    await soundTree.remove();
    await brokenTree.remove();
  });

  it("find nothing in a sound tree", async () => {
    expect(await check(sound, soundTree)).toEqual([]);
  });

  it.each(breaches)("report $rule for $file", ({ rule, file }) => {
    expect(reported).toContain(`${rule} ${file}`);
  });

  it("report each broken rule of the configuration, so that none is untested", () => {
    const { forbidden } = createRequire(import.meta.url)(configuration) as {
      readonly forbidden: readonly { name: string }[];
    };
    const tested = new Set(breaches.map(({ rule }) => rule));
    expect(forbidden.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });

  it("report nothing that was not planted", () => {
    const files = new Set(breaches.map(({ file }) => file));
    expect(reported.filter((line) => !files.has(line.split(" ")[1] ?? ""))).toEqual([]);
  });
});
