// `npm run schema`: writes media/playbook.schema.json, by which other editors and extensions know playbooks. A test says
// when it has to be run.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { pinnedNode, repositoryRoot } from "./lib/paths.mjs";
import { runToEnd } from "./lib/processes.mjs";

const { outputFiles } = await esbuild.build({
  absWorkingDir: repositoryRoot,
  entryPoints: ["src/session/playbook/jsonSchema.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  write: false,
});
const code = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
const { playbookJsonSchema } = await import(`data:text/javascript;base64,${code}`);
const file = join(repositoryRoot, "media/playbook.schema.json");
await writeFile(file, `${JSON.stringify(playbookJsonSchema(), undefined, 2)}\n`);
const biome = join(repositoryRoot, "node_modules/@biomejs/biome/bin/biome");
process.exitCode = await runToEnd(pinnedNode, [biome, "format", "--write", file]);
