// The package as somebody has it who installs it: packed from a production build, installed by npm into a project where
// nothing else of ours can be found; the library used by plain Node and by the TypeScript compiler, the command by name.
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "../../esbuild.mjs";
import { packageFile, repositoryRoot } from "../../scripts/lib/paths.mjs";
import { npmProgram } from "../../scripts/lib/processes.mjs";
import { makeTempDir, type TempDir } from "../support/tempDir";

const run = promisify(execFile);

/** The pinned Node, and the one that npm was started with. */
const nodes = [...new Set([process.execPath, process.env["npm_node_execpath"] ?? process.execPath])];

const consumer = `
import {
  FileExporter, HttpExporter, Trace,
  type FsyncMode, type TraceExporter, type TraceFile, type TraceSource,
} from "tracekeeper/recorder";

const fsync: FsyncMode = "always";
const kept = new FileExporter("traces", 10, { fsync });
const sent: TraceExporter = new HttpExporter("lab", "http://127.0.0.1/", { "x-team": "a" }, { limitMs: 100 });

export async function record(): Promise<string | undefined> {
  const trace = Trace.withExporters([kept, sent]);
  trace.startTrace("s", { title: "A session" });
  return await trace.endTrace();
}

export async function send(trace: TraceFile, source: TraceSource): Promise<readonly (string | undefined)[]> {
  const status: "completed" | "error" | "running" | "crashed" = trace.summary.status;
  const chunks: AsyncIterable<Uint8Array> = source.open();
  void [status, chunks];
  return [await sent.export(trace), await sent.exportFrom?.(source, new AbortController().signal)];
}

// @ts-expect-error: an endpoint is a text, which is known only where the types are.
new HttpExporter("lab", 5);
`;

describe("the package", () => {
  let folder: TempDir;
  let packed: readonly string[];

  beforeAll(async () => {
    folder = await makeTempDir();
    const staging = folder.join("staging");
    for (const file of ["package.json", ".npmignore", "README.md", "CHANGELOG.md", "LICENSE"]) {
      await cp(join(repositoryRoot, file), join(staging, file));
    }
    // What a checkout has beside it.
    for (const file of [
      "src/recorder/index.ts",
      "dist/extension.js",
      "dist/session.js",
      "dist/worker.js",
      "dist/cli.js.map",
      "dist/recorder.js.map",
      "notes.md",
    ]) {
      await folder.write(`staging/${file}`, "");
    }
    await build({ names: ["cli", "recorder"], production: true, outputFolder: join(staging, "dist"), quiet: true });

    const pack = ["pack", "--ignore-scripts", "--offline", "--json", "--pack-destination", folder.path];
    const [tarball] = JSON.parse(await runNpm(pack, staging)) as [
      { readonly filename: string; readonly files: { readonly path: string }[] },
    ];
    packed = tarball.files.map(({ path }) => path).sort();
    await folder.write("user/package.json", '{ "private": true }');
    const install = ["install", "--ignore-scripts", "--offline", "--no-audit", "--no-fund"];
    await runNpm([...install, folder.join(tarball.filename)], folder.join("user"));
  });

  async function runNpm(words: readonly string[], cwd: string): Promise<string> {
    const npm = npmProgram();
    const { stdout } = await run(npm.command, [...npm.prefix, ...words], { cwd, shell: npm.shell });
    return stdout;
  }

  afterAll(async () => {
    await folder.remove();
  });

  it("holds the command, the library, its types, and nothing of the checkout", () => {
    expect(packed).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/cli.js",
      "dist/recorder.d.ts",
      "dist/recorder.js",
      "package.json",
    ]);
  });

  it("has types that hold no part of the inside", async () => {
    const declarations = await readFile(folder.join("user/node_modules/tracekeeper/dist/recorder.d.ts"), "utf8");
    expect(declarations).not.toMatch(/@internal|RecorderFs|\bz\.|from "(?!node:)|import\(/);
  });

  it("needs no other package, and brings none", async () => {
    const installed = await readdir(folder.join("user/node_modules"));
    expect(installed.filter((name) => !name.startsWith("."))).toEqual(["tracekeeper"]);
    const manifest = JSON.parse(await readFile(folder.join("user/node_modules/tracekeeper/package.json"), "utf8"));
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
      expect(Object.keys(manifest[kind] ?? {})).toEqual([]);
    }
  });

  describe.each(nodes)("in %s", (node) => {
    const runProgram = async (name: string, source: string): Promise<unknown> => {
      const program = await folder.write(`user/${name}`, source);
      const { stdout } = await run(node, [program], { cwd: folder.join("user") });
      return JSON.parse(stdout);
    };

    it("is required", async () => {
      const result = await runProgram(
        "consumer.cjs",
        `const { HttpExporter } = require("tracekeeper/recorder");
         const { name } = require("tracekeeper/package.json");
         new HttpExporter("lab", "not-a-url").export({}).then((result) =>
           console.log(JSON.stringify([typeof HttpExporter, String(result), name])));`,
      );
      expect(result).toEqual(["function", "undefined", "tracekeeper"]);
    });

    it("is imported by name, every export of it", async () => {
      const result = await runProgram(
        "consumer.mjs",
        `import { createRequire } from "node:module";
         import { HttpExporter } from "tracekeeper/recorder";
         import * as imported from "tracekeeper/recorder";
         const required = createRequire(import.meta.url)("tracekeeper/recorder");
         const missing = Object.keys(required).filter((name) => imported[name] !== required[name]);
         console.log(JSON.stringify([missing, HttpExporter === required.HttpExporter]));`,
      );
      expect(result).toEqual([[], true]);
    });

    it("records a program of this project by the command, lists it and shows it, beside what the library records", async () => {
      const directory = folder.join(`traces-${nodes.indexOf(node)}`);
      const tracekeeper = async (...words: readonly string[]) => {
        const PATH = [dirname(node), process.env["PATH"]].join(delimiter);
        const program = folder.join("user/node_modules/.bin/tracekeeper");
        const options = { cwd: folder.join("user"), env: { ...process.env, PATH, TZ: "UTC", FORCE_COLOR: "0" } };
        return await run(program, [...words], { ...options, shell: process.platform === "win32" }).then(
          ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
          ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
        );
      };
      await folder.write(
        "user/recording.cjs",
        `const { FileExporter, Trace } = require("tracekeeper/recorder");
         const trace = Trace.withExporters([new FileExporter(process.argv[2], 0)]);
         trace.startTrace("by-library", { title: "By the library" });
         trace.endSpan(trace.startSpan({ name: "download" }), {});
         trace.endTrace().then(() => { console.log("recorded"); process.exitCode = 3; });`,
      );
      const ran = await tracekeeper(
        "run",
        "--dir",
        directory,
        "--title",
        "by command",
        "--",
        "node",
        "recording.cjs",
        directory,
      );
      expect(ran).toMatchObject({ code: 3, stdout: "recorded\n" });
      expect(ran.stderr).toMatch(/^tracekeeper: failed: exit 3 · .* tracekeeper show \S+by-command_\S+\.json\n$/);

      const listed = await tracekeeper("ls", "--dir", directory);
      expect(listed).toMatchObject({ code: 0, stderr: "" });
      expect(listed.stdout).toMatch(/^✗ Failed {5}by-command_\S+ {2}by command /m);
      expect(listed.stdout).toMatch(/^✓ Completed {2}by-library +By the library /m);
      const shown = await tracekeeper("show", "--dir", directory, "by-command");
      expect(shown).toMatchObject({ code: 0, stderr: "" });
      expect(shown.stdout).toMatch(/✗ command {2}node recording\.cjs .*exit 3 .*failing step/);
      expect((await tracekeeper("show", "--dir", directory, "by-lib")).stdout).toMatch(/└─ ✓ download/);
      expect((await tracekeeper("--version")).stdout).toBe(
        `${JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")).version}\n`,
      );
    });

    it("shows none of its other files", async () => {
      const result = await runProgram(
        "inner.cjs",
        `console.log(JSON.stringify(["tracekeeper", "tracekeeper/dist/recorder.js"].map((name) => {
           try { return require.resolve(name); } catch (error) { return error.code; }
         })));`,
      );
      expect(result).toEqual(["ERR_PACKAGE_PATH_NOT_EXPORTED", "ERR_PACKAGE_PATH_NOT_EXPORTED"]);
    });
  });

  it.each([
    ["node16", "node16", ["consumer.mts", "consumer.cts"]],
    ["bundler", "esnext", ["consumer.ts"]],
  ])("has sound types with moduleResolution %s", async (moduleResolution, module, files) => {
    const types = `user/types-${moduleResolution}`;
    for (const file of files) await folder.write(`${types}/${file}`, consumer);
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2023"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await folder.write(`${types}/tsconfig.json`, JSON.stringify({ compilerOptions, files }));
    await mkdir(folder.join(types, "node_modules/@types"), { recursive: true });
    for (const name of ["@types/node", "undici-types"]) {
      await symlink(packageFile(name), folder.join(types, "node_modules", name), "junction");
    }
    const compiled = await run(process.execPath, [packageFile("@typescript/native/bin/tsc"), "-p", "."], {
      cwd: folder.join(types),
    }).catch((error: { readonly stdout: string }) => error);
    expect(compiled.stdout).toBe("");
  });
});
